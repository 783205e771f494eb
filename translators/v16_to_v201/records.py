"""What is kept of a 1.6 transaction while it lives, and a day longer: memory `tx/<the station's number>`.

    int, uuid       its two names, both chosen by the gateway
    mark            fingerprint of its StartTransaction; empty after a loss of memory (see `recreated`)
    connector       1.6 connector; not known of one that only its stop recreated
    idTag, idToken  who started it, in the words of both sides
    started         its StartTransaction's timestamp
    meterStart      Wh, unless the station did not say
    remoteStartId
    seqNo           of the next event
    chargingState   the last one told
    waiting         events that are not acknowledged, oldest first: {"mark": of the station's message, "event": payload}
    heard           marks of the MeterValues acknowledged within the hour, each with its time
    startAnswer, stopAnswer   what the station was answered: whoever asks again hears the same
    deauthorized    the CSMS did not accept the start
    alias           the number a station made up that never heard ours (1.6 errata 3.18)
    register        its newest energy register in Wh
    cost            what the CSMS last said of it, until the station is told
    assumed         time at which it is taken to have ended, by the gateway: its stop never came
    superseded      another transaction began on its connector: its stop is overdue
    ended           Unix time of the acknowledgement of its end

An event is remembered with its seqNo before it is sent, and goes up again unchanged until it is acknowledged; nothing
of its transaction overtakes it. Only station calls send events, and those come one at a time. Once the last one is
acknowledged, only what a repetition and a late word of the CSMS need is kept: see `ended`.
"""

import hashlib
from collections.abc import Generator, Sequence
from typing import Any

import msgspec

from translators import errors
from translators.effects import Ask, Expect, Forget, Note, PeerError, Remember, Step
from translators.frames import Payload
from translators.losses import Fields, lost
from translators.session import Session
from translators.times import epoch
from translators.tokens import LOST_TO_16, id_tag_info
from translators.v16_to_v201.capabilities import may_show_cost

Record = dict[str, Any]

LOST_OF_ANSWERS: Fields = {
    **{name: why for name, why in LOST_TO_16.items() if name != "evseId"},
    "totalCost": "left out of the answer to a start, and for a station that shows no costs",
    "updatedPersonalMessage": "left out while the station charges, and for a station that shows no costs",
}
"""What any message that makes the CSMS acknowledge an event may lose: events that wait go first."""

KEPT_AFTER_END = 24 * 3600.0
KEPT_WITHOUT_END = 90 * 86400.0
"""Stations with a long offline queue stop a transaction weeks later; some never do."""
KEPT_TOKENS, KEPT_ALIASES = 30 * 86400.0, 400 * 86400.0
OFFLINE_TOLERANCE = 5.0
STOP = "stop"
"""The mark of the event that a transaction's end is."""
_KEPT_OF_ENDED = frozenset({"int", "uuid", "mark", "startAnswer", "stopMark", "alias", "assumed"})
_START_AWAITED = 20.0
_HEARD_FOR, _MOST_HEARD = 3600.0, 16
_CLOCK_BEGINS = 1_577_836_800.0
"""2020: a clock that says less was never set."""


_encode_sorted = msgspec.json.Encoder(order="sorted").encode


def key_of(number: int) -> str:
    return f"tx/{number}"


def changed(session: Session, key: str, *, behind: bool = False, **fields: Any) -> Remember:
    """The record as it is now with these fields; None drops one."""
    record = dict(session.memory.get(key, {}))
    for name, value in fields.items():
        if value is not None:
            record[name] = value
        elif name in record:
            del record[name]
    return Remember(key, record, behind)


def ended(session: Session, key: str, stop_answer: Payload, cost: Payload | None = None) -> dict[str, Any]:
    """The fields that make a record one of the past: whoever asks again hears the same, the rest is dropped."""
    rest: dict[str, Any] = {name: None for name in session.memory[key] if name not in _KEPT_OF_ENDED}
    return rest | {"stopAnswer": stop_answer, "ended": session.unix_time, "cost": cost}


def records(session: Session) -> list[tuple[str, Record]]:
    """All that are kept, oldest first."""
    return list(session.remembered("tx/"))


def open_records(session: Session) -> list[tuple[str, Record]]:
    """Those that go on at the station."""
    return [(key, one) for key, one in records(session) if is_open(one)]


def is_open(record: Record) -> bool:
    """Whether the station has not told an end, and no other has begun in its place."""
    return "ended" not in record and "superseded" not in record and not waits(record, "Ended")


def open_on(session: Session, connector: int) -> tuple[str, Record] | None:
    """The open transaction of a connector."""
    found = [(key, one) for key, one in open_records(session) if one.get("connector") == connector]
    return found[-1] if found else None


def by_uuid(session: Session, uuid: str) -> tuple[str, Record] | None:
    return next(((key, one) for key, one in records(session) if one["uuid"].lower() == uuid.lower()), None)


def numbered(session: Session, uuid: str) -> Generator[Step, Any, tuple[Record | None, str | None]]:
    """The open transaction, once the station knows its number; else None, and what there is to say of it."""
    found = by_uuid(session, uuid)
    if found is None or "ended" in found[1]:
        return None, None
    key = found[0]
    if not (yield Expect(lambda: "startAnswer" in session.memory.get(key, {}), _START_AWAITED)):
        return None, "its start is not acknowledged yet"
    return session.memory[key], None


def by_alias(session: Session, number: int) -> tuple[str, Record] | None:
    """The transaction a station calls by a number of its own: the newest that has not ended."""
    found = [(key, one) for key, one in records(session) if one.get("alias") == number and "ended" not in one]
    return found[-1] if found else None


def mark_of(call: Payload) -> str:
    """The same for the same message, sent again."""
    return hashlib.sha256(_encode_sorted(call)).hexdigest()[:16]


