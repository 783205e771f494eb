"""The profiles a station has. 1.6 cannot list them, so what it accepts is kept: memory `station/profile/<id>`.

Of each: `id`, `connector` (None: the one its remote start will choose), `purpose`, `stackLevel`, `profile` (in 1.6
words), `scheduleId`, and for a TxProfile its `transaction` (the UUID) or the `remoteStartId` it came with.
"""

from collections.abc import Generator
from typing import Any

from translators import profiles
from translators.effects import Forget, Remember, Step
from translators.frames import Payload
from translators.session import Session
from translators.v16_to_v201.answers import lean
from translators.v16_to_v201.connectors import place_of
from translators.v16_to_v201.records import Record, open_records

_KEPT = "station/profile/"


def installed(
    session: Session,
    connector: int | None,
    profile: Payload,
    given: Payload,
    *,
    transaction: str | None = None,
    remote_start_id: int | None = None,
) -> Generator[Step, Any, None]:
    """The station has accepted the 1.6 `profile`, which was `given` in 2.0.1 words."""
    entry = profiles.entry_for(
        connector,
        profile,
        scheduleId=given["chargingSchedule"][0]["id"],
        **lean({"transaction": transaction, "remoteStartId": remote_start_id}),
    )
    yield from swept(session)
    key = f"{_KEPT}{entry['id']}"
    for other, old in session.remembered(_KEPT):
        if other != key and profiles.replaces(entry, old):
            yield Forget(other)
    yield Remember(key, entry)


def cleared(session: Session, request: Payload) -> Generator[Step, Any, None]:
    """The station has answered this 1.6 ClearChargingProfile.req: Accepted or Unknown, it has no such profile now."""
    for key, entry in session.remembered(_KEPT):
        if profiles.cleared_by(request, entry):
            yield Forget(key)


def swept(session: Session) -> Generator[Step, Any, None]:
    """1.6 section 3.13.1: a TxProfile is gone with its transaction."""
    for key, entry in session.remembered(_KEPT):
        if (
            entry["purpose"] == "TxProfile"
            and not _is_expected(session, entry)
            and _transaction(session, entry) is None
        ):
            yield Forget(key)


def _transaction(session: Session, entry: Payload) -> Record | None:
    """The open transaction of a TxProfile."""
    for _, record in reversed(open_records(session)):
        if "transaction" in entry and record["uuid"] == entry["transaction"]:
            return record
        if "remoteStartId" in entry and record.get("remoteStartId") == entry["remoteStartId"]:
            return record
    return None


def _is_expected(session: Session, entry: Payload) -> bool:
    """Whether the remote start it came with has not led to a transaction yet, and may."""
    remote = session.memory.get(f"remote/{entry.get('remoteStartId')}")
    return remote is not None and bool(remote["expires"] >= session.unix_time)


def told(session: Session) -> list[tuple[int, Payload]]:
    """EVSE and 2.0.1 profile of everything that is kept."""
    found = []
    for _, entry in session.remembered(_KEPT):
        record = _transaction(session, entry) if entry["purpose"] == "TxProfile" else None
        connector = record["connector"] if record is not None else entry["connector"]
        if connector is None:
            continue  # its EVSE is not chosen yet
        place = place_of(session, connector)
        uuid = None if record is None else record["uuid"]
        found.append((place[0] if place else 0, profiles.said_in_201(entry["profile"], uuid, entry["scheduleId"])))
    return found
