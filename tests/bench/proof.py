"""A figure counts only for work that was done."""

import asyncio
import json

from ocpp.exceptions import OCPPError
from ocpp.messages import Call, validate_payload

from tests.bench.peer import Answer, RowError
from tests.bench.proxies import Proxy

# What readings may be at the CSMS.
_METERING = ("MeterValues", "TransactionEvent")


def prove(proxy: Proxy, report: Answer, answers: int, tally: Answer) -> None:
    """Every answer was right, every one of them stands for a message that reached the CSMS in its own version, and samples
    of each action are valid there. `answers`: to readings, since the last tally. Raises RowError."""
    if report["errors"]:
        raise RowError(", ".join(f"{reason} ({times})" for reason, times in report["errors"].items()))
    if not report["round_trips"]:
        raise RowError("no round trip in the window")
    arrived = sum(tally["calls"].get(f"{proxy.csms_subprotocol} {action}", 0) for action in _METERING)
    if arrived < answers:
        raise RowError(f"{answers} answers, but only {arrived} messages at the CSMS")
    for subprotocol, text in tally["samples"]:
        if subprotocol != proxy.csms_subprotocol:
            raise RowError(f"the CSMS was spoken to in {subprotocol}")
        _, identifier, action, payload = json.loads(text)
        try:
            asyncio.run(validate_payload(Call(identifier, action, payload), subprotocol.removeprefix("ocpp")))
        except OCPPError as error:
            raise RowError(f"the {action} at the CSMS is not valid: {error.details.get('cause', error)}") from error
