"""Which connector of which EVSE a 1.6 connector is. Connector n is EVSE n, connector 1, unless configured otherwise.

1.6 section 3.8 numbers connectors from 1 without a gap and means the whole station by 0; 2.0.1 leaves the EVSE out, or
writes 0 where the field is required.
"""

from translators.frames import Payload
from translators.session import Session

Place = tuple[int, int]
"""An EVSE and its connector."""


def place_of(session: Session, connector: int) -> Place | None:
    """The connector's place; None for the station as a whole."""
    if connector <= 0:
        return None
    given = session.options.connectors
    if connector in given:
        return given[connector]
    if (connector, 1) in given.values():
        return (max(evse for evse, _ in given.values()) + connector, 1)
    return (connector, 1)


def evse_of(session: Session, connector: int) -> Payload | None:
    """The same as an EVSEType."""
    place = place_of(session, connector)
    return None if place is None else {"id": place[0], "connectorId": place[1]}


def known(session: Session) -> list[int]:
    """The connectors of which configuration or the station's reports tell; empty when nothing is known."""
    prefix = "station/status/"
    seen = {int(key.removeprefix(prefix)) for key, _ in session.remembered(prefix)}
    return sorted(number for number in seen | set(session.options.connectors) if number > 0)


def connectors_of(session: Session, evse: int) -> list[int]:
    """The connectors of an EVSE. One that has not reported yet may exist all the same, unless a map was configured: a
    station that did not boot lately tells of a connector when its status changes."""
    numbers = known(session)
    here = [(place, number) for number in numbers if (place := place_of(session, number)) and place[0] == evse]
    if not here and evse > 0 and not session.options.connectors:
        return [evse]
    return [number for _, number in sorted(here)]


def connector_at(session: Session, evse: int, connector: int) -> int | None:
    """The 1.6 number of this connector; None when there is none."""
    return next((n for n in connectors_of(session, evse) if place_of(session, n) == (evse, connector)), None)


def best_of(session: Session, evse: int) -> int | None:
    """The connector to use of an EVSE: the one with a car, else a free one, else the first."""
    numbers = connectors_of(session, evse)

    def rank(number: int) -> int:
        status = session.memory.get(f"station/status/{number}", {}).get("status")
        return {"Preparing": 0, "Available": 1}.get(status, 2)

    return min(numbers, key=rank, default=None)
