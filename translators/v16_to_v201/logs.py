"""Logs and their upload. `job/log` is the upload that status messages without a requestId speak of."""

from collections.abc import Generator
from typing import Any

from translators import schemas
from translators.effects import Ask, Forget, PeerError, Remember, Step
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation
from translators.times import normalise
from translators.v16_to_v201.answers import ask_station, lean, refusal
from translators.v16_to_v201.capabilities import ask_if_able, has_security_extension
from translators.words import DIAGNOSTICS

_JOB = "job/log"
_TEXT_LIMIT = 255


def get_log(call: Payload, session: Session) -> Conversation:
    """GetLog -> GetLog, or GetDiagnostics for a station without the security extension. 2.0.1 N01, 1.6 section 5.9,
    security whitepaper"""
    log = {name: call["log"].get(name) for name in ("remoteLocation", "oldestTimestamp", "latestTimestamp")}
    for name in ("oldestTimestamp", "latestTimestamp"):
        if log[name] is not None and normalise(log[name]) is None:
            return refusal("Rejected", "InvalidValue", name)
    before = session.memory.get(_JOB)
    # Before it is asked: stations report before they answer.
    yield Remember(_JOB, {"requestId": call["requestId"]})
    try:
        answer = yield from _asked(session, call, log)
    except PeerError:
        yield from _restored(before)
        raise
    if answer["status"] == "Rejected":
        yield from _restored(before)
    return answer


def log_status_notification(call: Payload, session: Session) -> Conversation:
    """LogStatusNotification -> LogStatusNotification, with the requestId of the upload. 2.0.1 N01, 1.6 security
    whitepaper"""
    yield from has_security_extension(session)
    return (yield from _status(call["status"], call.get("requestId"), session))


def diagnostics_status_notification(call: Payload, session: Session) -> Conversation:
    """DiagnosticsStatusNotification -> LogStatusNotification, with the requestId of the upload. 2.0.1 N01, 1.6 section
    4.4"""
    return (yield from _status(DIAGNOSTICS.to_201[call["status"]], None, session))


def _asked(session: Session, call: Payload, log: Payload) -> Generator[Step, Any, Payload]:
    repeated = {"retries": call.get("retries"), "retryInterval": call.get("retryInterval")}
    since, until = normalise(log["oldestTimestamp"]), normalise(log["latestTimestamp"])
    request = lean(
        {
            "log": {"remoteLocation": log["remoteLocation"], "oldestTimestamp": since, "latestTimestamp": until},
            "logType": call["logType"],
            "requestId": call["requestId"],
            **repeated,
        }
    )
    if not schemas.valid("ocpp1.6", "GetLog", request, answer=False):
        return refusal("Rejected", "TooLargeElement")
    answer = yield from ask_if_able(session, "GetLog", request)
    if answer is not None:
        return {name: answer[name][:_TEXT_LIMIT] for name in ("status", "filename") if name in answer}
    if call["logType"] != "DiagnosticsLog":
        return refusal("Rejected", "UnsupportedRequest", "the station keeps no log of security events")
    plain = lean({"location": log["remoteLocation"], **repeated, "startTime": since, "stopTime": until})
    said = yield from ask_station("GetDiagnostics", plain, otherwise=refusal("Rejected", "UnsupportedRequest"))
    if "status" in said:
        return said
    if not said.get("fileName"):
        return refusal("Rejected", "NotFound", "no diagnostics")  # 1.6 section 5.9
    return {"status": "Accepted", "filename": said["fileName"][:_TEXT_LIMIT]}


def _restored(before: Payload | None) -> Generator[Step, Any, None]:
    """The upload that was not begun leaves the one before as it was."""
    yield Forget(_JOB) if before is None else Remember(_JOB, before)


def _status(status: str, request_id: int | None, session: Session) -> Conversation:
    if request_id is None:
        request_id = session.memory.get(_JOB, {}).get("requestId", 0)
    yield Ask("LogStatusNotification", {"status": status, "requestId": request_id})
    return {}
