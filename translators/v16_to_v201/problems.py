"""Errors of a connector: a 1.6 errorCode is a 2.0.1 event on a variable of the device model.

Memory: `event/last` the last eventId; `event/open/<connector>` errorCode -> eventId of what was told and not cleared.
"""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.frames import Payload
from translators.losses import lost
from translators.session import Session
from translators.v16_to_v201.answers import lean
from translators.v16_to_v201.connectors import evse_of
from translators.words import STATION_WIDE, fault_201, tech_info_201

_SAYS_NOTHING = ("", "none", "null")


def errors_told(session: Session, call: Payload, at: str) -> Generator[Step, Any, None]:
    """Tell a new error of a connector; NoError clears all that were told."""
    number, code = call["connectorId"], call["errorCode"]
    key = f"event/open/{number}"
    still: dict[str, int] = session.memory.get(key, {})
    vendor_code = _said(call.get("vendorErrorCode"))
    if code == "NoError":
        if vendor_code is not None:
            yield from lost("vendorErrorCode", of="StatusNotification")
        events = [_event(session, number, one) | {"cause": still[one], "cleared": True} for one in still]
        left: dict[str, int] = {}
    elif code in still:
        return
    else:
        about = {"techCode": vendor_code, "techInfo": tech_info_201(code, call.get("vendorId"), call.get("info"))}
        events = [lean(_event(session, number, code, "true") | about)]
        left = {**still, code: int(session.memory.get("event/last", 0)) + 1}
    if not events:
        return
    # Before it is told: the station has been answered, and its next error is measured against these.
    yield Remember(key, left) if left else Forget(key)
    try:
        yield from notify(session, events, at)
    except (PeerError, PeerSilent) as error:
        yield Note("status_not_told", {"why": str(error)})
        if session.memory.get(key, {}) == left:
            yield Remember(key, still) if still else Forget(key)


def notify(session: Session, events: list[Payload], at: str, *, back: bool = False) -> Generator[Step, Any, None]:
    """NotifyEvent, under new eventIds. seqNo counts the parts of one report, and this one has a single part."""
    if "refuses/NotifyEvent" in session.memory:
        return
    first = int(session.memory.get("event/last", 0)) + 1
    yield Remember("event/last", first + len(events) - 1)
    data = [{"eventId": first + index, "timestamp": at, **event} for index, event in enumerate(events)]
    try:
        yield Ask("NotifyEvent", {"generatedAt": at, "seqNo": 0, "eventData": data}, back=back)
    except PeerError as error:
        if not error.unsupported:
            raise
        yield Remember("refuses/NotifyEvent", True)


def _event(session: Session, number: int, code: str, value: str = "false") -> Payload:
    fault = fault_201(code)
    assert fault is not None, code
    evse = None if code in STATION_WIDE else evse_of(session, number)
    return {
        "trigger": "Alerting",
        "actualValue": value,
        "eventNotificationType": "HardWiredNotification",
        "component": lean({"name": fault.component, "evse": evse}),
        "variable": {"name": fault.variable},
    }


def _said(text: str | None) -> str | None:
    """A text that says something, as long as 2.0.1 takes it."""
    return text.strip()[:50] if text and text.strip().lower() not in _SAYS_NOTHING else None
