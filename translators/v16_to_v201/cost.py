"""What a charge costs, for a station that shows it: the messages of California pricing inside DataTransfers.

A cost that came with the answer to a transaction's event waits in the record (`cost`) until the station's own message
is answered.
"""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Note, PeerError, PeerSilent, Step
from translators.frames import Payload
from translators.inner import COST, transfer
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v16_to_v201.answers import lean
from translators.v16_to_v201.capabilities import COST_SHOWN, learn_lack, may_show_cost, says_it_shows_cost
from translators.v16_to_v201.records import Record, by_uuid, changed

UNPLUGGED = "ConnectorUnplugged"
_RUNNING_DETAILS = ("chargingPrice", "idlePrice", "nextPeriod", "triggerMeterValue")
_FINAL_DETAILS = ("qrCodeText",)
_PLAIN = ("ASCII", "UTF8")


@loses(
    call={
        "transactionId": "answered here: not a transaction of this station",
        "totalCost": "answered here: the station shows no costs",
    }
)
def cost_updated(call: Payload, session: Session) -> Conversation:
    """CostUpdated -> DataTransfer RunningCost for a station that shows costs, FinalCost after the end, else answered here.
    2.0.1 I02, California pricing with 1.6"""
    found = by_uuid(session, call["transactionId"])
    if found is None:
        yield from lost("transactionId")
        return {}
    yield from _tell_cost(session, found[1], call, back=False)
    return {}


def tell_kept(session: Session, key: str) -> Generator[Step, Any, None]:
    """Tell the station the cost that its last message brought; the message itself is answered."""
    record = session.memory.get(key, {})
    said = record.get("cost")
    if said is None:
        return
    yield changed(session, key, cost=None)
    yield from _tell_cost(session, record, said, back=True)


def tell_price(session: Session, id_tag: str, info: Payload) -> Generator[Step, Any, None]:
    """Tell the station the price for who holds this tag; its Authorize is answered."""
    yield from _tell(session, "SetUserPrice", {"idToken": id_tag, **_texts(info["personalMessage"])}, back=True)


def _tell_cost(session: Session, record: Record, said: Payload, *, back: bool) -> Generator[Step, Any, None]:
    message = said.get("updatedPersonalMessage")
    if "ended" in record:
        cost = _priced(said["totalCost"], said, _FINAL_DETAILS)
        yield from _tell(session, "FinalCost", {"transactionId": _number(record), **cost, **_texts(message)}, back=back)
        return
    if message is not None:
        yield from lost("updatedPersonalMessage")
    cost = _priced(said["totalCost"], said, _RUNNING_DETAILS)
    yield from _tell(session, "RunningCost", _running(session, record, cost), back=back)


def _tell(session: Session, name: str, data: Payload, *, back: bool) -> Generator[Step, Any, None]:
    """Send one message of the convention. It is for a display: nothing else depends on it."""
    if not may_show_cost(session):
        yield from lost("totalCost")
        return
    try:
        answer = yield Ask("DataTransfer", transfer(COST, name, data), back)
    except (PeerError, PeerSilent) as error:
        if not (isinstance(error, PeerError) and error.unsupported):
            yield Note("cost_not_told", {"message": name, "why": str(error)})
            return
        answer = {"status": "UnknownVendorId"}
    if answer["status"] == "Accepted":
        return
    yield Note("cost_not_told", {"message": name, "why": answer["status"]})
    # A station that has not said that it shows costs, and does not take one, is not bothered again.
    if says_it_shows_cost(session) is None:
        yield from learn_lack(session, COST_SHOWN)


def _running(session: Session, record: Record, cost: Payload) -> Payload:
    # A station that never told what its connector does is not said to be idle: that may have a price of its own.
    is_silent = f"station/status/{record.get('connector')}" not in session.memory
    known = {
        "transactionId": _number(record),
        "timestamp": session.time,
        "meterValue": record.get("register", record.get("meterStart")),
        "cost": cost["cost"],
        "state": "Charging" if is_silent or record.get("chargingState") == "Charging" else "Idle",
    }
    return lean({**known, **cost})


def _number(record: Record) -> int:
    """The transaction as the station calls it."""
    number: int = record["alias"] if "alias" in record else record["int"]
    return number


def _priced(total: float, said: Payload, details: tuple[str, ...]) -> Payload:
    """The cost, with the details for which 2.0.1 has room in its customData alone."""
    more = said.get("customData", {})
    known = more if str(more.get("vendorId", "")).lower() == COST else {}
    return {"cost": total, **{name: known[name] for name in details if name in known}}


def _texts(message: Payload | None) -> Payload:
    """A personal message as a price text. One that is no plain text, or says its language, says so once more."""
    if message is None:
        return {}
    is_plain = message["format"] in _PLAIN
    extra = lean({name: message.get(name) for name in ("format", "language", "content")})
    return {
        **({"priceText": message["content"]} if is_plain else {}),
        **({"priceTextExtra": [extra]} if not is_plain or "language" in message else {}),
    }
