"""The state of connectors and of the station."""

from collections.abc import Generator
from typing import Any

from translators import times
from translators.effects import Answer, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16 import connectors, status
from translators.v201_to_v16.answers import ask_station
from translators.v201_to_v16.cost import IDLE_FEE, unplugged
from translators.words import error_code_16

_CLOCK_IS_SET = 1_577_836_800.0  # 2020
_LONGEST_TEXT = 50
_NO_CONNECTOR = {"connectorStatus": "answered here: no station can have that connector"}
_STATUSES = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")


@loses(call=_NO_CONNECTOR)
def status_notification(call: Payload, session: Session) -> Conversation:
    """StatusNotification -> StatusNotification, with the status put together from connectorStatus, transaction and
    chargingState, when it changes. 2.0.1 G01, 1.6 section 4.9."""
    yield from _heard(session, call["evseId"], call["connectorId"], call["connectorStatus"], call.get("timestamp", ""))
    return {}


@loses(
    call={
        **_NO_CONNECTOR,
        "eventData": "answered here: 1.6 has no word for it",
        "techInfo": f"cut to {_LONGEST_TEXT} characters",
    }
)
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
        return (yield from _shown(session, 0, at))
    place = connectors.meant(session, evse, connector)
    if place is None:
        yield from lost("connectorStatus")
        return
    yield status.heard(session, place, said, at)
    number = yield from connectors.number_in_time(session, place)
    if said != "Faulted":
        yield from status.problem_over(session, number, status.PASSING)
    yield from _shown(session, number, connectors.reported(session, place).get("timestamp", at))
    if said == "Available" and IDLE_FEE in session.memory:
        yield Answer({})
        yield from unplugged(session, number, at)


def _event(session: Session, event: Payload) -> Generator[Step, Any, None]:
    component, variable = event["component"]["name"], event["variable"]["name"]
    evse = event["component"].get("evse", {})
    if variable == "AvailabilityState" and event["actualValue"] in _STATUSES:
        if component == "Connector" and evse:
            return (
                yield from _heard(
                    session, evse["id"], evse.get("connectorId", 0), event["actualValue"], event["timestamp"]
                )
            )
        if component == "ChargingStation":
            return (yield from _heard(session, 0, 0, event["actualValue"], event["timestamp"]))
    code = error_code_16(component, variable, event.get("techInfo"))
    name = f"{component}.{variable}" if code is not None else status.PASSING
    place = connectors.meant(session, evse["id"], evse.get("connectorId")) if evse else None
    if code is None and place is not None and event["trigger"] == "Alerting":
        # Not one of those that 1.6 has a word for, but it explains a fault.
        faulted = connectors.reported(session, place).get("status") == "Faulted"
        code = "OtherError" if faulted else None
    if code is None:
        yield from lost("eventData")
        return
    number = 0 if place is None else (yield from connectors.number_in_time(session, place))
    if len(event.get("techInfo", "")) > _LONGEST_TEXT:
        yield from lost("techInfo")
    problem = {
        "errorCode": code,
        **({"info": event["techInfo"][:_LONGEST_TEXT]} if event.get("techInfo") else {}),
        **({"vendorErrorCode": event["techCode"][:_LONGEST_TEXT]} if event.get("techCode") else {}),
    }
    over = event.get("cleared", False) or event["actualValue"].strip().lower() in ("false", "0")
    if over:
        yield from status.problem_over(session, number, name)
    else:
        yield status.problem_found(session, number, name, problem)
    return (yield from _shown(session, number, time_of_status(session, event["timestamp"])))


def _shown(session: Session, number: int, timestamp: str) -> Generator[Step, Any, None]:
    if status.held(session):
        yield Answer({})
    return (yield from status.show(session, number, timestamp))


def time_of_status(session: Session, timestamp: str) -> str:
    """The time of a status as it was sent; the time of its arrival from a station whose clock is not set."""
    seconds = times.epoch(timestamp)
    plausible = seconds is not None and seconds > _CLOCK_IS_SET
    return (times.normalise(timestamp) if plausible else None) or session.time