def waits(record: Record, event_type: str) -> bool:
    """Whether an event of this type is still to be acknowledged."""
    waiting = record.get("waiting") or ()
    return bool(waiting) and any(entry["event"]["eventType"] == event_type for entry in waiting)


def waits_for(record: Record, mark: str) -> bool:
    """Whether an event of this message is still to be acknowledged."""
    waiting = record.get("waiting") or ()
    return bool(waiting) and any(entry["mark"] == mark for entry in waiting)


def offline(session: Session, timestamp: str) -> bool | None:
    """Whether this happened before the station connected; 1.6 does not tell (section 3.7). None stands for no."""
    moment = epoch(timestamp)
    if moment is None or moment < _CLOCK_BEGINS:
        return None  # a clock that was never set does not tell
    return True if moment < session.connected_at - OFFLINE_TOLERANCE else None


def clock_checked(session: Session, timestamp: str) -> Sequence[Note]:
    """The steps that tell of a clock that is wrong. A transaction's time is never rewritten."""
    moment = epoch(timestamp)
    if moment is not None and _CLOCK_BEGINS <= moment <= session.unix_time + 3600.0:
        return ()
    return [Note("clock_suspect", {"timestamp": timestamp})]


def deliver(session: Session, key: str, mark: str) -> Generator[Step, Any, None]:
    """Send what waits, oldest first. Raises what the CSMS makes of the message `mark` itself; an older event that it
    will never take is given up, one that it cannot take now stops the rest."""
    while waiting := session.memory[key].get("waiting"):
        first, rest = waiting[0], waiting[1:]
        try:
            answer = yield Ask("TransactionEvent", first["event"])
        except PeerError as error:
            if first["mark"] == mark or (error.code in errors.TRANSIENT and not error.lasting):
                raise
            event = first["event"]
            yield Note("event_refused", {"eventType": event["eventType"], "seqNo": event["seqNo"], "code": error.code})
            yield changed(session, key, behind=True, waiting=rest)
            continue
        more = yield from _acknowledged(session, key, first, answer)
        # After a crash it waits still and is sent again, the same under the same seqNo.
        yield changed(session, key, behind=True, **{"waiting": rest, **more})


def _acknowledged(session: Session, key: str, entry: Payload, answer: Payload) -> Generator[Step, Any, Payload]:
    """What an acknowledged event changes in its record."""
    event, record = entry["event"], session.memory[key]
    info: Payload | None = answer.get("idTokenInfo")
    cost = _cost(session, event, answer)
    fields: list[str] = []
    if cost is None:
        fields += [name for name in ("totalCost", "updatedPersonalMessage") if name in answer]
    if event["eventType"] == "Started":
        if info is None:
            # E05 wants it in the answer to the first event with an idToken; an unasked refusal would be an invention.
            yield Note("no_id_token_info")
            info = {"status": "Accepted"}
        allowed = info.get("evseId")
        if info["status"] == "Accepted" and allowed and event.get("evse", {}).get("id") not in (*allowed, None):
            info = {**info, "status": "NotAtThisLocation"}
        told = id_tag_info(
            {name: value for name, value in info.items() if name != "evseId"},
            fields,
            start=True,
            alias=session.options.aliases_long_tokens,
        )
        yield from lost(*fields)
        return {
            "startAnswer": {"idTagInfo": told, "transactionId": record["int"]},
            "deauthorized": True if told["status"] != "Accepted" else None,
        }
    if event["eventType"] == "Ended":
        stop_answer = (
            {"idTagInfo": id_tag_info(info, fields, alias=session.options.aliases_long_tokens)} if info else {}
        )
        yield from lost(*fields)
        return ended(session, key, stop_answer, cost)
    yield from lost(*fields)
    return {"heard": heard_now(session, record, entry["mark"]), "cost": cost or record.get("cost")}


def heard_now(session: Session, record: Record, mark: str) -> dict[str, float]:
    """The marks with this one as the newest; without what is too old, or too much."""
    heard: dict[str, float] = dict(record.get("heard", {}))
    heard.pop(mark, None)
    heard[mark] = session.unix_time
    since = session.unix_time - _HEARD_FOR
    while len(heard) > _MOST_HEARD or heard[next(iter(heard))] < since:
        del heard[next(iter(heard))]
    return heard


def _cost(session: Session, event: Payload, answer: Payload) -> Payload | None:
    """What the answer says of the cost, to be told after the station's message is answered: 0.00 is free of charge,
    absent is not known. What a charge had cost when the station was offline is no news."""
    is_old = event["eventType"] == "Updated" and "offline" in event
    if "totalCost" not in answer or event["eventType"] == "Started" or is_old or not may_show_cost(session):
        return None
    return {name: answer[name] for name in ("totalCost", "updatedPersonalMessage", "customData") if name in answer}


def swept(session: Session) -> Generator[Step, Any, None]:
    """Forget what ended long ago."""
    now = session.unix_time
    for key, one in records(session):
        if "ended" in one:
            over = now - one["ended"] > KEPT_AFTER_END
        else:
            over = now - max(epoch(one["started"]) or now, one["at"]) > KEPT_WITHOUT_END
        if over:
            yield Forget(key)
    for key, one in session.remembered("orphan/"):
        if now - one["at"] > KEPT_AFTER_END:
            yield Forget(key)
    for prefix, life in (("tokens/", KEPT_TOKENS), ("alias/", KEPT_ALIASES)):
        for key, one in session.remembered(prefix):
            if now - one["seen"] > life:
                yield Forget(key)
    for prefix in ("remote/", "reservation/"):
        for key, one in session.remembered(prefix):
            if one["expires"] < now:
                yield Forget(key)
