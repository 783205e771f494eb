"""How a transaction begins and ends: StartTransaction and StopTransaction as TransactionEvents."""

from collections.abc import Generator
from typing import Any

from translators.effects import Answer, Forget, Note, Step
from translators.frames import Payload
from translators.ids import start_fingerprint, transaction_int, transaction_uuid
from translators.losses import loses, lost
from translators.meters import LOST_TO_201, register_sample, register_wh, to_201
from translators.session import Session
from translators.tables import Conversation
from translators.times import epoch, normalise
from translators.tokens import clean
from translators.tokens import key as token_key
from translators.v16_to_v201.answers import lean
from translators.v16_to_v201.authorization import token_of
from translators.v16_to_v201.connectors import evse_of
from translators.v16_to_v201.cost import tell_kept
from translators.v16_to_v201.maintenance import reset_is_pending, reset_when_idle
from translators.v16_to_v201.orphans import orphaned
from translators.v16_to_v201.records import (
    LOST_OF_ANSWERS,
    STOP,
    Record,
    by_alias,
    by_uuid,
    changed,
    clock_checked,
    deliver,
    key_of,
    mark_of,
    offline,
    open_records,
    records,
    waits,
)
from translators.v16_to_v201.recreated import recreated
from translators.words import charging_state_201, stopped_201

_NAMES_WHOSTOP = (None, "Local", "DeAuthorized", "EVDisconnected")
"""TransactionEvent.idToken tells who ended it, so it must not stand in one that was ended from afar."""
_MOST_METER_VALUES = 100
_TOO_LONG = "left out: more than 36 characters"


@loses(call={"idTag": _TOO_LONG}, answer=LOST_OF_ANSWERS)
def start_transaction(call: Payload, session: Session) -> Conversation:
    """StartTransaction -> TransactionEvent Started, under ids chosen here that a repeated start gets again. 2.0.1 E02,
    1.6 section 4.8. An id is given even to a start that is not accepted: its stop will name it."""
    mark = start_fingerprint(session.options.identity, call)
    key = next((key for key, one in records(session) if one["mark"] == mark), None)
    if key is None:
        key = yield from _begun(session, call, mark)
    elif "startAnswer" not in session.memory[key] and not waits(session.memory[key], "Started"):
        # Given up while a later message was delivered, and the station asks again after all.
        record = session.memory[key]
        started = {"mark": mark, "event": _started(session, record)}
        yield changed(session, key, waiting=[started, *record["waiting"]])
    if "startAnswer" not in session.memory[key]:
        yield from deliver(session, key, mark)
    answer: Payload = session.memory[key]["startAnswer"]
    return answer


@loses(
    call={"idTag": _TOO_LONG, "transactionData": f"thinned to {_MOST_METER_VALUES} times", **LOST_TO_201},
    answer={**LOST_OF_ANSWERS, "evseId": "left out"},
)
def stop_transaction(call: Payload, session: Session) -> Conversation:
    """StopTransaction -> TransactionEvent Ended, for an unknown transaction too: a stop is always acknowledged. 2.0.1
    E06, 1.6 section 4.10, errata 3.18."""
    found = _stopped(session, call)
    if found is None:
        record = yield from recreated(session, call["transactionId"], [call["timestamp"]], None)
        found = None if record is None else (key_of(record["int"]), record)
    if found is None:
        event = yield from _ended(session, call, {"uuid": "", "seqNo": 0})
        return (yield from orphaned(session, call, event))
    key, record = found
    if "assumed" in record:
        # 2.0.1 has no event after Ended: what the station says now only an operator can set right.
        facts = {"transactionId": record["int"], "meterStop": call.get("meterStop"), "assumed": record["assumed"]}
        yield Note("stop_after_assumed_end", facts)
    if "stopAnswer" not in record:
        if not waits(record, "Ended"):
            event = yield from _ended(session, call, record)
            number = call["transactionId"]
            yield changed(
                session,
                key,
                **record
                | {
                    "seqNo": record["seqNo"] + 1,
                    "waiting": [*record["waiting"], {"mark": STOP, "event": event}],
                    "alias": number if number != record["int"] else record.get("alias"),
                    "stopMark": mark_of(call),
                },
            )
        yield from deliver(session, key, STOP)
    yield Answer(session.memory[key]["stopAnswer"])
    yield from tell_kept(session, key)
    yield from reset_when_idle(session, back=True)
    return None


