"""What is reported while a transaction goes on: meter values and changes of the charging state."""

from collections.abc import Generator
from itertools import groupby
from typing import Any

from translators.effects import Answer, Ask, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.meters import LOST_TO_201, register_wh, to_201
from translators.session import Session
from translators.tables import Conversation
from translators.times import epoch
from translators.v16_to_v201.answers import lean
from translators.v16_to_v201.connectors import place_of
from translators.v16_to_v201.cost import tell_kept
from translators.v16_to_v201.records import (
    LOST_OF_ANSWERS,
    Record,
    by_alias,
    changed,
    clock_checked,
    deliver,
    heard_now,
    key_of,
    mark_of,
    offline,
    open_on,
    waits,
    waits_for,
)
from translators.v16_to_v201.recreated import recreated
from translators.words import METER_TRIGGER, charging_state_201

_USUAL_TRIGGER = "MeterValuePeriodic"
_TELLING = {context: trigger for context, trigger in METER_TRIGGER.items() if trigger != _USUAL_TRIGGER}


@loses(call=LOST_TO_201, answer=LOST_OF_ANSWERS)
def meter_values(call: Payload, session: Session) -> Conversation:
    """MeterValues -> TransactionEvent Updated, one for each sampling time; MeterValues outside a transaction. 2.0.1 E02,
    J01, J02.FR.10, 1.6 section 4.7."""
    mark = mark_of(call)
    found = _metered(session, call)
    is_heard = found is not None and mark in found[1].get("heard", {})
    if found is not None and (is_heard or waits_for(found[1], mark)):
        if is_heard:
            # Whoever repeats it has not heard the answer yet: the hour begins anew.
            yield changed(session, found[0], heard=heard_now(session, found[1], mark))
        yield from deliver(session, found[0], mark)
        return {}
    fields: list[str] = []
    values = to_201(call["meterValue"], fields)
    if "timestamp" in fields:
        fields.clear()
        values = to_201(call["meterValue"], fields, session.time)
    yield from lost(*fields)
    if not values:
        return {}
    if found is None and key_of(call.get("transactionId", 0)) not in session.memory:
        record = yield from recreated(
            session,
            call.get("transactionId", 0),
            [value["timestamp"] for value in values],
            call["connectorId"],
        )
        found = None if record is None else (key_of(record["int"]), record)
    if found is None:
        place = place_of(session, call["connectorId"])
        yield Ask("MeterValues", {"evseId": place[0] if place else 0, "meterValue": values})
        return {}
    key, record = found
    seq_no = record["seqNo"]
    waiting = list(record["waiting"])
    for timestamp, group in _by_time(values):
        yield from clock_checked(session, timestamp)
        event = {
            "eventType": "Updated",
            "timestamp": timestamp,
            "triggerReason": _meter_trigger(group),
            "seqNo": seq_no,
            **({"offline": True} if offline(session, timestamp) else {}),
            "transactionInfo": {"transactionId": record["uuid"]},
            "meterValue": group,
        }
        waiting.append({"mark": mark, "event": event})
        seq_no += 1
    alias = call["transactionId"] if call["transactionId"] != record["int"] else record.get("alias")
    newest = register_wh(values)
    register = newest.wh if newest is not None else record.get("register")
    news = {"waiting": waiting, "seqNo": seq_no, "alias": alias, "register": register}
    # One that was made again is not remembered yet.
    yield changed(session, key, **(news if key in session.memory else record | news))
    del call, found, record, waiting, news  # hundreds wait here for their answers: see `Call.lighten`
    yield from deliver(session, key, mark)
    yield Answer({})
    yield from tell_kept(session, key)
    return None


def charging_state_event(
    session: Session, connector: int, status: str, info: str | None, timestamp: str
) -> Generator[Step, Any, tuple[str, str] | None]:
    """Remember the event that a connector's new status is to its transaction, to be delivered: the record's key and the
    event's mark; None for no event."""
    found = open_on(session, connector)
    state = charging_state_201(status, info)
    if found is None or state is None or state == found[1].get("chargingState"):
        return None
    key, record = found
    event = {
        "eventType": "Updated",
        "timestamp": timestamp,
        "triggerReason": "EVCommunicationLost"
        if status == "SuspendedEV" and state == "Idle"
        else "ChargingStateChanged",
        "seqNo": record["seqNo"],
        "offline": offline(session, timestamp),
        "transactionInfo": {"transactionId": record["uuid"], "chargingState": state},
    }
    mark = f"{state} {timestamp}"
    waiting = [*record["waiting"], {"mark": mark, "event": lean(event)}]
    yield changed(session, key, chargingState=state, seqNo=record["seqNo"] + 1, waiting=waiting)
    return key, mark


def _metered(session: Session, call: Payload) -> tuple[str, Record] | None:
    """The transaction that values belong to. A number that is not ours (errata 3.18: -1, or one made up) means the one
    open on the connector at that time; 0 and none mean none."""
    number = call.get("transactionId", 0)
    if number == 0:
        return None
    key = key_of(number)
    found = (key, session.memory[key]) if key in session.memory else by_alias(session, number)
    if found is None:
        found = open_on(session, call["connectorId"])
        newest = max((epoch(value.get("timestamp")) or 0.0 for value in call["meterValue"]), default=0.0)
        if found is not None and (epoch(found[1]["started"]) or 0.0) > newest:
            return None
    # 2.0.1 has no event after Ended: what comes late is told without the transaction.
    return None if found is None or "ended" in found[1] or waits(found[1], "Ended") else found


def _by_time(values: list[Payload]) -> list[tuple[str, list[Payload]]]:
    if len(values) == 1:
        return [(values[0]["timestamp"], values)]
    return [(timestamp, list(group)) for timestamp, group in groupby(values, key=lambda value: str(value["timestamp"]))]


def _meter_trigger(values: list[Payload]) -> str:
    for value in values:
        for sample in value["sampledValue"]:
            if sample.get("context") in _TELLING:
                return _TELLING[sample["context"]]
    return _USUAL_TRIGGER
