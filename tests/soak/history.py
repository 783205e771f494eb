"""What a simulator saw, as events that can be compared across processes.

An event is a JSON object on a line. `t` is CLOCK_MONOTONIC in seconds, which all processes of one machine share.
`key` names what a transaction message says, in words that survive translation: `start:1200`, `meter:1210`, `stop:1230`
(kind and energy register in Wh; a station's register never stands still between two messages).

    actor fleet    open close(code) refused(status) queued(key tx) send(key tx id) ack(key tx id number ignored)
                   error(key tx id code) timeout(key tx id) drop(key tx) called(id nonce) stray(id) late(id)
                   state(connected queued)
    actor backend  started open close recv(key tx id number seq at) answer(key id) refuse(key id code) call(id nonce)
                   answered(id sent got) stray(id)
    actor test     fault healed killed gauge(when name value limit) leak(where)
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened."""

    t: float
    actor: str
    kind: str
    identity: str = ""
    connection: str = ""
    id: str = ""
    """The message id."""
    key: str = ""
    tx: str = ""
    """The transaction, by its id tag: every transaction of a fleet has its own."""
    number: str = ""
    """The transaction id in the actor's own dialect."""
    about: dict[str, Any] = {}

    def line(self) -> str:
        return msgspec.json.encode(self).decode()


class History:
    """An actor's events: kept in memory, or appended to a file at once so that a kill -9 loses none."""

    def __init__(self, actor: str, path: Path | None = None) -> None:
        self.actor = actor
        self.events: list[Event] = []
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if path is not None else None

    def note(
        self,
        kind: str,
        identity: str = "",
        *,
        connection: str = "",
        id: str = "",  # noqa: A002
        key: str = "",
        tx: str = "",
        number: str = "",
        **about: Any,
    ) -> Event:
        event = Event(time.monotonic(), self.actor, kind, identity, connection, id, key, tx, number, about)
        if self._file is None:
            self.events.append(event)
        else:
            os.write(self._file, msgspec.json.encode(event) + b"\n")
        return event

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def load(path: Path) -> list[Event]:
    """The events of a file. A last line without its end was being written when its writer was killed, and does not
    count."""
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    return msgspec.json.Decoder(Event).decode_lines(whole) if whole else []


def merged(*histories: Iterable[Event]) -> list[Event]:
    """All of them in the order of time."""
    return sorted((event for history in histories for event in history), key=lambda event: event.t)


def dump(events: Iterable[Event], path: Path) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for event in events))
