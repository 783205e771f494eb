"""Firmware updates. `job/firmware` is the update that status messages without a requestId speak of."""

from collections.abc import Generator
from typing import Any

from translators import schemas
from translators.effects import Ask, Forget, PeerError, Remember, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.times import epoch, normalise
from translators.v16_to_v201.answers import ask_station, lean, refusal
from translators.v16_to_v201.capabilities import ask_if_able, has_security_extension

_JOB = "job/firmware"


@loses(call={"installDateTime": "left out: it has passed, and 1.6 has none"})
def update_firmware(call: Payload, session: Session) -> Conversation:
    """UpdateFirmware -> SignedUpdateFirmware for a signed firmware, else UpdateFirmware; a signature is never left out.
    2.0.1 L01, L02, 1.6 section 5.19, security whitepaper"""
    firmware = call["firmware"]
    at = normalise(firmware["retrieveDateTime"])
    install = firmware.get("installDateTime")
    if at is None or (install is not None and normalise(install) is None):
        return refusal("Rejected", "InvalidValue", "retrieveDateTime" if at is None else "installDateTime")
    signs = [name for name in ("signingCertificate", "signature") if name in firmware]
    if len(signs) == 1:
        return refusal("Rejected", "MissingParam", "a signed firmware has a signature and a signingCertificate")
    if not signs and install is not None:
        if (epoch(install) or 0.0) > session.unix_time:
            return refusal("Rejected", "UnsupportedParam", "1.6 cannot schedule an installation")
        yield from lost("installDateTime")
    before = session.memory.get(_JOB)
    # Before it is asked: stations report before they answer.
    yield Remember(_JOB, {"requestId": call["requestId"]})
    try:
        answer = yield from (_signed(session, call, at) if signs else _unsigned(call, at))
    except PeerError:
        yield from _restored(before)
        raise
    if answer["status"] not in ("Accepted", "AcceptedCanceled"):
        yield from _restored(before)
    return answer


def firmware_status_notification(call: Payload, session: Session) -> Conversation:
    """FirmwareStatusNotification -> FirmwareStatusNotification, with the requestId of the update. 2.0.1 L01.FR.20"""
    return (yield from _status(call, session))


def signed_firmware_status_notification(call: Payload, session: Session) -> Conversation:
    """SignedFirmwareStatusNotification -> FirmwareStatusNotification. 2.0.1 L01, 1.6 security whitepaper"""
    yield from has_security_extension(session)
    return (yield from _status(call, session))


def _signed(session: Session, call: Payload, at: str) -> Generator[Step, Any, Payload]:
    firmware = call["firmware"]
    request = lean(
        {
            "retries": call.get("retries"),
            "retryInterval": call.get("retryInterval"),
            "requestId": call["requestId"],
            "firmware": {
                "location": firmware["location"],
                "retrieveDateTime": at,
                "installDateTime": normalise(firmware.get("installDateTime")),
                "signingCertificate": firmware["signingCertificate"],
                "signature": firmware["signature"],
            },
        }
    )
    if not schemas.valid("ocpp1.6", "SignedUpdateFirmware", request, answer=False):
        return refusal("Rejected", "TooLargeElement")
    answer = yield from ask_if_able(session, "SignedUpdateFirmware", request)
    if answer is None:
        return refusal("Rejected", "UnsupportedRequest", "the station cannot check a signature")
    return {"status": answer["status"]}


def _unsigned(call: Payload, at: str) -> Generator[Step, Any, Payload]:
    request = {
        "location": call["firmware"]["location"],
        "retries": call.get("retries"),
        "retrieveDate": at,
        "retryInterval": call.get("retryInterval"),
    }
    refused = refusal("Rejected", "UnsupportedRequest")
    answer = yield from ask_station("UpdateFirmware", lean(request), otherwise=refused)
    return answer or {"status": "Accepted"}  # 1.6 has nothing to answer: section 6.54


def _restored(before: Payload | None) -> Generator[Step, Any, None]:
    """The update that was not begun leaves the one before as it was."""
    yield Forget(_JOB) if before is None else Remember(_JOB, before)


def _status(call: Payload, session: Session) -> Conversation:
    job = session.memory.get(_JOB, {})
    if job and job.get("status") != call["status"]:
        yield Remember(_JOB, {**job, "status": call["status"]})
    # Required unless Idle, and there are CSMSs that want one with Idle too: 0 is nobody's.
    yield Ask(
        "FirmwareStatusNotification",
        {"status": call["status"], "requestId": call.get("requestId", job.get("requestId", 0))},
    )
    return {}
