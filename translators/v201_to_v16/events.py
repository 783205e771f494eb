"""What a TransactionEvent adds to the record of its transaction."""

from collections.abc import Generator
from typing import Any

from translators import times
from translators.effects import Forget, Note, Remember, Step
from translators.frames import Payload
from translators.losses import lost
from translators.meters import register_wh, registers_wh
from translators.session import Session
from translators.v201_to_v16 import connectors, status
from translators.v201_to_v16.authorization import remember_token, tag_for
from translators.v201_to_v16.records import Record

_IMPLIED_STATE = {
    "CablePluggedIn": "EVConnected",
    "Deauthorized": "SuspendedEVSE",
    "EVCommunicationLost": "Idle",
    "EVDeparted": "Idle",
    "EVDetected": "EVConnected",
    "RemoteStop": "SuspendedEVSE",
}
"""What a trigger says of the chargingState of an event that comes without one."""

_HALTING = ("Deauthorized", "RemoteStop", "StopAuthorized")
_CAR_GONE = ("EVCommunicationLost", "EVDeparted")


def merged(session: Session, key: str, event: Payload, at: str) -> Generator[Step, Any, None]:
    """Remember what this event says. Saying it again changes nothing."""
    before: Record = session.memory.get(key, {})
    record = dict(before)
    if not record:
        record = {"at": at}
        if event["eventType"] != "Started":
            yield Note("start_missing", {})
            record["missing"] = True
    if "missing" in record and "start" not in record:
        began = register_wh(event.get("meterValue", []), ("Transaction.Begin",))
        record["at"] = (times.normalise(began.timestamp) if began is not None else None) or record["at"]
    remote = _remote_start(session, event)
    number = _number_known(session, record, remote)
    if "evse" in event:
        number = yield from _connector(session, record, event["evse"])
    if number is not None:
        record["connector"] = number
    _take_token(session, record, event, remote)
    if "reservationId" in event:
        record["reservationId"] = event["reservationId"]
    if "remoteStartId" in event["transactionInfo"]:
        record["remoteStartId"] = event["transactionInfo"]["remoteStartId"]
    _take_state(record, event)
    _take_registers(record, event)
    ended = event["eventType"] == "Ended"
    if not ended and "due" not in record and "transactionId" not in record and _may_start(session, record):
        record["due"] = at
    if "due" in record and "meterStart" not in record:
        reading = record.get("begin", record.get("first" if ended else "newest"))
        if reading is not None:
            record["meterStart"] = reading
    if record != before:
        yield Remember(key, record, behind=True)
    if remote:
        yield Forget(f"remote/{event['transactionInfo']['remoteStartId']}")
    tag = tag_for(session, event["idToken"]) if "idToken" in event else None
    if tag is not None:
        yield from remember_token(session, event["idToken"], tag)
    yield from _occupy(session, record, event, at)


def is_live(event: Payload) -> bool:
    """Whether the event tells of now. 2.0.1 E04: one that happened while the station was offline says so."""
    return not event.get("offline", False)


def car_gone(event: Payload) -> bool:
    """Whether the car had left when the transaction ended."""
    info = event["transactionInfo"]
    return (
        info.get("chargingState", _IMPLIED_STATE.get(event["triggerReason"])) == "Idle"
        or info.get("stoppedReason") == "EVDisconnected"
        or event["triggerReason"] in _CAR_GONE
    )


def _remote_start(session: Session, event: Payload) -> dict[str, Any]:
    """The remote start that this transaction answers, if we know of it."""
    remote_start_id = event["transactionInfo"].get("remoteStartId")
    if remote_start_id is None or not is_live(event):
        return {}
    found: dict[str, Any] = session.memory.get(f"remote/{remote_start_id}", {})
    return found


def _number_known(session: Session, record: Record, remote: dict[str, Any]) -> int | None:
    """The connector's number where the event does not say it."""
    number: int | None = record.get("connector", remote.get("connector"))
    if number is None and len(connectors.numbers(session)) == 1:
        number = next(iter(connectors.numbers(session).values()))
    return number


def _connector(session: Session, record: Record, evse: Payload) -> Generator[Step, Any, int | None]:
    if "connector" in record and not evse.get("connectorId"):
        place = connectors.place_of(session, record["connector"])
        if place is not None and place[0] == evse["id"]:
            return int(record["connector"])
    place = connectors.meant(session, evse["id"], evse.get("connectorId"))
    if place is None:
        yield from lost("evse")
        return None
    return (yield from connectors.number_now(session, place))


def _take_token(session: Session, record: Record, event: Payload, remote: dict[str, Any]) -> None:
    token = event.get("idToken")
    if token is None and remote and "idToken" not in record:
        token = remote["idToken"]
    if token is None or "transactionId" in record or "start" in record:
        return
    if event["eventType"] == "Ended" and "idToken" in record:
        return
    record["idToken"] = {"idToken": token["idToken"], "type": token["type"]}
    record.pop("idTag", None)
    tag = tag_for(session, token)
    if tag is not None:
        record["idTag"] = tag
    else:
        # A 1.6 transaction that was about to begin cannot begin for this token.
        record.pop("due", None)
        record.pop("meterStart", None)
    # Shown again, a token is asked about again.
    record.pop("refused", None)
    record.pop("info", None)


def _take_state(record: Record, event: Payload) -> None:
    trigger = event["triggerReason"]
    state = event["transactionInfo"].get("chargingState", _IMPLIED_STATE.get(trigger))
    if state is not None:
        record["chargingState"] = state
        if state != "Idle":
            record["connected"] = True
    if state == "Charging":
        record["charged"] = True
        record.pop("halted", None)
    if trigger in _HALTING and event["eventType"] != "Ended":
        record["halted"] = True


def _take_registers(record: Record, event: Payload) -> None:
    for context, reading in registers_wh(event.get("meterValue", [])):
        if context == "Transaction.Begin":
            record["begin"] = reading
        elif context == "Transaction.End":
            record["end"] = reading
        record.setdefault("first", reading)
        record["newest"] = reading


def _may_start(session: Session, record: Record) -> bool:
    """Section 4.8 of 1.6: a transaction has a connector, a token, and a car on it."""
    if "idTag" not in record or record.get("refused") or "connector" not in record:
        return False
    if "chargingState" in record:
        return bool(record["chargingState"] != "Idle")
    # A station that never speaks of the chargingState says it with its connector.
    place = connectors.place_of(session, record["connector"])
    return place is not None and connectors.reported(session, place).get("status") == "Occupied"


def _occupy(session: Session, record: Record, event: Payload, at: str) -> Generator[Step, Any, None]:
    """A car that charges occupies its connector, whether the station's StatusNotification came before or follows."""
    place = connectors.place_of(session, record.get("connector", -1))
    if place is None or not is_live(event) or record.get("chargingState", "Idle") == "Idle":
        return
    said = connectors.reported(session, place)
    if said and (event["eventType"] == "Ended" or said["status"] != "Available"):
        return
    if said and (times.epoch(at) or 0.0) < (times.epoch(said["timestamp"]) or 0.0):
        return
    yield status.heard(session, place, "Occupied", at)
