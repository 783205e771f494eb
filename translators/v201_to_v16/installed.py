"""The profiles a station has, as far as they were set through the gateway: memory `station/installed/<id>`.

1.6 lets a profile take the place of another by its stackLevel and purpose, 2.0.1 by its id alone, so what is replaced
has to be known. Of each: `id`, `connector`, `purpose`, `stackLevel`, `profile` (in 2.0.1 words), and the
`remoteStartId` of one that came with a remote start.
"""

from collections.abc import Generator
from typing import Any

from translators import profiles
from translators.effects import Ask, Forget, Note, PeerError, Remember, Step
from translators.frames import Payload
from translators.session import Session
from translators.v201_to_v16 import connectors, records
from translators.v201_to_v16.answers import ask_station

_KEPT = "station/installed/"


def started_with(
    session: Session, number: int | None, profile: Payload, remote_start_id: int
) -> Generator[Step, Any, None]:
    """The station has accepted a remote start with this 2.0.1 profile."""
    at = None if number is None else place_for(session, number)
    entry = profiles.entry_for(at, profile, remoteStartId=remote_start_id)
    yield from _swept(session)
    yield Remember(f"{_KEPT}{entry['id']}", entry)


def install(session: Session, entry: Payload) -> Generator[Step, Any, Payload]:
    """Set this profile, and keep it if it is accepted; the station's answer."""
    place = connectors.place_of(session, entry["connector"])
    request = {"evseId": place[0] if place is not None else 0, "chargingProfile": entry["profile"]}
    answer = yield from ask_station("SetChargingProfile", request, otherwise={"status": "NotSupported"})
    if answer["status"] == "Accepted":
        yield Remember(f"{_KEPT}{entry['id']}", entry)
    return answer


def clear_for(session: Session, entry: Payload) -> Generator[Step, Any, list[Payload]]:
    """Take away what the new profile replaces under another id; gives what was taken away and can be put back."""
    yield from _swept(session)
    taken = []
    for key, old in session.remembered(_KEPT):
        old = {**old, "connector": _connector(session, old)}
        if old["id"] == entry["id"] or not profiles.replaces(entry, old):
            continue
        try:
            answer = yield Ask("ClearChargingProfile", {"chargingProfileId": old["id"]})
        except PeerError as error:
            yield Note("station_declined", {"reason": error.code})
            continue
        yield Forget(key)
        if answer["status"] == "Accepted" and "remoteStartId" not in old:
            taken.append(old)
    return taken


def put_back(session: Session, entries: list[Payload]) -> Generator[Step, Any, None]:
    """A 1.6 station that refuses a profile keeps the one it has."""
    for entry in entries:
        yield from install(session, entry)


def cleared(session: Session, request: Payload) -> Generator[Step, Any, None]:
    """The station has carried out this 1.6 ClearChargingProfile.req: Accepted or Unknown, it has no such profile now."""
    if "connectorId" in request:
        request = {**request, "connectorId": place_for(session, request["connectorId"])}
    for key, entry in session.remembered(_KEPT):
        if profiles.cleared_by(request, entry):
            yield Forget(key)


def place_for(session: Session, number: int) -> int:
    """2.0.1 has profiles by EVSE: all its connectors are one place, that of the first."""
    place = connectors.place_of(session, number)
    here = (other for (evse, _), other in connectors.numbers(session).items() if place and evse == place[0])
    return min(here, default=number)


def _swept(session: Session) -> Generator[Step, Any, None]:
    """A TxProfile is gone with its transaction, in both versions."""
    for key, entry in session.remembered(_KEPT):
        if entry["purpose"] != "TxProfile" or f"remote/{entry.get('remoteStartId')}" in session.memory:
            continue
        if _record(session, entry) is None:
            yield Forget(key)


def _record(session: Session, entry: Payload) -> records.Record | None:
    """The open transaction of a TxProfile."""
    transaction_id, remote = entry["profile"].get("transactionId"), entry.get("remoteStartId")
    for key, record in reversed(records.open_records(session)):
        if key == records.key_of(str(transaction_id)) or (remote is not None and record.get("remoteStartId") == remote):
            return record
    return None


def _connector(session: Session, entry: Payload) -> int | None:
    """The connector of a profile; of one that came with a remote start, the one that the start has chosen."""
    record = (_record(session, entry) if entry["purpose"] == "TxProfile" else None) or {}
    if "connector" in record:
        return place_for(session, record["connector"])
    number: int | None = entry["connector"]
    return number
