"""How a 1.6 transaction begins: the StartTransaction that a 2.0.1 transaction becomes, now or when a reading has come."""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Expect, Note, PeerError, PeerSilent, Refused, Step
from translators.losses import lost
from translators.session import Session
from translators.v201_to_v16 import records, status
from translators.v201_to_v16.authorization import info_from
from translators.v201_to_v16.records import Record

METER_START_WAIT = 30.0
"""Seconds for which a transaction waits for its first reading."""

START_WAIT = 60.0
"""Seconds after which a StartTransaction on its way is no longer waited for; its own timeout is shorter."""


def interrupted(session: Session) -> Generator[Step, Any, None]:
    """Take up the starts that waited for a reading when the connection went."""
    for key, record in records.open_records(session):
        if "due" in record and "start" not in record and "transactionId" not in record:
            yield from start_in_time(session, key, opened=True)


def start(session: Session, key: str, *, opened: bool = False) -> Generator[Step, Any, None]:
    """Begin the 1.6 transaction, or ask again what was asked and not answered."""
    record: Record = session.memory[key]
    request = record.get("start")
    if request is None:
        reading = record.get("meterStart", record.get("begin", record.get("first")))
        if reading is None:
            reading = 0
            yield from lost("meterStart", of="TransactionEvent")
        request = {
            "connectorId": record["connector"],
            "idTag": record["idTag"],
            "meterStart": reading,
            **({"reservationId": record["reservationId"]} if "reservationId" in record else {}),
            "timestamp": record.get("due", record["at"]),
        }
        if "missing" in record:
            yield Note("start_repeated", facts(key, record))
    yield records.changed(session, key, behind=True, start=request, asked=session.connected_at)
    try:
        answer = yield Ask("StartTransaction", request, opened)
    except (PeerError, PeerSilent, Refused):
        yield records.changed(session, key, behind=True, asked=None)
        raise
    info = yield from info_from(answer["idTagInfo"], of="TransactionEvent")
    yield records.changed(
        session,
        key,
        meterStart=request["meterStart"],
        start=None,
        asked=None,
        missing=None,
        # Any integer: 0 and below have no meaning of their own (1.6 errata 3.54).
        transactionId=answer["transactionId"],
        info=info,
        refused=None if info["status"] == "Accepted" else True,
    )


def start_in_time(session: Session, key: str, *, opened: bool = False) -> Generator[Step, Any, None]:
    """Begin the 1.6 transaction without a reading when none has come."""

    def settled() -> bool:
        record = session.memory.get(key, {"ended": 0})
        return bool({"start", "transactionId", "ended"} & set(record)) or "due" not in record

    if (yield Expect(settled, METER_START_WAIT)):
        return
    try:
        yield from start(session, key, opened=opened)
    except (PeerError, PeerSilent) as failure:
        yield Note("start_postponed", {"why": str(failure)})
        return
    record = session.memory[key]
    if record.get("refused"):
        yield from stop_refused(session, key, opened=opened)
    yield from status.show_if_possible(session, record["connector"], session.time, opened)


def stop_refused(session: Session, key: str, *, opened: bool = False) -> Generator[Step, Any, None]:
    """The CSMS refused the start, and no event asked about the token that its answer could have said it to."""
    yield records.changed(session, key, stopCause="DeAuthorized")
    try:
        yield Ask("RequestStopTransaction", {"transactionId": key.removeprefix("tx/")}, not opened)
    except (PeerError, PeerSilent) as failure:
        yield Note("refused_start_goes_on", {"why": str(failure)})


def on_its_way(session: Session, key: str) -> bool:
    """Whether this very session waits for the answer to the transaction's StartTransaction."""
    record = session.memory.get(key, {})
    return "transactionId" not in record and record.get("asked") == session.connected_at


def facts(key: str, record: Record) -> dict[str, Any]:
    """What an operator needs to find it."""
    return {
        "transactionId": key.removeprefix("tx/"),
        "connectorId": record.get("connector"),
        "began": record["at"],
        "meterStart": record.get("meterStart", record.get("begin", record.get("first"))),
    }
