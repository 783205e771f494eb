"""The checker catches what it is there for: hand-made histories, each broken in one place."""

from typing import Any

import pytest

from tests.soak.checker import Limits, Violation, check
from tests.soak.history import Event

Line = tuple[Any, ...]


def events(*lines: Line) -> list[Event]:
    """(actor, kind, {fields of Event and about}), a tenth of a second apart unless `t` says otherwise."""
    made, fields = [], {"identity", "connection", "id", "key", "tx", "number"}
    for place, (actor, kind, *rest) in enumerate(lines):
        given = {"identity": "S-1", **(rest[0] if rest else {})}
        known = {name: value for name, value in given.items() if name in fields}
        about = {name: value for name, value in given.items() if name not in fields and name != "t"}
        made.append(Event(given.get("t", place / 10), actor, kind, about=about, **known))
    return sorted(made, key=lambda event: event.t)


def message(key: str, tx: str = "T1", number: str = "7", seq: int | None = None, up: str = "u1") -> list[Line]:
    """A message that goes as it should."""
    about = {"key": key, "tx": tx}
    return [
        ("fleet", "queued", about),
        ("fleet", "send", {**about, "id": key}),
        ("backend", "recv", {"key": key, "number": number, "seq": seq, "at": "t", "connection": up}),
        ("backend", "answer", {"key": key}),
        ("fleet", "ack", {**about, "number": number if key.startswith("start") else "", "ignored": False}),
    ]


UP: Line = ("backend", "open", {"connection": "u1"})
GOOD = [
    UP,
    *message("start:1", seq=0),
    *message("meter:2", seq=1),
    *message("stop:3", seq=2),
    ("backend", "call", {"id": "b1", "nonce": "S-1/b1", "connection": "u1"}),
    ("fleet", "called", {"id": "b1", "nonce": "S-1/b1", "wanted": "S-1"}),
    ("backend", "answered", {"id": "b1", "sent": "S-1/b1", "got": "S-1/b1", "connection": "u1"}),
    ("test", "healed"),
    ("test", "settled"),
    ("fleet", "state", {"connected": True, "queued": 0}),
    ("test", "gauge", {"name": "fds", "value": 10, "limit": 11}),
]


def found(lines: list[Line], limits: Limits | None = None) -> list[Violation]:
    return check(events(*lines), limits)


def without(lines: list[Line], actor: str, kind: str, key: str = "") -> list[Line]:
    """Those that are not this; of a key, where one is given."""
    return [line for line in lines if not (line[:2] == (actor, kind) and (not key or line[2].get("key") == key))]


def test_a_history_in_which_all_promises_hold() -> None:
    assert found(GOOD) == []


