"""Meter values, of a transaction and outside of one."""

from collections.abc import Generator
from typing import Any

from translators import meters
from translators.effects import Ask, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16 import connectors, records


@loses(call={**meters.LOST_TO_16, "evseId": "answered here: no station can have that EVSE"})
def meter_values(call: Payload, session: Session) -> Conversation:
    """MeterValues -> MeterValues; with the transaction's number only where every value is a clock-aligned one. 2.0.1
    J01."""
    values = yield from values_16(call["meterValue"], session.time)
    if not values:
        return {}
    number = 0
    if call["evseId"] != 0:
        place = connectors.meant(session, call["evseId"], None)
        if place is None:
            yield from lost("evseId")
            return {}
        number = yield from connectors.number_in_time(session, place)
    going_on = records.open_on(session, number)
    clock = all(sample.get("context") == "Sample.Clock" for value in values for sample in value["sampledValue"])
    transaction_id = going_on[1].get("transactionId") if going_on is not None and clock else None
    yield Ask("MeterValues", request_16(number, transaction_id, values))
    return {}


def values_16(values: list[Payload], at: str) -> Generator[Step, Any, list[Payload]]:
    """Meter values as 1.6 writes them; an operator is told what was lost."""
    fields: list[str] = []
    written = meters.to_16(values, fields, at)
    yield from lost(*fields)
    return written


def request_16(number: int, transaction_id: int | None, values: list[Payload]) -> Payload:
    return {
        "connectorId": number,
        **({"transactionId": transaction_id} if transaction_id is not None else {}),
        "meterValue": values,
    }
