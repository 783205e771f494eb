"""What a connector is doing, and whether it may be used.

1.6 has nine statuses, 2.0.1 five: the rest is the charging state of a transaction (TransactionEvent) and the errors
(NotifyEvent). Status messages are no transaction messages: the station is answered whatever the CSMS makes of them.
"""

from collections.abc import Generator
from typing import Any

from translators.effects import Answer, Ask, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.frames import Payload
from translators.losses import loses
from translators.session import Session
from translators.tables import Conversation
from translators.times import epoch, normalise
from translators.v16_to_v201.answers import ask_station, refusal
from translators.v16_to_v201.connectors import connector_at, connectors_of, place_of
from translators.v16_to_v201.metering import charging_state_event
from translators.v16_to_v201.problems import errors_told, notify
from translators.v16_to_v201.records import LOST_OF_ANSWERS, OFFLINE_TOLERANCE, deliver
from translators.words import CONNECTOR_STATUS

_CLOCK_BEGINS = 1_577_836_800.0
_WORST_FIRST = ("Rejected", "Scheduled", "Accepted")


@loses(call={"vendorErrorCode": "left out beside NoError"}, answer=LOST_OF_ANSWERS)
def status_notification(call: Payload, session: Session) -> Conversation:
    """StatusNotification -> StatusNotification when the 2.0.1 status changes, TransactionEvent Updated when the charging
    state does, NotifyEvent for errors and for connector 0. 2.0.1 G01, E02, N07, 1.6 section 4.9."""
    number, status = call["connectorId"], call["status"]
    at = _moment(call, session)
    former = session.memory.get(f"station/status/{number}")
    if former is not None and _is_overtaken(session, at, former["at"]):
        yield Note("stale_status", {"connectorId": number})
        return {}
    seen = {"status": status, "errorCode": call["errorCode"], "info": call.get("info"), "at": at}
    yield Remember(f"station/status/{number}", seen)
    if number > 0:
        event = yield from charging_state_event(session, number, status, call.get("info"), at)
        if event is not None:
            try:
                yield from deliver(session, *event)
            except (PeerError, PeerSilent) as error:
                yield Note("status_not_told", {"why": str(error)})  # it waits for the transaction's next event
            yield Answer({})
    yield from report(session, number)
    yield Answer({})
    yield from errors_told(session, call, at)
    return {}


def report(session: Session, number: int, *, back: bool = False) -> Generator[Step, Any, None]:
    """Tell the CSMS a connector's status, if it is another than the one told last."""
    seen = session.memory[f"station/status/{number}"]
    status = CONNECTOR_STATUS.to_201[seen["status"]]
    key, place = f"told/{number}", place_of(session, number)
    if session.memory.get(key) == status:
        return
    # Before it is told: the station may have been answered, and its next status is measured against this one.
    yield Remember(key, status)
    try:
        if place is None:
            yield from notify(session, [_station_event(status)], seen["at"], back=back)
        else:
            told = {
                "timestamp": seen["at"],
                "connectorStatus": status,
                "evseId": place[0],
                "connectorId": place[1],
            }
            yield Ask("StatusNotification", told, back=back)
    except (PeerError, PeerSilent) as error:
        yield Note("status_not_told", {"why": str(error)})
        if session.memory.get(key) == status:
            yield Forget(key)


def report_all(session: Session, *, back: bool) -> Generator[Step, Any, None]:
    """Tell the CSMS the status of every connector."""
    prefix = "station/status/"
    for key, _ in session.remembered("told/"):
        yield Forget(key)
    for number in sorted(int(key.removeprefix(prefix)) for key, _ in session.remembered(prefix)):
        yield from report(session, number, back=back)


def change_availability(call: Payload, session: Session) -> Conversation:
    """ChangeAvailability -> ChangeAvailability for each connector of the EVSE, the worst answer counts. 2.0.1 G03, G04,
    1.6 section 5.2."""
    evse = call.get("evse")
    numbers: list[int] = [0]
    if evse is not None and "connectorId" in evse:
        number = connector_at(session, evse["id"], evse["connectorId"])
        numbers = [] if number is None else [number]
    elif evse is not None:
        numbers = connectors_of(session, evse["id"])
    if not numbers:
        return refusal("Rejected", "UnknownConnectorId" if evse and "connectorId" in evse else "UnknownEvse")
    statuses = []
    for number in numbers:
        request = {"connectorId": number, "type": call["operationalStatus"]}
        answer = yield from ask_station(
            "ChangeAvailability", request, otherwise=refusal("Rejected", "UnsupportedRequest")
        )
        statuses.append(answer["status"])
    return {"status": min(statuses, key=_WORST_FIRST.index)}


def _moment(call: Payload, session: Session) -> str:
    """When it happened: 1.6 leaves the timestamp out at will, and a clock that was never set is no clock."""
    at = normalise(call.get("timestamp"))
    return at if at is not None and (epoch(at) or 0.0) >= _CLOCK_BEGINS else session.time


def _is_overtaken(session: Session, at: str, newest: str) -> bool:
    """Whether this comes out of the queue of a station that was offline, behind a newer one."""
    moment = epoch(at) or 0.0
    return moment < (epoch(newest) or 0.0) and moment < session.connected_at - OFFLINE_TOLERANCE


def _station_event(status: str) -> Payload:
    return {
        "trigger": "Delta",
        "actualValue": status,
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "ChargingStation"},
        "variable": {"name": "AvailabilityState"},
    }
