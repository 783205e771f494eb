"""Charging transactions: 2.0.1 events become the 1.6 start, meter values and stop."""

from collections.abc import Generator
from typing import Any

from translators import errors, meters, times
from translators.effects import Answer, Ask, Expect, Note, PeerError, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.tokens import LOST_TO_201
from translators.v201_to_v16 import connectors, records, status
from translators.v201_to_v16.authorization import NO_TAG, ask_about, info_from, tag_for
from translators.v201_to_v16.cost import price_for, unplugged
from translators.v201_to_v16.events import car_gone, is_live, merged
from translators.v201_to_v16.metering import request_16, values_16
from translators.v201_to_v16.records import Record
from translators.v201_to_v16.starts import START_WAIT, facts, on_its_way, start, start_in_time, stop_refused
from translators.v201_to_v16.stops import energy_moved, meter_stop, stop_payload
from translators.words import FAULT_OF_REASON

_SAID_IN_20_ONLY = ("numberOfPhasesUsed", "cableMaxCurrent", "timeSpentCharging")
_LOST = {
    **dict.fromkeys(_SAID_IN_20_ONLY, "left out"),
    "evse": "left out: no station can have that EVSE",
    "idToken": f"Invalid: {NO_TAG}",
    "additionalInfo": "left out",
    "transaction": "the CSMS does not hear of it: it ended without a connector or a tag, or nobody knows how it began",
    "meterStart": "0: no reading came in time",
    "meterStop": "meterStart: no reading came at all",
    "meterValue": "left out: readings before the 1.6 transaction begins",
    **meters.LOST_TO_16,
}

LEAVING = 1.0
"""Seconds in which a connector whose car is gone may say itself that it is Available."""


@loses(call=_LOST, answer=LOST_TO_201)
def transaction_event(call: Payload, session: Session) -> Conversation:
    """TransactionEvent -> StartTransaction, MeterValues, StopTransaction, StatusNotification, Authorize: the 1.6
    transaction begins when a token was seen, a car is connected and the connector is known. 2.0.1 E01 to E13, 1.6
    sections 3.7.1, 4.8, 4.10."""
    key = records.key_of(call["transactionInfo"]["transactionId"])
    if on_its_way(session, key):
        yield Expect(lambda: not on_its_way(session, key), START_WAIT)
    record = session.memory.get(key, {})
    given = records.answer_given(record, call)
    if given is not None:
        yield Note("repeated_event", {})
        return given
    if "ended" in record:
        yield Note("event_after_end", {})
        if "assumed" in record and call["eventType"] == "Ended":
            end = meters.register_wh(call.get("meterValue", []))
            facts = {"transactionId": record.get("transactionId"), "meterStop": end.wh if end else None}
            yield Note("stop_after_assumed_end", {**facts, "assumed": record["assumed"]})
        return {}
    at = times.normalise(call["timestamp"]) or session.time
    info = call["transactionInfo"]
    for field in _SAID_IN_20_ONLY:
        if field in call or field in info:
            yield from lost(field)
    yield from merged(session, key, call, at)
    if call["eventType"] == "Ended":
        return (yield from _ended(session, key, call, at))
    return (yield from _going_on(session, key, call, at))


def _going_on(session: Session, key: str, call: Payload, at: str) -> Conversation:
    """Started and Updated."""
    record: Record = session.memory[key]
    starts = "transactionId" not in record and ("start" in record or {"due", "meterStart"} <= set(record))
    if starts:
        yield from start(session, key)
    info = (yield from _token_info(session, key, call)) if "idToken" in call else None
    answer: Payload = {"idTokenInfo": info} if info is not None else {}
    price = (yield from price_for(session, session.memory[key].get("idTag"))) if is_live(call) else None
    if price is not None:
        answer["updatedPersonalMessage"] = price
    record = session.memory[key]
    values = yield from values_16(
        _without_begin(call) if starts or call["eventType"] == "Started" else call.get("meterValue", []), at
    )
    if values and "transactionId" in record:
        yield Ask("MeterValues", request_16(record["connector"], record["transactionId"], values))
    elif any(sample.get("context") != "Transaction.Begin" for value in values for sample in value["sampledValue"]):
        yield from lost("meterValue")  # 1.6 has no transaction yet that they could belong to
    yield records.answered(session, key, call, answer)
    if is_live(call):
        if status.held(session):
            yield Answer(answer)
        yield from status.show_if_possible(session, record.get("connector"), at)
    yield Answer(answer)
    if starts and record.get("refused") and info is None:
        yield from stop_refused(session, key)
    if "due" in session.memory[key] and "transactionId" not in session.memory[key]:
        yield from start_in_time(session, key)
    return None


