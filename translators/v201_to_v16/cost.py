"""What a charge costs, for a 2.0.1 station: the messages of California pricing that a 1.6 CSMS sends inside DataTransfers.

Memory `price/<IDTAG>`: {"message", "seen"} a price that waits for the next answer to the station about this tag;
`idle_fee`: the CSMS wants to be told when a cable is unplugged (its configuration key CustomIdleFeeAfterStop).
"""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Expect, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.frames import Payload
from translators.inner import COST, transfer, unpacked
from translators.losses import lost
from translators.numbers import decimal_of, json_number
from translators.session import Session
from translators.tables import Conversation
from translators.tokens import clean
from translators.v201_to_v16.records import Record, changed

IDLE_FEE = "idle_fee"
_UNPLUGGED = "ConnectorUnplugged"
PRICE_WAIT = 2.0
"""Seconds for which an answer to Authorize waits for the price that the CSMS sends after its own."""
_PRICE_LIFE = 300.0
_DETAILS = ("chargingPrice", "idlePrice", "nextPeriod", "triggerMeterValue", "qrCodeText")
_LONGEST_TEXT = 512

LOST_OF_PRICES = {
    "priceText": "left out: a cost has no room for a text",
    "priceTextExtra": "left out: a cost has no room for a text, a price for one",
}


def from_csms(call: Payload, session: Session) -> Conversation:
    """What a CSMS says of costs by DataTransfer, said by CostUpdated or by a personal message."""
    name = call.get("messageId")
    if name not in ("RunningCost", "FinalCost", "SetUserPrice"):
        return {"status": "UnknownMessageId"}
    data = unpacked(call.get("data"))
    if data is None:
        yield Note("invalid_data", {"message": name})
        return {"status": "Rejected"}
    if name == "SetUserPrice":
        return (yield from _price_set(session, data))
    return (yield from _cost(session, name, data))


def price_for(session: Session, tag: str | None, *, wait: bool = False) -> Generator[Step, Any, Payload | None]:
    """The price to show to who holds this tag, once. `wait`: for the one that is to follow."""
    if tag is None:
        return None
    key = _key(tag)
    if wait and "speaks/prices" in session.memory:
        yield Expect(lambda: key in session.memory, PRICE_WAIT)
    price = session.memory.get(key)
    if price is None:
        return None
    yield Forget(key)
    message: Payload = price["message"]
    return message if session.unix_time - float(price["seen"]) < _PRICE_LIFE else None


def idle_fee_set(value: str) -> Conversation:
    """CustomIdleFeeAfterStop, which the gateway keeps to in the station's place."""
    word = value.strip().lower()
    if word not in ("true", "false"):
        return {"status": "Rejected"}
    yield Remember(IDLE_FEE, True) if word == "true" else Forget(IDLE_FEE)
    return {"status": "Accepted"}


def unplugged(session: Session, number: int, at: str) -> Generator[Step, Any, None]:
    """The connector is free: a CSMS that charges for a cable left in hears of its last transaction. The station's own
    call is answered; this is for a fee alone, and nothing else depends on it."""
    if IDLE_FEE not in session.memory:
        return
    ended = [
        (key, one)
        for key, one in session.remembered("tx/")
        if one.get("connector") == number and "ended" in one and "transactionId" in one and "unplugged" not in one
    ]
    for key, record in ended[-1:]:
        yield changed(session, key, unplugged=at)
        data = {"transactionId": record["transactionId"], "timestamp": at}
        try:
            answer = yield Ask("DataTransfer", transfer(COST, _UNPLUGGED, data))
        except (PeerError, PeerSilent) as failure:
            yield Note("cost_not_told", {"message": _UNPLUGGED, "why": str(failure)})
            return
        if answer["status"] != "Accepted":
            yield Note("cost_not_told", {"message": _UNPLUGGED, "why": answer["status"]})


def _price_set(session: Session, data: Payload) -> Conversation:
    tag, message = data.get("idToken"), _message(data)
    if not isinstance(tag, str) or not tag or message is None:
        yield Note("invalid_data", {"message": "SetUserPrice"})
        return {"status": "Rejected"}
    if data.get("priceText") and data.get("priceTextExtra"):
        yield from lost("priceTextExtra")
    for key, price in session.remembered("price/"):
        if session.unix_time - float(price["seen"]) > _PRICE_LIFE:
            yield Forget(key)
    if "speaks/prices" not in session.memory:
        yield Remember("speaks/prices", True)
    yield Remember(_key(tag), {"message": message, "seen": session.unix_time})
    return {"status": "Accepted"}


def _cost(session: Session, name: str, data: Payload) -> Conversation:
    """RunningCost and FinalCost. The answer to the end of the transaction has been given when its cost comes, so that
    goes by CostUpdated too, which has no room for a text."""
    found = _charge(session, data.get("transactionId"))
    total = decimal_of(data.get("cost"))
    if found is None or total is None:
        yield Note("invalid_data", {"message": name})
        return {"status": "Rejected"}
    for field in ("priceText", "priceTextExtra"):
        if field in data:
            yield from lost(field)
    details = {field: data[field] for field in _DETAILS if field in data}
    request: Payload = {"totalCost": json_number(total), "transactionId": found.removeprefix("tx/")}
    if details:
        request["customData"] = {"vendorId": COST, **details}
    try:
        yield Ask("CostUpdated", request)
    except PeerError as error:
        yield Note("station_declined", {"reason": error.code})
        return {"status": "UnknownVendorId" if error.unsupported else "Rejected"}
    return {"status": "Accepted"}


def _charge(session: Session, number: object) -> str | None:
    """The transaction that the CSMS knows by this number: an open one, else the one that ended last."""
    found: list[tuple[str, Record]] = [
        (key, one) for key, one in session.remembered("tx/") if one.get("transactionId", "") == number
    ]
    newest = max(found, key=lambda entry: float(entry[1].get("ended", session.unix_time + 1.0)), default=None)
    return newest[0] if newest is not None else None


def _message(data: Payload) -> Payload | None:
    """2.0.1 MessageContentType for a price text; a text in another language only where there is no other."""
    text = data.get("priceText")
    if isinstance(text, str) and text:
        return {"format": "UTF8", "content": text[:_LONGEST_TEXT]}
    extra = data.get("priceTextExtra")
    first = extra[0] if isinstance(extra, list) and extra and isinstance(extra[0], dict) else {}
    content, language = first.get("content"), first.get("language")
    if not isinstance(content, str) or not content:
        return None
    kind = first.get("format") if first.get("format") in ("ASCII", "HTML", "URI", "UTF8") else "UTF8"
    told = {"language": language} if isinstance(language, str) and len(language) <= 8 else {}
    return {"format": kind, **told, "content": content[:_LONGEST_TEXT]}


def _key(tag: str) -> str:
    return f"price/{clean(tag).upper()}"
