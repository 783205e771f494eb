"""Resets, firmware, logs, security events, and what vendors say to each other."""

import json
from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation
from translators.times import normalise
from translators.v16_to_v201.answers import ask_station, lean, lost, reason, refusal
from translators.v16_to_v201.records import open_records
from translators.words import DIAGNOSTICS, security_event_201

RESET_REMEMBERED = 900.0
"""Seconds within which a boot, or a stop for a reset, is due to the last Reset."""


def reset(call: Payload, session: Session) -> Conversation:
    """Reset -> Reset, an OnIdle one as Soft after the last transaction has ended. 2.0.1 B11, B12, 1.6 section 5.14: a
    Soft reset ends transactions, so it must not stand for OnIdle while one is open."""
    if "evseId" in call:
        return refusal("Rejected", "UnsupportedParam", "evseId")  # B11.FR.09
    if call["type"] == "OnIdle" and open_records(session):
        yield Remember("reset/deferred", {"at": session.unix_time})
        return {"status": "Scheduled"}
    return (yield from _reset(session, "Hard" if call["type"] == "Immediate" else "Soft", scheduled=False, back=False))


def reset_when_idle(session: Session, *, back: bool) -> Generator[Step, Any, None]:
    """Carry out a deferred reset when nothing is charging any more. `back`: the station's own call is at work."""
    if "reset/deferred" not in session.memory or open_records(session):
        return
    try:
        answer = yield from _reset(session, "Soft", scheduled=True, back=back)
    except PeerError as error:
        answer = {"status": error.code}
    except PeerSilent:
        return  # asked again at the next end of a transaction, or when the station is back
    yield Forget("reset/deferred")
    if answer["status"] != "Accepted":
        yield Note("deferred_reset_refused", {"status": answer["status"]})


def reset_is_pending(session: Session) -> bool:
    """Whether a stop for a reset is the doing of the CSMS."""
    asked = session.memory.get("station/reset")
    return asked is not None and session.unix_time - float(asked["at"]) <= RESET_REMEMBERED


def _reset(session: Session, kind: str, *, scheduled: bool, back: bool) -> Generator[Step, Any, Payload]:
    yield Remember("station/reset", {"at": session.unix_time, "scheduled": scheduled})
    try:
        answer: Payload = yield Ask("Reset", {"type": kind}, back=back)
    except PeerError as error:
        yield Forget("station/reset")
        if error.unsupported:
            return refusal("Rejected", "UnsupportedRequest")
        raise
    if answer["status"] != "Accepted":
        yield Forget("station/reset")
    return {"status": answer["status"]}


def firmware_status_notification(call: Payload, session: Session) -> Conversation:
    """FirmwareStatusNotification -> FirmwareStatusNotification, with the requestId of the update. 2.0.1 L01.FR.20"""
    return (yield from _firmware(call, session))


def signed_firmware_status_notification(call: Payload, session: Session) -> Conversation:
    """SignedFirmwareStatusNotification -> FirmwareStatusNotification. 2.0.1 L01, 1.6 security whitepaper"""
    yield from _has_security_extension(session)
    return (yield from _firmware(call, session))


def _firmware(call: Payload, session: Session) -> Conversation:
    job = session.memory.get("job/firmware", {})
    if job and job.get("status") != call["status"]:
        yield Remember("job/firmware", {**job, "status": call["status"]})
    # Required unless Idle, and there are CSMSs that want one with Idle too: 0 is nobody's.
    yield Ask(
        "FirmwareStatusNotification",
        {"status": call["status"], "requestId": call.get("requestId", job.get("requestId", 0))},
    )
    return {}


def log_status_notification(call: Payload, session: Session) -> Conversation:
    """LogStatusNotification -> LogStatusNotification. 2.0.1 N01, 1.6 security whitepaper"""
    yield from _has_security_extension(session)
    return (yield from _log(call["status"], call.get("requestId"), session))


def diagnostics_status_notification(call: Payload, session: Session) -> Conversation:
    """DiagnosticsStatusNotification -> LogStatusNotification, with the requestId of the upload. 2.0.1 N01, 1.6 section
    4.4"""
    return (yield from _log(DIAGNOSTICS.to_201[call["status"]], None, session))


def _log(status: str, request_id: int | None, session: Session) -> Conversation:
    if request_id is None:
        request_id = session.memory.get("job/log", {}).get("requestId", 0)
    yield Ask("LogStatusNotification", {"status": status, "requestId": request_id})
    return {}


def security_event_notification(call: Payload, session: Session) -> Conversation:
    """SecurityEventNotification -> SecurityEventNotification, the few events that are named otherwise renamed. 2.0.1
    A04, 1.6 security whitepaper"""
    yield from _has_security_extension(session)
    info = call.get("techInfo")
    event = {
        "type": security_event_201(call["type"])[:50],
        "timestamp": normalise(call["timestamp"]) or session.time,
        "techInfo": info[:255] if info else None,
    }
    yield Ask("SecurityEventNotification", lean(event))
    return {}


def _has_security_extension(session: Session) -> Generator[Step, Any, None]:
    if "station/capability/security" not in session.memory:
        yield Remember("station/capability/security", True)


def data_transfer_from_station(call: Payload, session: Session) -> Conversation:
    """DataTransfer -> DataTransfer, the data as it is. 1.6 section 4.3, 2.0.1 P02"""
    if len(call["vendorId"]) > 255 or len(call.get("messageId", "")) > 50:
        return {"status": "UnknownVendorId" if len(call["vendorId"]) > 255 else "UnknownMessageId"}
    try:
        answer = yield Ask(
            "DataTransfer", {name: call[name] for name in ("messageId", "data", "vendorId") if name in call}
        )
    except PeerError as error:
        if not error.unsupported:
            raise
        return {"status": "UnknownVendorId"}
    if "statusInfo" in answer:
        yield from lost("statusInfo")
    return lean({"status": answer["status"], "data": _text(answer.get("data"))})


def data_transfer_from_csms(call: Payload, session: Session) -> Conversation:
    """DataTransfer -> DataTransfer, data that is no text as JSON text. 2.0.1 P01, 1.6 section 5.6"""
    request = {
        "vendorId": call["vendorId"],
        "messageId": call.get("messageId"),
        "data": _text(call.get("data")),
    }
    if len(call["vendorId"]) > 255 or len(call.get("messageId", "")) > 50:
        return {"status": "Rejected", "statusInfo": reason("TooLargeElement")}
    answer = yield from ask_station("DataTransfer", lean(request), otherwise={"status": "UnknownVendorId"})
    return {name: answer[name] for name in ("status", "data") if name in answer}


def _text(data: Any) -> str | None:
    """1.6 data is a text; 2.0.1 data is any JSON."""
    if data is None or isinstance(data, str):
        return data
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
