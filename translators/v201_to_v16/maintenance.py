"""Reset, triggers, logs, firmware, vendor messages."""

import json
from collections.abc import Generator
from typing import Any

from translators import times
from translators.effects import Answer, Ask, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16 import connectors, records, status
from translators.v201_to_v16.answers import ask_station
from translators.v201_to_v16.remote import allocated
from translators.words import (
    DIAGNOSTICS,
    EXTENDED_TRIGGER,
    FIRMWARE,
    LOG,
    RESET_STATUS,
    TRIGGER,
    TwoWay,
    security_event_16,
)

_LOCATION_LIMIT = 512


def reset(call: Payload, session: Session) -> Conversation:
    """Reset -> Reset Immediate: both kinds end transactions in 1.6, OnIdle would not. 1.6 section 5.14, 2.0.1 B11."""
    yield Remember("reset", {"type": call["type"], "seen": session.unix_time})
    try:
        answer = yield from ask_station("Reset", {"type": "Immediate"}, otherwise={"status": "Rejected"})
    except PeerError:
        yield Forget("reset")
        raise
    if answer["status"] == "Rejected":
        yield Forget("reset")
    return {"status": RESET_STATUS.to_16[answer["status"]]}


def trigger_message(call: Payload, session: Session) -> Conversation:
    """TriggerMessage -> TriggerMessage; for the StatusNotification of all connectors one each, and connector 0 from
    the gateway. 1.6 section 5.17, 2.0.1 F06."""
    return (yield from _trigger(call, session, TRIGGER))


def extended_trigger_message(call: Payload, session: Session) -> Conversation:
    """ExtendedTriggerMessage -> TriggerMessage, as TriggerMessage. 1.6 security extension, 2.0.1 F06."""
    yield from _speaks_security(session)
    return (yield from _trigger(call, session, EXTENDED_TRIGGER))


def get_diagnostics(call: Payload, session: Session) -> Conversation:
    """GetDiagnostics -> GetLog DiagnosticsLog, with a requestId of the gateway. 1.6 section 5.9, 2.0.1 N01."""
    if len(call["location"]) > _LOCATION_LIMIT:
        yield Note("lost", {"field": "location"})
        return {}
    request_id = yield from allocated(session, "requestId")
    yield Remember(f"log/{request_id}", {"by": "GetDiagnostics", "seen": session.unix_time})
    answer = yield from ask_station(
        "GetLog",
        {
            "log": _log(call["location"], call.get("startTime"), call.get("stopTime")),
            "logType": "DiagnosticsLog",
            "requestId": request_id,
            **{name: call[name] for name in ("retries", "retryInterval") if name in call},
        },
        otherwise={"status": "Rejected"},
    )
    if answer["status"] == "Rejected":
        yield Forget(f"log/{request_id}")
        return {}  # 1.6 section 5.9: no fileName, no diagnostics
    return {"fileName": answer.get("filename") or "unknown"}


def get_log(call: Payload, session: Session) -> Conversation:
    """GetLog -> GetLog. 1.6 security extension, 2.0.1 N01."""
    yield from _speaks_security(session)
    yield Remember(f"log/{call['requestId']}", {"by": "GetLog", "seen": session.unix_time})
    asked = call["log"]
    answer = yield from ask_station(
        "GetLog",
        {
            "log": _log(asked["remoteLocation"], asked.get("oldestTimestamp"), asked.get("latestTimestamp")),
            "logType": call["logType"],
            "requestId": call["requestId"],
            **{name: call[name] for name in ("retries", "retryInterval") if name in call},
        },
        otherwise={"status": "Rejected"},
    )
    return {"status": answer["status"], **({"filename": answer["filename"]} if "filename" in answer else {})}


def log_status_notification(call: Payload, session: Session) -> Conversation:
    """LogStatusNotification -> DiagnosticsStatusNotification or LogStatusNotification, whichever the CSMS asked by.
    1.6 section 4.4 and security extension, 2.0.1 N01."""
    job = session.memory.get(f"log/{call.get('requestId')}")
    plain = job["by"] == "GetDiagnostics" if job is not None else "speaks/security" not in session.memory
    said = (DIAGNOSTICS if plain else LOG).to_16.get(call["status"])
    if said is None:
        yield Note("lost", {"field": "status"})
    elif plain:
        yield Ask("DiagnosticsStatusNotification", {"status": said})
    else:
        number = {"requestId": call["requestId"]} if "requestId" in call else {}
        yield Ask("LogStatusNotification", {"status": said, **number})
    return {}