def get_transaction_status(call: Payload, session: Session) -> Conversation:
    """GetTransactionStatus -> answered from what is kept; the station's own queue cannot be seen. 2.0.1 E14."""
    uuid = call.get("transactionId")
    if uuid is None:
        return {"messagesInQueue": any(one.get("waiting") for _, one in records(session))}
    found = by_uuid(session, uuid)
    if found is None:
        return {"ongoingIndicator": False, "messagesInQueue": False}
    return {"ongoingIndicator": "ended" not in found[1], "messagesInQueue": bool(found[1].get("waiting"))}
    yield


# -- start ----------------------------------------------------------------------------------------------------------


def _begun(session: Session, call: Payload, mark: str) -> Generator[Step, Any, str]:
    # A station that came from another CSMS in mid-charge has its number already.
    number = session.memory.get("retold", {}).get("transactionId")
    if number is None:
        number = transaction_int(call, lambda taken: key_of(taken) in session.memory)
    key, connector = key_of(number), call["connectorId"]
    started = normalise(call["timestamp"]) or session.time
    yield from clock_checked(session, started)
    for other_key, other in open_records(session):
        if other["connector"] == connector and (epoch(other["started"]) or 0.0) <= (epoch(started) or 0.0):
            yield Note("transaction_superseded", {"transactionId": other["int"]})
            yield changed(session, other_key, superseded=session.unix_time)
    remote_key, remote = _remote_start(session, call, started) or (None, {})
    token = remote.get("idToken") or token_of(session, call["idTag"])
    if token is None:
        yield from lost("idTag")
    status = session.memory.get(f"station/status/{connector}", {})
    state = charging_state_201(str(status.get("status")), status.get("info"))
    record: Record = {
        "int": number,
        "uuid": transaction_uuid(session.options.identity, number),
        "mark": mark,
        "connector": connector,
        "idTag": call["idTag"],
        "idToken": token,
        "started": started,
        "meterStart": call.get("meterStart"),
        "remoteStartId": remote.get("remoteStartId"),
        "reservationId": _reservation(session, call),
        "seqNo": 1,
        "chargingState": "EVConnected" if offline(session, started) or state in (None, "Idle") else state,
        "at": session.unix_time,
    }
    record["waiting"] = [{"mark": mark, "event": _started(session, record)}]
    yield changed(session, key, **record)
    if remote_key is not None:
        yield Forget(remote_key)
    if "reservationId" in session.memory[key]:
        yield Forget(f"reservation/{record['reservationId']}")
    return key


def _started(session: Session, record: Record) -> Payload:
    begin, at = record.get("meterStart"), record["started"]
    register = (
        [{"timestamp": at, "sampledValue": [register_sample(begin, "Transaction.Begin")]}]
        if begin is not None
        else None
    )
    return lean(
        {
            "eventType": "Started",
            "timestamp": at,
            "triggerReason": "Authorized" if record.get("remoteStartId") is None else "RemoteStart",
            "seqNo": 0,
            "offline": offline(session, at),
            "reservationId": record.get("reservationId"),
            "transactionInfo": {
                "transactionId": record["uuid"],
                "remoteStartId": record.get("remoteStartId"),
                "chargingState": record["chargingState"],
            },
            "evse": evse_of(session, record["connector"]),
            "idToken": record.get("idToken"),
            "meterValue": register,
        }
    )


