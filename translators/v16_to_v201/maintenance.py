"""Resets and security events."""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation
from translators.times import normalise
from translators.v16_to_v201.answers import lean, refusal
from translators.v16_to_v201.capabilities import has_security_extension
from translators.v16_to_v201.records import open_records
from translators.words import security_event_201

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
    kind = session.options.immediate_reset if call["type"] == "Immediate" else "Soft"
    return (yield from _reset(session, kind, scheduled=False, back=False))


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


def security_event_notification(call: Payload, session: Session) -> Conversation:
    """SecurityEventNotification -> SecurityEventNotification, the few events that are named otherwise renamed. 2.0.1
    A04, 1.6 security whitepaper"""
    yield from has_security_extension(session)
    info = call.get("techInfo")
    event = {
        "type": security_event_201(call["type"])[:50],
        "timestamp": normalise(call["timestamp"]) or session.time,
        "techInfo": info[:255] if info else None,
    }
    yield Ask("SecurityEventNotification", lean(event))
    return {}