def _ended(session: Session, key: str, call: Payload, at: str) -> Conversation:
    record: Record = session.memory[key]
    if "transactionId" not in record:
        charged = "start" in record or "due" in record or energy_moved(record)
        if charged and "connector" in record and "idTag" in record:
            yield from start(session, key)
        elif charged or "missing" in record:
            yield from lost("transaction")
            yield Note("transaction_untold", facts(key, record) | {"ended": at, "meterStop": meter_stop(record)})
    record = session.memory[key]
    info: Payload | None = None
    if "transactionId" in record:
        stop = record.get("stop")
        if stop is None:
            stop = yield from stop_payload(session, record, call, at)
            yield records.changed(session, key, behind=True, stop=stop)
        answer = yield Ask("StopTransaction", stop)
        if "idToken" in call and "idTagInfo" in answer:
            info = yield from info_from(answer["idTagInfo"])
        elif _is_own(record, call.get("idToken")):
            info = record.get("info")
    else:
        info = yield from _token_info(session, key, call)
    given: Payload = {"idTokenInfo": info} if info is not None else {}
    gone = car_gone(call)
    yield records.ended(session, key, call, given, gone=gone or None)
    number = record.get("connector")
    if is_live(call) and number is not None:
        fault = FAULT_OF_REASON.get(call["transactionInfo"].get("stoppedReason", ""))
        if fault is not None:
            yield status.problem_found(session, number, status.PASSING, {"errorCode": fault})
        if gone and _occupied(session, number):
            # The connector says itself within a moment that it is free: no Finishing in between.
            yield Answer(given)
            if (yield Expect(lambda: not _occupied(session, number), LEAVING)):
                return None
            yield records.changed(session, key, gone=None)
        if status.held(session):
            yield Answer(given)
        yield from status.show_if_possible(session, number, at)
        if not _occupied(session, number):
            yield Answer(given)
            yield from unplugged(session, number, at)
    return given


def _token_info(session: Session, key: str, call: Payload) -> Generator[Step, Any, Payload | None]:
    """idTokenInfo for the token in this event; None when it has none."""
    token = call.get("idToken")
    if token is None:
        return None
    record: Record = session.memory[key]
    own = _is_own(record, token)
    if own and "info" in record:
        known: Payload = record["info"]
        return known
    try:
        info = yield from ask_about(session, token)
    except PeerError as error:
        if error.code in errors.TRANSIENT:
            raise
        # It will not judge this token, which is no reason to refuse what is told of the transaction.
        yield Note("token_not_judged", {"code": error.code})
        info = {"status": "Invalid"}
    accepted = info["status"] == "Accepted"
    if own and accepted:
        yield records.changed(session, key, behind=True, info=info)
    elif own:
        yield records.changed(session, key, behind=True, info=info, refused=True, due=None, meterStart=None)
    elif accepted:
        yield records.changed(session, key, behind=True, stopTag=tag_for(session, token))
    return info


def _without_begin(call: Payload) -> list[Payload]:
    """The values that StartTransaction.meterStart does not carry."""
    left = [
        {**value, "sampledValue": [one for one in value["sampledValue"] if one.get("context") != "Transaction.Begin"]}
        for value in call.get("meterValue", [])
    ]
    return [value for value in left if value["sampledValue"]]


def _is_own(record: Record, token: Payload | None) -> bool:
    """Whether this is the token that the transaction runs on."""
    return token is not None and record.get("idToken") == {"idToken": token["idToken"], "type": token["type"]}


def _occupied(session: Session, number: int) -> bool:
    place = connectors.place_of(session, number)
    return place is not None and connectors.reported(session, place).get("status") == "Occupied"
