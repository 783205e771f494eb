"""What proves a station beside what the stations file says, while and after a CSMS has changed it: hashes of its password,
fingerprints of its certificate.

A record holds `over` (a digest of what the file said when the change began: it counts while the file says that), `now`
(lines that replace the file's, null: the file's hold) and `next` (changes that the station has not come in with yet).
Each line of all of them is accepted; after the first login with a next one that alone is. Records are never changed in
place.
"""

from typing import Any

SECRET, CERTIFICATE = "station/secret", "station/certificate"
"""Keys of a station's memory."""

MOST_NEXT = 4
"""Changes without a plain answer of the station. Each could be what it has, so that none may be dropped."""

Record = dict[str, Any]


def current(value: object, over: str) -> Record | None:
    """The record, if it is one and speaks of what the file says."""
    return value if isinstance(value, dict) and value.get("over") == over else None


def lines(record: Record | None, own: tuple[str, ...]) -> list[tuple[str, str | None]]:
    """What proves the station, each with the change it belongs to (None: it holds already). `own`: what the file says."""
    if record is None:
        return [(line, None) for line in own]
    settled: list[str] = list(own) if record["now"] is None else record["now"]
    return [(line, None) for line in settled] + [(line, one["id"]) for one in record["next"] for line in one["lines"]]


def is_full(value: object) -> bool:
    """Whether too many changes wait for the station's word already."""
    return len(_next(value)) >= MOST_NEXT


def begun(value: object, over: str, change: str, added: list[str]) -> Record:
    """The record with one change more, whose id is `change`."""
    record = current(value, over) or {"over": over, "now": None, "next": []}
    return {**record, "next": [*record["next"], {"id": change, "lines": added}]}


def taken(value: Any, change: str) -> Record | None:
    """The record when the station took the change: earlier ones without an answer are over, what holds now holds until
    it comes in with this one. None: nothing changes."""
    kept = [one for one in _next(value) if one["id"] == change]
    return {**value, "next": kept} if kept and kept != value["next"] else None


def refused(value: Any, change: str) -> Record | None:
    """The record when the station refused the change: it is as if it had not been. None: nothing changes."""
    left = [one for one in _next(value) if one["id"] != change]
    return {**value, "next": left} if left != _next(value) else None


def came_in(value: Any, change: str) -> Record | None:
    """The record when the station came in with the change: nothing else is accepted from now on."""
    found = next((one for one in _next(value) if one["id"] == change), None)
    return None if found is None else {**value, "now": found["lines"], "next": []}


def _next(value: Any) -> list[dict[str, Any]]:
    return list(value["next"]) if isinstance(value, dict) else []
