"""Reset, triggers, security events."""

from translators import times
from translators.effects import Answer, Ask, Forget, Note, PeerError, PeerSilent, Remember
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16 import connectors, records, status
from translators.v201_to_v16.answers import ask_station
from translators.v201_to_v16.capabilities import speaks_security
from translators.words import (
    EXTENDED_TRIGGER,
    RESET_STATUS,
    TRIGGER,
    TwoWay,
    security_event_16,
)

_LONGEST_TECH_INFO = 255


def reset(call: Payload, session: Session) -> Conversation:
    """Reset -> Reset Immediate: both kinds end transactions in 1.6, OnIdle would not, and is sent for Soft only where
    configured. 1.6 section 5.14, 2.0.1 B11, B12."""
    kind = session.options.soft_reset if call["type"] == "Soft" else "Immediate"
    yield Remember("reset", {"type": call["type"], "seen": session.unix_time})
    try:
        answer = yield from ask_station("Reset", {"type": kind}, otherwise={"status": "Rejected"})
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
    yield from speaks_security(session)
    return (yield from _trigger(call, session, EXTENDED_TRIGGER))


@loses(
    call={
        "securityEvent": "answered here: the CSMS does not know the action",
        "techInfo": f"cut to {_LONGEST_TECH_INFO} characters",
    }
)
def security_event_notification(call: Payload, session: Session) -> Conversation:
    """SecurityEventNotification -> SecurityEventNotification under its 1.6 name; a CSMS without the security extension
    is not told. 1.6 security extension, 2.0.1 A04."""
    tech_info = call.get("techInfo", "")
    if len(tech_info) > _LONGEST_TECH_INFO:
        yield from lost("techInfo")
    try:
        yield Ask(
            "SecurityEventNotification",
            {
                "type": security_event_16(call["type"])[:50],
                "timestamp": times.normalise(call["timestamp"]) or session.time,
                **({"techInfo": tech_info[:_LONGEST_TECH_INFO]} if tech_info else {}),
            },
        )
    except PeerError as error:
        if not error.unsupported:
            raise
        yield from lost("securityEvent")
    return {}


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
