"""The 1.6 status of a connector, put together from what 2.0.1 says in three places: connectorStatus, the transaction,
its chargingState."""

from collections.abc import Generator
from functools import partial
from typing import Any

from translators.effects import Ask, Expect, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.session import Session
from translators.v201_to_v16 import connectors, records
from translators.v201_to_v16.connectors import Place
from translators.v201_to_v16.records import Record
from translators.words import Transaction, status_16

_NEVER_AT_ONCE = ({"Reserved", "Finishing"}, {"Charging", "SuspendedEV", "SuspendedEVSE", "Finishing"})
"""1.6 section 4.9 knows no step from the one to the other: Preparing lies between."""

MINIMUM = "minimum"

PASSING = "passing"
"""A problem that is over as soon as the connector says that it is not Faulted: what ended a transaction, what explains
a fault without 1.6 having a word for it."""


def heard(session: Session, place: Place, status: str, timestamp: str) -> Remember:
    """The station said this of a connector."""
    before = connectors.reported(session, place)
    since = before["since"] if before.get("status") == status else session.unix_time
    return Remember(
        f"station/reported/{place[0]}.{place[1]}", {"status": status, "timestamp": timestamp, "since": since}
    )


def held(session: Session) -> float:
    """MinimumStatusDuration where the gateway keeps it for a station that has no such variable: seconds for which a
    status must last before it is told (1.6 section 9.1.19). Whoever shows a status then answers its call first."""
    return float(session.memory.get(MINIMUM, 0))


def show(session: Session, number: int, timestamp: str, back: bool = False) -> Generator[Step, Any, None]:
    """Tell the CSMS the status of a connector, if that is news. Raises PeerError and PeerSilent."""
    said = _said(session, number)
    last = session.memory.get(f"sent/{number}", {})
    if said is None or said == last:
        return
    if last and held(session):
        said = yield from _lasting(session, number)
        if said is None:
            return
        last = session.memory.get(f"sent/{number}", {})
    status = said["status"]
    if last.get("status") in _NEVER_AT_ONCE[0] - {status} and status in _NEVER_AT_ONCE[1]:
        yield from _send(session, number, timestamp, back, {"errorCode": "NoError", "status": "Preparing"})
    if said != session.memory.get(f"sent/{number}"):
        yield from _send(session, number, timestamp, back, said)


def _lasting(session: Session, number: int) -> Generator[Step, Any, dict[str, Any] | None]:
    """What there is to tell once it has been the same for long enough."""
    while True:
        said = _said(session, number)
        changed = partial(_is_other, session, number, said)
        if said is None or not (yield Expect(changed, held(session))):
            return said


def _is_other(session: Session, number: int, said: dict[str, Any] | None) -> bool:
    return _said(session, number) != said


def show_if_possible(
    session: Session, number: int | None, timestamp: str, back: bool = False
) -> Generator[Step, Any, None]:
    """The same beside a message that matters more: a CSMS that does not take the status does not hinder that one."""
    if number is not None:
        try:
            yield from show(session, number, timestamp, back)
        except (PeerError, PeerSilent) as failure:
            yield Note("status_not_taken", {"why": str(failure)})


def _send(
    session: Session, number: int, timestamp: str, back: bool, said: dict[str, Any]
) -> Generator[Step, Any, None]:
    # Remembered first, so that two conversations at once do not say the same twice.
    yield Remember(f"sent/{number}", said)
    payload = {
        "connectorId": number,
        "errorCode": said["errorCode"],
        "info": said.get("info"),
        "status": said["status"],
        "timestamp": timestamp,
        "vendorErrorCode": said.get("vendorErrorCode"),
    }
    try:
        yield Ask("StatusNotification", {name: value for name, value in payload.items() if value is not None}, back)
    except (PeerError, PeerSilent):
        yield Forget(f"sent/{number}")
        raise


def _said(session: Session, number: int) -> dict[str, Any] | None:
    """What there is to tell of a connector now: the parts of a StatusNotification that make it news."""
    status, info = _station(session) if number == 0 else _connector(session, number)
    if status is None:
        return None
    problem = _problem(session, number)
    return {
        "errorCode": problem.get("errorCode") or ("OtherError" if status == "Faulted" else "NoError"),
        **({"info": info or problem["info"]} if info or problem.get("info") else {}),
        "status": status,
        **({"vendorErrorCode": problem["vendorErrorCode"]} if problem.get("vendorErrorCode") else {}),
    }


def _station(session: Session) -> tuple[str, None]:
    status = connectors.reported(session, (0, 0)).get("status")
    return (status if status in ("Unavailable", "Faulted") else "Available"), None


def _connector(session: Session, number: int) -> tuple[str | None, str | None]:
    """Status and info; None while there is nothing to say."""
    place = connectors.place_of(session, number)
    said = connectors.reported(session, place) if place is not None else {}
    status = said.get("status")
    record = records.on_connector(session, number)
    if record is None:
        return status_16(status) if status else (None, None)
    if "ended" in record:
        if status == "Occupied" and float(said["since"]) > record["ended"]:
            return status_16(status)  # the next car
        if status == "Occupied" and record.get("gone"):
            return None, None  # the connector is about to say that it is free
        return status_16(status, "ended") if status else (None, None)
    charged = bool(record.get("charged"))
    return status_16(
        status or "Occupied",
        _transaction(record, status),
        record.get("chargingState"),
        has_charged=charged,
        deauthorized=bool(record.get("halted") or (charged and record.get("refused"))),
    )


def _transaction(record: Record, status: str | None) -> Transaction:
    if status == "Available":
        # The token came before the car, which has not come yet; or the transaction is over but for its Ended event.
        waits = "idTag" in record and not record.get("refused") and not record.get("connected")
        return "authorized" if waits else "none"
    return "authorized" if "transactionId" in record else "unauthorized"


def _problem(session: Session, number: int) -> dict[str, Any]:
    """The newest problem that is open on a connector."""
    open_ones = list(session.memory.get(f"station/problems/{number}", {}).values())
    return open_ones[-1] if open_ones else {}


def problem_found(session: Session, number: int, name: str, problem: dict[str, Any]) -> Remember:
    """A problem has appeared on a connector."""
    others = {key: value for key, value in session.memory.get(f"station/problems/{number}", {}).items() if key != name}
    return Remember(f"station/problems/{number}", {**others, name: problem})


def problem_over(session: Session, number: int, name: str) -> Generator[Step, Any, None]:
    """A problem is over."""
    left = dict(session.memory.get(f"station/problems/{number}", {}))
    if left.pop(name, None) is not None:
        yield Remember(f"station/problems/{number}", left) if left else Forget(f"station/problems/{number}")
