"""Firmware updates. Memory `firmware`: {"requestId", "by": the message it was asked for with, "said": the status told
last} of the newest."""

from collections.abc import Generator
from typing import Any

from translators import schemas, times
from translators.effects import Answer, Ask, Forget, Note, PeerError, PeerSilent, Refused, Remember, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16.capabilities import speaks_security
from translators.v201_to_v16.remote import allocated
from translators.words import FIRMWARE

_JOB = "firmware"
_ACCEPTED = ("Accepted", "AcceptedCanceled")


def update_firmware(call: Payload, session: Session) -> Conversation:
    """UpdateFirmware -> UpdateFirmware, with a requestId of the gateway; a refusal is told by
    FirmwareStatusNotification, because the answer has no place for it. 1.6 section 5.19, 2.0.1 L01."""
    at = times.normalise(call["retrieveDate"])
    if at is None:
        raise Refused("PropertyConstraintViolation", "retrieveDate names no moment")
    request_id = yield from allocated(session, "requestId")
    request: Payload = {
        **{name: call[name] for name in ("retries", "retryInterval") if name in call},
        "requestId": request_id,
        "firmware": {"location": call["location"], "retrieveDateTime": at},
    }
    if not schemas.valid("ocpp2.0.1", "UpdateFirmware", request, answer=False):
        raise Refused("PropertyConstraintViolation", "2.0.1 has no room for this location")
    answer = yield from _asked(session, request, "UpdateFirmware")
    yield Answer({})
    if answer["status"] in _ACCEPTED:
        return None
    yield Note("station_declined", {"reason": answer["status"]})
    try:
        yield Ask("FirmwareStatusNotification", {"status": "DownloadFailed"}, back=True)
    except (PeerError, PeerSilent) as error:
        yield Note("refusal_not_told", {"why": str(error)})
    return None


def signed_update_firmware(call: Payload, session: Session) -> Conversation:
    """SignedUpdateFirmware -> UpdateFirmware. 1.6 security whitepaper, 2.0.1 L01."""
    yield from speaks_security(session)
    asked = call["firmware"]
    at, install = times.normalise(asked["retrieveDateTime"]), times.normalise(asked.get("installDateTime"))
    if at is None or (install is None and "installDateTime" in asked):
        return {"status": "Rejected"}
    request: Payload = {
        **{name: call[name] for name in ("retries", "retryInterval") if name in call},
        "requestId": call["requestId"],
        "firmware": {
            "location": asked["location"],
            "retrieveDateTime": at,
            **({"installDateTime": install} if install is not None else {}),
            "signingCertificate": asked["signingCertificate"],
            "signature": asked["signature"],
        },
    }
    if not schemas.valid("ocpp2.0.1", "UpdateFirmware", request, answer=False):
        return {"status": "Rejected"}
    try:
        answer = yield from _asked(session, request, "SignedUpdateFirmware")
    except PeerError as error:
        if not error.unsupported:
            raise
        yield Note("station_declined", {"reason": error.code})
        return {"status": "Rejected"}
    return {"status": answer["status"]}


@loses(call={"status": "answered here: 1.6 has no word for it, or the CSMS has heard it"})
def firmware_status_notification(call: Payload, session: Session) -> Conversation:
    """FirmwareStatusNotification -> FirmwareStatusNotification, where the plain message of 1.6 has a word for the status,
    or SignedFirmwareStatusNotification, whichever the CSMS asked by. 1.6 section 4.5 and security whitepaper, 2.0.1
    L01."""
    job = session.memory.get(_JOB, {})
    status, number = call["status"], call.get("requestId")
    is_known = "by" in job and number in (None, job["requestId"])
    signed = job["by"] == "SignedUpdateFirmware" if is_known else "speaks/security" in session.memory
    if signed:
        told = {"requestId": number} if number is not None else {}
        yield Ask("SignedFirmwareStatusNotification", {"status": status, **told})
        return {}
    said = FIRMWARE.to_16.get(status)
    # L01.FR.32: a station that has installed its firmware may still say that it reboots for it.
    if said is None or (status == "InstallRebooting" and job.get("said") == "Installed"):
        yield from lost("status")
        return {}
    yield Ask("FirmwareStatusNotification", {"status": said})
    if said != job.get("said"):
        yield Remember(_JOB, {**session.memory.get(_JOB, {}), "said": said})
    return {}


def _asked(session: Session, request: Payload, by: str) -> Generator[Step, Any, Payload]:
    """Ask the station, with what its status messages are to be told by in memory. What it refuses leaves the update
    before as it was. CALLERRORs are raised."""
    before = session.memory.get(_JOB)
    # Before it is asked: stations report before they answer.
    yield Remember(_JOB, {"requestId": request["requestId"], "by": by})
    try:
        answer: Payload = yield Ask("UpdateFirmware", request)
    except PeerError:
        yield _restored(before)
        raise
    if answer["status"] not in _ACCEPTED:
        yield _restored(before)
    return answer


def _restored(before: Payload | None) -> Step:
    return Forget(_JOB) if before is None else Remember(_JOB, before)
