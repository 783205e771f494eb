"""What is kept of a 2.0.1 transaction while it lives, and a day longer: memory `tx/<its id>`.

connector      its 1.6 connector, once known
at             time of its first event, as sent; until it ends
idToken        the token it runs on; `idTag` the same for 1.6; `refused` that token was not accepted
info           the idTokenInfo last given for that token
remoteStartId, reservationId
chargingState  last one reported or implied; `charged`: has been Charging; `halted`: stopped, but not ended
missing        its first event never came, or was forgotten: until the CSMS has a number for it
begin, newest, end   energy register in Wh: Transaction.Begin, last one seen, Transaction.End
due            time at which the 1.6 transaction began: token seen, car connected, connector known
start, stop    the StartTransaction and StopTransaction as they are asked, until answered
asked          the session that asked `start`, while it waits for the answer
transactionId  the CSMS's number: any integer, never used as a key
stopCause      why the gateway stopped it, where 2.0.1 has no word for that
gone           the car was gone when it ended
ended          Unix time
unplugged      time at which the CSMS was told that its cable is out
assumed        time at which the gateway took it to have ended: the station never said so
answers        the last answers given, each with the marks of its event
"""

from collections.abc import Generator
from typing import Any

from translators.effects import Forget, Remember, Step
from translators.frames import Payload
from translators.session import Session

Record = dict[str, Any]

KEPT_AFTER_END = 24 * 3600.0
_ANSWERS_KEPT = 8


def key_of(transaction_id: str) -> str:
    return f"tx/{transaction_id}"


def changed(session: Session, key: str, *, behind: bool = False, **fields: Any) -> Remember:
    """The record as it is now with these fields; None drops one. `behind`: what the event that is being worked on would
    bring about again, for the station repeats it until it is answered."""
    record = dict(session.memory.get(key, {}))
    for name, value in fields.items():
        if value is not None:
            record[name] = value
        elif name in record:
            del record[name]
    return Remember(key, record, behind)


def open_records(session: Session) -> list[tuple[str, Record]]:
    """Keys and records of the transactions that have not ended, oldest first."""
    return [(key, record) for key, record in session.remembered("tx/") if "ended" not in record]


def on_connector(session: Session, number: int) -> Record | None:
    """The transaction that a connector's status speaks of: the newest open one, else the last that ended."""
    still_open: Record | None = None
    over: list[Record] = []
    for _, record in session.remembered("tx/"):
        if record.get("connector") == number:
            if "ended" in record:
                over.append(record)
            else:
                still_open = record
    return still_open or max(over, key=lambda record: float(record["ended"]), default=None)


def open_on(session: Session, number: int) -> tuple[str, Record] | None:
    """The newest open transaction on a connector."""
    found = [(key, record) for key, record in open_records(session) if record.get("connector") == number]
    return found[-1] if found else None


def numbered(session: Session, transaction_id: int) -> tuple[str, Record] | None:
    """The open transaction that the CSMS knows by this number. Numbers may repeat, so the newest is meant."""
    found = [(key, record) for key, record in open_records(session) if record.get("transactionId") == transaction_id]
    return found[-1] if found else None


def marks(event: Payload) -> list[Any]:
    """What makes two messages the same event; seqNo alone repeats on real stations."""
    return [event["seqNo"], event["eventType"], event["timestamp"], event["triggerReason"]]


def answer_given(record: Record, event: Payload) -> Payload | None:
    """The answer this very event has had."""
    of_event = marks(event)
    return next((answer for given, answer in record.get("answers", ()) if given == of_event), None)


def answered(session: Session, key: str, event: Payload, answer: Payload, **fields: Any) -> Remember:
    """The event has had its answer; whoever sends it again gets the same."""
    answers = session.memory.get(key, {}).get("answers", [])
    return changed(session, key, **fields, answers=[*answers, [marks(event), answer]][-_ANSWERS_KEPT:])


def ended(session: Session, key: str, *last: Any, **fields: Any) -> Remember:
    """The transaction is over. Only what a repetition and the connector's next status need is kept; an event of before
    gets an empty answer from now on, so one that was empty is not kept. `last`: the Ended event and its answer."""
    record = session.memory[key]
    answers = [one for one in record.get("answers", []) if one[1]]
    if last:
        event, answer = last
        answers.append([marks(event), answer])
    dropped: dict[str, Any] = {name: None for name in record if name not in ("connector", "transactionId")}
    return changed(session, key, **dropped | {"ended": session.unix_time, "answers": answers} | fields)


def swept(session: Session) -> Generator[Step, Any, None]:
    """Forget what ended long ago."""
    for key, record in session.remembered("tx/"):
        if session.unix_time - float(record.get("ended", session.unix_time)) > KEPT_AFTER_END:
            yield Forget(key)
    for prefix, life in (
        ("remote/", 3600.0),
        ("log/", 7 * 86400.0),
        ("tokens/", 30 * 86400.0),
        ("alias/", 400 * 86400.0),
    ):
        for key, entry in session.remembered(prefix):
            if session.unix_time - float(entry["seen"]) > life:
                yield Forget(key)