def _remote_start(session: Session, call: Payload, started: str) -> tuple[str, Payload] | None:
    """The request that this start carries out: the last one, for a station carries out one that replaces another, and
    rather one for its connector. Some readers add to the tag; its first 20 characters are the one sent."""
    if offline(session, started):
        return None
    tag = clean(call["idTag"])
    tags = {token_key(tag), token_key(tag[:20])}
    fitting = [
        (key, remote)
        for key, remote in session.remembered("remote/")
        if remote.get("connector") in (None, call["connectorId"])
        and remote["expires"] >= session.unix_time
        and token_key(remote["idTag"]) in tags
    ]
    return max(reversed(fitting), key=lambda one: ("connector" in one[1], one[1]["expires"]), default=None)


def _reservation(session: Session, call: Payload) -> int | None:
    """The reservation used up; some stations write 0 for none."""
    number: int | None = call.get("reservationId")
    return number if number != 0 or f"reservation/{number}" in session.memory else None


# -- stop -----------------------------------------------------------------------------------------------------------


def _stopped(session: Session, call: Payload) -> tuple[str, Record] | None:
    """The transaction that a stop means. A station that never heard our number sends one below 0 (errata 3.18)."""
    number, mark = call["transactionId"], mark_of(call)
    if key_of(number) in session.memory:
        return key_of(number), session.memory[key_of(number)]
    again = next(((key, one) for key, one in records(session) if one.get("stopMark") == mark), None)
    found = again or by_alias(session, number)
    if found is not None or number >= 0:
        return found
    fitting = [(key, one) for key, one in records(session) if _may_be_stopped_by(one, call)]
    unheard = [(key, one) for key, one in fitting if "startAnswer" not in one]
    if unheard:
        return unheard[0]
    return fitting[0] if len(fitting) == 1 else None


def _may_be_stopped_by(record: Record, call: Payload) -> bool:
    if "ended" in record:
        return False
    at, started = epoch(call["timestamp"]), epoch(record["started"])
    begin, end = record.get("meterStart"), call.get("meterStop")
    return (
        not waits(record, "Ended")
        and (at is None or started is None or started <= at)
        and (begin is None or end is None or begin <= end)
    )


def _ended(session: Session, call: Payload, record: Record) -> Generator[Step, Any, Payload]:
    at = normalise(call["timestamp"]) or session.time
    yield from clock_checked(session, at)
    why = stopped_201(call.get("reason"), reset_pending=reset_is_pending(session))
    values = yield from _transaction_data(session, call, at)
    connector = record.get("connector")
    state = "Idle" if why.stopped_reason == "EVDisconnected" else "EVConnected"
    return lean(
        {
            "eventType": "Ended",
            "timestamp": at,
            "triggerReason": why.trigger_reason,
            "seqNo": record["seqNo"],
            "offline": offline(session, at),
            "transactionInfo": {
                "transactionId": record["uuid"],
                "stoppedReason": why.stopped_reason,
                "chargingState": None if connector is None else state,
            },
            "evse": None if connector is None else evse_of(session, connector),
            "idToken": (yield from _who_stopped(session, call, record)),
            "meterValue": values or None,
        }
    )


def _who_stopped(session: Session, call: Payload, record: Record) -> Generator[Step, Any, Payload | None]:
    tag = call.get("idTag")
    if not tag or call.get("reason") not in _NAMES_WHOSTOP:
        return None
    same = record.get("idToken") if token_key(tag) == token_key(record.get("idTag", "")) else None
    token = same or token_of(session, tag)
    if token is None:
        yield from lost("idTag")
    return token


def _transaction_data(session: Session, call: Payload, at: str) -> Generator[Step, Any, list[Payload]]:
    """transactionData, clipped, with meterStop at its end unless that stands in it already."""
    fields: list[str] = []
    values = to_201(call.get("transactionData", []), fields, at)
    if len(values) > _MOST_METER_VALUES:
        # E06.FR.13: intermediate values may be left out of a message that is too long.
        step = (len(values) - 1) / (_MOST_METER_VALUES - 1)
        values = [values[round(index * step)] for index in range(_MOST_METER_VALUES)]
        fields.append("transactionData")
    yield from lost(*fields)
    end = call.get("meterStop")
    if end is not None and register_wh(values, ["Transaction.End"]) is None:
        values.append({"timestamp": at, "sampledValue": [register_sample(end, "Transaction.End")]})
    return values
