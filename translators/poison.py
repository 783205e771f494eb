"""Messages that a backend never takes although it is well: one message must not hold up a station's queue for ever.

A backend's InternalError is weather (decision 0005): the station is not answered, keeps the message and asks again. The
very same message refused again and again by a backend that takes other calls is no weather any more (decision 0013).
Silence is never counted, and neither is SecurityError: it says that the boot is not accepted yet.

Memory: `poison/<hash of action and payload>` {"answers", "connections", "since", "well"} what a backend made of a call
that belongs to a transaction message; forgotten when it takes it.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from translators.effects import Forget, Note, PeerError, Remember
from translators.errors import TRANSIENT
from translators.frames import Call

PREFIX = "poison/"
ANSWERS, CONNECTIONS = 5, 3
"""How often, and on how many connections of the station, the same call must have been refused."""
SECONDS = 3600.0
"""And for how long: what is passed on may be lost, so an operator who was alarmed has this time to mend the backend."""
COUNTED = TRANSIENT - {"SecurityError"}
_KEPT_FOR, _MOST_KEPT = 30 * 86400.0, 32

Verdict = Literal["weather", "alarm", "poison"]


def key_of(call: Call) -> str:
    """The same for the same content, whatever its message id."""
    content = msgspec.json.encode([call.action, call.payload], order="sorted")
    return PREFIX + hashlib.sha256(content).hexdigest()[:24]


def counted(entry: dict[str, Any] | None, connection: float, now: float, *, well: bool) -> dict[str, Any]:
    """The entry after one more refusal. `connection`: Unix time at which this one of the station began; `well`: the
    backend has taken another call on it."""
    was = entry or {"answers": 0, "connections": [], "since": now, "well": False}
    connections = was["connections"] if connection in was["connections"] else [*was["connections"], connection]
    return {
        "answers": was["answers"] + 1,
        "connections": connections[-CONNECTIONS:],
        "since": was["since"],
        # On the first connection that may have been before the backend fell ill.
        "well": was["well"] or (well and connection > was["since"]),
    }


def verdict(entry: dict[str, Any] | None, now: float) -> Verdict:
    """What a refusal is, after it was counted."""
    if entry is None or entry["answers"] < ANSWERS or len(entry["connections"]) < CONNECTIONS or not entry["well"]:
        return "weather"
    return "poison" if now - entry["since"] >= SECONDS else "alarm"


def refused(
    memory: Mapping[str, Any], error: PeerError, connection: float, now: float, *, well: bool, facts: dict[str, Any]
) -> tuple[list[Remember | Forget | Note], bool]:
    """A transaction message failed with this error: what to remember and tell, and whether the station is to hear it.
    `facts`: what a note says of the message beside the refusal."""
    if error.asked is None or error.code not in COUNTED:
        return [], False
    key = key_of(error.asked)
    before = memory.get(key)
    entry = counted(before, connection, now, well=well)
    steps: list[Remember | Forget | Note] = [Remember(key, entry)]
    others = [(other, memory[other]) for other in memory if other.startswith(PREFIX) and other != key]
    steps += [Forget(other) for other in _outdated(others, now)]
    is_now = verdict(entry, now)
    if is_now == "poison" or is_now != verdict(before, now):
        said = {"call": error.asked.action, "code": error.code, "answers": entry["answers"]}
        steps.append(Note("poison_message", {**facts, **said, "passed_on": is_now == "poison"}))
    return steps, is_now == "poison"


def _outdated(entries: list[tuple[str, dict[str, Any]]], now: float) -> list[str]:
    """The keys to forget: of what was not heard of for long, and the oldest of too many."""
    old = [key for key, entry in entries if now - entry["since"] > _KEPT_FOR]
    left = [(key, entry) for key, entry in entries if key not in old]
    left.sort(key=lambda one: float(one[1]["since"]))
    return old + [key for key, _ in left[: max(0, len(left) - _MOST_KEPT)]]
