"""Which 1.6 connector stands for which connector of which EVSE: numbered once, never renumbered.

1.6 section 3.8 wants numbers from 1 without a gap, in any order we like; 2.0.1 counts connectors per EVSE. The numbers
come from configuration or are learned from what the station reports, in the order of (EVSE, connector). A station that
reports in that order is numbered as it speaks; one that does not is heard out first.
"""

from collections.abc import Generator, Iterable
from functools import lru_cache
from typing import Any

from translators.effects import Answer, Expect, Remember, Step
from translators.session import Session

Place = tuple[int, int]
"""An EVSE and its connector."""

STABLE_AFTER = 60.0
"""Seconds after which what has been reported is taken for all there is."""

_MAP = "station/connectors"
_MOST_EVSES, _MOST_CONNECTORS = 512, 32


def numbers(session: Session) -> dict[Place, int]:
    """Every connector that has a number."""
    return {_place(text): number for text, number in session.memory.get(_MAP, {}).items()}


def place_of(session: Session, number: int) -> Place | None:
    """The connector a CSMS means by this number."""
    known = session.memory.get(_MAP, {})
    for text, given in known.items():
        if given == number:
            return _place(text)
    return None


def is_place(evse: int, connector: int) -> bool:
    """Whether a station can have such a connector."""
    return 0 < evse <= _MOST_EVSES and 0 < connector <= _MOST_CONNECTORS


def reported(session: Session, place: Place) -> dict[str, Any]:
    """What the station last said of this connector: `status`, its `timestamp`, `since` (Unix time of the change)."""
    found: dict[str, Any] = session.memory.get(f"station/reported/{place[0]}.{place[1]}", {})
    return found


def meant(session: Session, evse: int, connector: int | None) -> Place | None:
    """The connector meant by an EVSE that may come without one: its only one, the one last reported Occupied, the
    lowest. None for what no station can have."""
    if connector:
        return (evse, connector) if is_place(evse, connector) else None
    if not is_place(evse, 1):
        return None
    here = sorted(place for place in {*numbers(session), *_heard_of(session)} if place[0] == evse)
    occupied = [place for place in here if reported(session, place).get("status") == "Occupied"]
    if occupied:
        return max(occupied, key=lambda place: float(reported(session, place).get("since", 0.0)))
    return here[0] if here else (evse, 1)


def configured(session: Session) -> Generator[Step, Any, None]:
    """Take over the numbers that configuration gives; learned ones stay where they do not collide."""
    given = {place: number for number, place in session.options.connectors.items()}
    learned = {
        place: number
        for place, number in numbers(session).items()
        if place not in given and number not in session.options.connectors
    }
    merged = given | learned
    if given and merged != numbers(session):
        yield _remember(merged)


def number_now(session: Session, place: Place) -> Generator[Step, Any, int]:
    """The number of this connector; a new one gets its number at once, after those of which it is known that they
    exist: what was reported, and what 2.0.1 implies (EVSEs and their connectors count from 1 without a gap)."""
    if place not in numbers(session):
        known = {*numbers(session), *_heard_of(session), place}
        yield from _number(session, known if session.options.connectors else _implied(known))
    return numbers(session)[place]


def number_in_time(session: Session, place: Place) -> Generator[Step, Any, int]:
    """The number of this connector; a new one that leaves a gap waits for the others, at most STABLE_AFTER. The call
    at hand is then answered first."""
    if place not in numbers(session):
        known = {*numbers(session), *_heard_of(session), place}
        if session.options.connectors or _implied(known) == known:
            yield from _number(session, known)
        else:
            yield Answer({})
            if not (yield Expect(lambda: place in numbers(session), STABLE_AFTER)):
                yield from _number(session, {*_heard_of(session), place})
    return numbers(session)[place]


def number_after_wait(session: Session) -> Generator[Step, Any, None]:
    """Go on waiting for what is unnumbered, and number it."""
    if not (yield Expect(lambda: not unnumbered(session), STABLE_AFTER)):
        yield from _number(session, unnumbered(session))


def unnumbered(session: Session) -> set[Place]:
    """Connectors that were reported and wait for their number."""
    return _heard_of(session) - set(numbers(session))


def _number(session: Session, places: Iterable[Place]) -> Generator[Step, Any, None]:
    given = numbers(session)
    following = max(given.values(), default=0) + 1
    new = sorted(set(places) - set(given))
    if new:
        yield _remember(given | {place: following + index for index, place in enumerate(new)})


def _implied(places: set[Place]) -> set[Place]:
    top = {evse: max(connector for at, connector in places if at == evse) for evse, _ in places}
    return {
        (evse, connector) for evse in range(1, max(top, default=0) + 1) for connector in range(1, top.get(evse, 1) + 1)
    }


def _heard_of(session: Session) -> set[Place]:
    places = (_place(key.removeprefix("station/reported/")) for key, _ in session.remembered("station/reported/"))
    return {place for place in places if is_place(*place)}


@lru_cache(_MOST_EVSES)
def _place(text: str) -> Place:
    evse, _, connector = text.partition(".")
    return int(evse), int(connector)


def _remember(given: dict[Place, int]) -> Remember:
    ordered = sorted(given.items(), key=lambda entry: entry[1])
    return Remember(_MAP, {f"{evse}.{connector}": number for (evse, connector), number in ordered})
