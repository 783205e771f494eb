"""The state of connectors and of the station."""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Note, Step
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16 import connectors, status
from translators.v201_to_v16.answers import ask_station

_STATUSES = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")


def status_notification(call: Payload, session: Session) -> Conversation:
    """StatusNotification -> StatusNotification, with the status put together from connectorStatus, transaction and
    chargingState, when it changes. 2.0.1 G01, 1.6 section 4.9."""
    yield from _heard(session, call["evseId"], call["connectorId"], call["connectorStatus"], call["timestamp"])
    return {}


def notify_event(call: Payload, session: Session) -> Conversation:
    """NotifyEvent -> StatusNotification, for AvailabilityState and for problems that 1.6 has an errorCode for; each
    part by itself. 2.0.1 G01.FR.03, N07."""
    for event in call["eventData"]:
        yield from _event(session, event)
    return {}


def change_availability(call: Payload, session: Session) -> Conversation:
    """ChangeAvailability -> ChangeAvailability. 2.0.1 G03, G04."""
    number = call["connectorId"]
    place = connectors.place_of(session, number)
    if number != 0 and place is None:
        return {"status": "Rejected"}
    answer = yield from ask_station(
        "ChangeAvailability",
        {
            **({"evse": {"id": place[0], "connectorId": place[1]}} if place is not None else {}),
            "operationalStatus": call["type"],
        },
        otherwise={"status": "Rejected"},
    )
    return {"status": answer["status"]}


def _heard(session: Session, evse: int, connector: int, said: str, timestamp: str) -> Generator[Step, Any, None]:
    """The station said this of a connector; the CSMS is told when the connector has its number."""
    at = time_of_status(session, timestamp)
    if evse == 0:
        yield status.heard(session, (0, 0), said, at)
        return (yield from status.show(session, 0, at))
    place = connectors.meant(session, evse, connector)
    if place is None:
        return (yield Note("lost", {"field": "connectorStatus"}))
    yield status.heard(session, place, said, at)
    number = yield from connectors.number_in_time(session, place)
    return (yield from status.show(session, number, connectors.reported(session, place).get("timestamp", at)))