SECOND: Line = ("backend", "open", {"connection": "u2"})
STOP_AGAIN: Line = ("backend", "recv", {"key": "stop:3", "number": "7", "seq": 2, "at": "t", "connection": "u1"})
BROKEN: dict[str, tuple[str, list[Line]]] = {
    "acknowledged, and no backend has it": (
        "I1",
        without(without(GOOD, "backend", "recv", "stop:3"), "backend", "answer", "stop:3"),
    ),
    "a backend has it and never answered": ("I2", without(GOOD, "backend", "answer", "meter:2")),
    "acknowledged before the backend did": (
        "I2",
        [
            ("fleet", "ack", {"key": "stop:3", "tx": "T1", "ignored": False, "t": 1.05}),
            *without(GOOD, "fleet", "ack", "stop:3"),
        ],
    ),
    "a CALLERROR nobody gave": (
        "I3",
        [*GOOD, ("fleet", "error", {"key": "stop:3", "tx": "T1", "code": "GenericError"})],
    ),
    "overtaken": (
        "I4",
        [
            UP,
            ("fleet", "queued", {"key": "start:1", "tx": "T1"}),
            ("fleet", "queued", {"key": "meter:2", "tx": "T1"}),
            ("backend", "recv", {"key": "meter:2", "number": "7", "connection": "u1"}),
            ("backend", "recv", {"key": "start:1", "number": "7", "connection": "u1"}),
        ],
    ),
    "a hole in the sequence": ("I4", [UP, *message("start:1", seq=0), *message("meter:2", seq=2)]),
    "twice, sent once": ("I5", [*GOOD, STOP_AGAIN]),
    "again in other words": ("I5", [*GOOD, SECOND, (*STOP_AGAIN[:2], {**STOP_AGAIN[2], "seq": 3, "connection": "u2"})]),
    "an older connection speaks": (
        "I6",
        [
            UP,
            SECOND,
            *message("start:1", up="u2"),
            ("fleet", "queued", {"key": "meter:2", "tx": "T1"}),
            ("backend", "recv", {"key": "meter:2", "number": "7", "connection": "u1", "t": 9.0}),
        ],
    ),
    "a reply nobody asked for, at the station": ("I7", [*GOOD, ("fleet", "stray", {"id": "x"})]),
    "a reply nobody asked for, at the backend": ("I7", [*GOOD, ("backend", "stray", {"id": "x"})]),
    "another station's call": ("I7", [*GOOD, ("fleet", "called", {"id": "b9", "wanted": "S-2"})]),
    "another's answer": (
        "I7",
        [
            *without(GOOD, "backend", "answered"),
            ("backend", "answered", {"id": "b1", "sent": "S-1/b1", "got": "S-2/b1", "connection": "u1"}),
        ],
    ),
    "two replies": ("I7", [*GOOD, ("backend", "answered", {"id": "b1", "connection": "u1"})]),
    "a call without an end": ("I7", [*without(GOOD, "backend", "answered"), ("test", "later", {"t": 100.0})]),
    "one transaction is two": ("I8", [UP, *message("start:1", number="7"), *message("stop:3", number="8")]),
    "two transactions are one": ("I8", [UP, *message("start:1"), *message("start:5", tx="T2")]),
    "what no station sent": ("I8", [*GOOD, ("backend", "recv", {"key": "stop:9", "number": "7", "connection": "u1"})]),
    "two ids for one start": (
        "I8",
        [*GOOD, ("fleet", "ack", {"key": "start:1", "tx": "T1", "number": "8", "ignored": False})],
    ),
    "not connected": ("I9", [*GOOD, ("fleet", "state", {"connected": False, "queued": 0})]),
    "not empty": ("I9", [*GOOD, ("fleet", "state", {"connected": True, "queued": 3})]),
    "too late": ("I9", [*GOOD, ("test", "settled", {"t": 99.0})]),
    "given up": ("I9", [*GOOD, ("fleet", "drop", {"key": "stop:3", "tx": "T1"})]),
    "too large": ("I10", [*GOOD, ("test", "gauge", {"name": "fds", "value": 12, "limit": 11})]),
    "a secret in the log": ("I10", [*GOOD, ("test", "leak", {"where": "log", "text": "SOAK"})]),
    "the scenario's own": ("S", [*GOOD, ("test", "unmet", {"what": "x", "evidence": []})]),
}


@pytest.mark.parametrize(("invariant", "lines"), BROKEN.values(), ids=BROKEN.keys())
def test_every_broken_promise_is_found_and_nothing_else(invariant: str, lines: list[Line]) -> None:
    violations = found(lines)
    assert {violation.invariant for violation in violations} == {invariant}
    assert all(violation.evidence for violation in violations)
    assert all(str(violation).startswith(invariant) for violation in violations)


ALLOWED: dict[str, tuple[list[Line], Limits]] = {
    "a station that sends again": ([*GOOD, ("fleet", "send", {"key": "stop:3", "id": "n"}), STOP_AGAIN], Limits()),
    "on a new connection": ([*GOOD, SECOND, (*STOP_AGAIN[:2], {**STOP_AGAIN[2], "connection": "u2"})], Limits()),
    "an error the backend gave": (
        [*GOOD, ("backend", "refuse", {"key": "stop:3"}), ("fleet", "error", {"key": "stop:3", "code": "X"})],
        Limits(),
    ),
    "from the durable store": (without(GOOD, "backend", "answer"), Limits(buffered=True)),
    "a call that ended with its connection": (
        [*without(GOOD, "backend", "answered"), ("backend", "close", {"connection": "u1"}), ("test", "x", {"t": 100.0})],
        Limits(),
    ),
    "a call of a backend that was killed": (
        [*without(GOOD, "backend", "answered"), ("test", "killed", {"who": "backend"}), ("test", "x", {"t": 100.0})],
        Limits(),
    ),
    "two sockets read in turns": (
        [UP, SECOND, *message("start:1", up="u2"), ("fleet", "queued", {"key": "meter:2", "tx": "T1"}),
         ("backend", "recv", {"key": "meter:2", "number": "7", "connection": "u1", "t": 0.51})],
        Limits(overlap_seconds=0.25),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "limits"), ALLOWED.values(), ids=ALLOWED.keys())
def test_what_is_allowed_is_no_violation(lines: list[Line], limits: Limits) -> None:
    assert found(lines, limits) == []