def firmware_status_notification(call: Payload, session: Session) -> Conversation:
    """FirmwareStatusNotification -> FirmwareStatusNotification, where 1.6 has a word for the status. 1.6 section 4.5,
    2.0.1 L01."""
    said = FIRMWARE.to_16.get(call["status"])
    rebooted_after = call["status"] == "InstallRebooting" and session.memory.get("firmware") == "Installed"
    if said is None or rebooted_after:
        yield Note("lost", {"field": "status"})
        return {}
    yield Ask("FirmwareStatusNotification", {"status": said})
    if said != session.memory.get("firmware"):
        yield Remember("firmware", said)
    return {}


def security_event_notification(call: Payload, session: Session) -> Conversation:
    """SecurityEventNotification -> SecurityEventNotification under its 1.6 name; a CSMS without the security extension
    is not told. 1.6 security extension, 2.0.1 A04."""
    try:
        yield Ask(
            "SecurityEventNotification",
            {
                "type": security_event_16(call["type"])[:50],
                "timestamp": times.normalise(call["timestamp"]) or session.time,
                **({"techInfo": call["techInfo"][:255]} if "techInfo" in call else {}),
            },
        )
    except PeerError as error:
        if not error.unsupported:
            raise
        yield Note("lost", {"field": "securityEvent"})
    return {}


def data_transfer(call: Payload, session: Session) -> Conversation:
    """DataTransfer -> DataTransfer; data that is no text goes to 1.6 as JSON text. 1.6 sections 4.3 and 5.6, 2.0.1
    P01, P02."""
    answer = yield Ask(
        "DataTransfer",
        {
            "vendorId": call["vendorId"][:255],
            **({"messageId": call["messageId"]} if "messageId" in call else {}),
            **({"data": _text(call["data"])} if "data" in call else {}),
        },
    )
    return {"status": answer["status"], **({"data": _text(answer["data"])} if "data" in answer else {})}


def _trigger(call: Payload, session: Session, words: TwoWay) -> Conversation:
    wanted = words.to_201.get(call["requestedMessage"])
    number = call.get("connectorId")
    place = connectors.place_of(session, number) if number else None
    if wanted is None or (number and place is None):
        return {"status": "Rejected" if wanted else "NotImplemented"}
    if wanted == "StatusNotification":
        return (yield from _trigger_statuses(session, number))
    if wanted == "MeterValues" and number and records.open_on(session, number):
        wanted = "TransactionEvent"
    evse = {"evse": {"id": place[0]}} if place is not None and wanted in ("MeterValues", "TransactionEvent") else {}
    answer = yield from ask_station(
        "TriggerMessage", {**evse, "requestedMessage": wanted}, otherwise={"status": "NotImplemented"}
    )
    return {"status": answer["status"]}


def _trigger_statuses(session: Session, number: int | None) -> Conversation:
    """2.0.1 F06.FR.12: a station may refuse to say the status of all its connectors at once."""
    wanted = [number] if number else sorted(connectors.numbers(session).values()) if number is None else []
    refusals = 0
    for each in wanted:
        place = connectors.place_of(session, each)
        assert place is not None
        # What was asked for is told even when it is no news.
        yield Forget(f"sent/{each}")
        try:
            answer = yield from ask_station(
                "TriggerMessage",
                {"evse": {"id": place[0], "connectorId": place[1]}, "requestedMessage": "StatusNotification"},
                otherwise={"status": "NotImplemented"},
            )
        except (PeerError, PeerSilent) as failure:
            if len(wanted) == 1:
                raise
            yield Note("trigger_failed", {"why": str(failure)})
            answer = {"status": "Rejected"}
        if answer["status"] == "Accepted":
            yield Answer({"status": "Accepted"})
        else:
            refusals += 1
            refused = answer
    if wanted and refusals == len(wanted):
        return {"status": refused["status"]}
    if not number:
        yield Answer({"status": "Accepted"})
        yield Forget("sent/0")
        yield from status.show_if_possible(session, 0, session.time, back=True)
    return None


def _log(location: str, oldest: str | None, latest: str | None) -> Payload:
    since, until = times.normalise(oldest), times.normalise(latest)
    return {
        "remoteLocation": location,
        **({"oldestTimestamp": since} if since is not None else {}),
        **({"latestTimestamp": until} if until is not None else {}),
    }


def _speaks_security(session: Session) -> Generator[Step, Any, None]:
    """This CSMS knows the 1.6 security extension."""
    if "speaks/security" not in session.memory:
        yield Remember("speaks/security", True)


def _text(data: Any) -> str:
    return data if isinstance(data, str) else json.dumps(data, separators=(",", ":"), ensure_ascii=False)
