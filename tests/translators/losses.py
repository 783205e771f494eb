"""Whether a loss that was noted is one that a row declares."""

from functools import cache

from translators.effects import Note
from translators.links import LINKS
from translators.tables import Row


@cache
def rows(caller_version: str, other_version: str, action: str) -> tuple[Row, ...]:
    """The rows of this action when a side of the first version calls one of the second: a station, a CSMS, or either."""
    up = LINKS[caller_version, other_version].from_station.get(action)
    down = LINKS[other_version, caller_version].from_csms.get(action)
    return tuple(row for row in (up, down) if row is not None)


@cache
def declared(caller_version: str, other_version: str, action: str) -> frozenset[str]:
    return frozenset(loss.field for row in rows(caller_version, other_version, action) for loss in row.losses())


def assert_declared(note: Note) -> None:
    if note.kind == "lost":
        facts = note.facts
        assert facts["field"] in declared(facts["from"], facts["to"], facts["action"]), note
