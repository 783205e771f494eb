"""Clocks of stations that show local time where UTC is meant.

How far such a clock is off is read from the messages themselves: what a station tells of has happened, so a time that
lies ahead of the gateway's by whole or half hours is local time of a zone east of Greenwich. A time that lies behind
may as well come out of a queue, and is left as it is.
"""

import re
from collections.abc import Callable
from typing import Any

from translators import times
from translators.frames import Payload

_STEP = 1800.0
_NEAR = 90.0
"""Seconds that clock and delivery may be off besides."""
_EASTMOST = 14 * 3600.0
_ZONE = re.compile(r"(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)\s*$")
_WITH_VALUES = ("meterValue", "transactionData")


def ahead(text: object, unix_time: float) -> float | None:
    """How far a moment, its zone not regarded, is ahead: seconds, a whole number of half hours; None when it is not
    ahead, or by nothing that could be a zone."""
    moment = times.epoch(_zoneless(text))
    if moment is None:
        return None
    seconds = round((moment - unix_time) / _STEP) * _STEP
    return seconds if 0 < seconds <= _EASTMOST and abs(moment - unix_time - seconds) <= _NEAR else None


def has_zone(text: object) -> bool:
    return isinstance(text, str) and _ZONE.search(text[-8:]) is not None


def moved(text: object, seconds: float) -> str | None:
    """The moment, its zone not regarded, this much earlier: RFC 3339 in UTC. None when it cannot be read."""
    moment = times.epoch(_zoneless(text))
    return None if moment is None else times.iso(moment - seconds)


def each_time(call: Payload, change: Callable[[Any], Any]) -> Payload:
    """The call with every timestamp changed, in it and in its meter values; the same object when none is."""
    out = dict(call)
    if "timestamp" in call:
        out["timestamp"] = change(call["timestamp"])
    for name in _WITH_VALUES:
        entries = call.get(name)
        if isinstance(entries, list):
            out[name] = [
                {**entry, "timestamp": change(entry["timestamp"])}
                if isinstance(entry, dict) and "timestamp" in entry
                else entry
                for entry in entries
            ]
    return call if out == call else out


def _zoneless(text: object) -> object:
    return _ZONE.sub("", text.strip()) if isinstance(text, str) and "T" in text.upper() else text
