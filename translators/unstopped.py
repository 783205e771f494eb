"""Transactions that a boot may have cut off: open when the station booted, and perhaps never to be stopped.

A stop may still be in the station's queue, so nothing is said of them for a while. Memory, of the station on a backend:

    unstopped    {<key of a transaction>: {"at": Unix time of the boot, "told": an operator knows, and what the link adds}}
"""

from collections.abc import Generator, Iterable
from typing import Any

from translators.effects import Forget, Note, Remember, Step
from translators.session import Session

WAIT = 300.0
"""Seconds after a boot in which a queued stop may come."""
_KEY = "unstopped"

Watched = dict[str, Any]


def booted(session: Session, open_ones: Iterable[tuple[str, Watched]]) -> Generator[Step, Any, None]:
    """The station has booted with these open, each with what the link wants to know of it later. One that a former boot
    found open already waits from that one on."""
    before = session.memory.get(_KEY, {})
    now = {key: before.get(key, {"at": session.unix_time, "told": False, **more}) for key, more in open_ones}
    if now:
        yield Remember(_KEY, now)
    else:
        yield Forget(_KEY)


def overdue(session: Session) -> list[tuple[str, Watched]]:
    """Those whose stop should have come."""
    watched: dict[str, Watched] | None = session.memory.get(_KEY)
    if not watched:
        return []
    return [(key, one) for key, one in watched.items() if session.unix_time - one["at"] >= WAIT]


def dropped(session: Session, key: str) -> Remember | Forget:
    """This one is no matter any more."""
    left = {other: one for other, one in session.memory.get(_KEY, {}).items() if other != key}
    return Remember(_KEY, left) if left else Forget(_KEY)


def told(session: Session, key: str, one: Watched, facts: dict[str, Any]) -> Generator[Step, Any, None]:
    """Alarm an operator, once a transaction."""
    if not one["told"]:
        yield Note("never_stopped", facts)
        yield Remember(_KEY, {**session.memory[_KEY], key: {**one, "told": True}})
