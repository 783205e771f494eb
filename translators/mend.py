"""Read tolerantly: what real peers get wrong and what is meant, by rule.

A payload that fits its schema is taken as it is, but for what says nothing (`tidy`). One that does not fit is mended
where the meaning is plain (a number for a text, a wrong letter case, an unknown field, null for absent) and every mend
is named, to be counted. What is left is either harmless to a reader (too long, out of range: the far side's limits are
kept when writing) or is refused: a reading, a tag or a time is never invented.
"""

import re
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Any

from translators import schemas
from translators.frames import Payload
from translators.numbers import plain
from translators.schemas import Offence
from translators.tidy import tidied, tidying

_HARMLESS = frozenset({"maxLength", "minLength", "minItems", "maxItems", "multipleOf", "minimum", "maximum", "pattern"})
_PASSES = 6
_MOST_NAMED = 20
"""Mends named for one payload; a peer that gets everything wrong must not fill the log."""

_STAND_INS: dict[tuple[str, str], Any] = {
    ("BootNotification", "chargePointModel"): "Unknown",
    ("BootNotification", "chargePointVendor"): "Unknown",
    ("BootNotification", "model"): "Unknown",
    ("BootNotification", "vendorName"): "Unknown",
    ("BootNotification", "reason"): "Unknown",
    ("StatusNotification", "errorCode"): "NoError",
}
"""Required fields whose absence does not change what the message says."""

_ABSENT_MEANS_UNKNOWN = frozenset(
    {("StartTransaction", "meterStart"), ("StopTransaction", "meterStop"), ("StatusNotification", "timestamp")}
)
"""Required fields a mapping does without: a reading that was not sent is never invented."""

_UNKNOWN_VALUES = {"errorCode": "OtherError", "reason": "Other", "stoppedReason": "Other"}
"""What stands for a word that is none, in enums that have it, and where saying nothing would say something else: a reason
may be left out when it is Local, and only then (1.6 section 6.49)."""

_LEFT_TO_THE_MAPPING = frozenset({"measurand", "unit", "phase", "location", "format"})
"""Enums of a sample whose absence has a meaning (energy, Wh, the outlet, the sum of phases, raw): dropping an unknown
one would make another reading of it."""

_NAMES_SOMEBODY = frozenset({"idTag", "parentIdTag", "idToken"})
"""Texts for which only a whole number is read: 12E4 without quotes may have been a tag, 120000 was not."""

_OWN_JSON = frozenset({"customData", "data"})
"""Members whose content is a vendor's: a null in there has a meaning to somebody."""

_DECIMAL = re.compile(r"[+-]?[0-9]{1,30}(?:[.,][0-9]{1,30})?")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3},[0-9]{3}")


def read(
    version: str, action: str, payload: Payload, *, answer: bool = False
) -> tuple[Payload, list[str], Offence | None]:
    """The payload as it is meant, the mends made to it, and the first offence that remains (None: it can be used).

    Raises KeyError for an action the version does not know. The payload given is never changed.
    """
    tidy, fits = _reading(version, action, answer)
    given = payload
    if tidy is not None:
        payload = tidy(payload)
    if fits(payload):
        # Said only where the peer broke its schema: an empty text is legal, and some stations send it every time.
        broken = payload is not given and not fits(given)
        return payload, ["tidied"] if broken else [], None
    payload = _without_nulls(deepcopy(payload))
    mends: list[str] = []
    dropped: dict[tuple[str | int, ...], Offence] = {}
    for _ in range(_PASSES):
        left = schemas.offences(version, action, payload, answer=answer)
        changed = False
        # From the back, so that places in lists stay right while members of the list are dropped.
        for offence in reversed(left):
            expected = (
                schemas.fields(version, action, offence.path, answer=answer)
                if offence.keyword == "additionalProperties"
                else frozenset()
            )
            if _mend(action, payload, offence, mends, dropped, expected):
                changed = True
        if not changed:
            break
    orders = not answer and action not in schemas.STATION_ACTIONS[version]
    for offence in left:
        if orders and offence.keyword == "minItems":
            return payload, [], offence  # an order for nothing cannot be carried out, and its answer would be as empty
        if offence.keyword in _HARMLESS or (offence.keyword == "enum" and offence.path[-1] in _LEFT_TO_THE_MAPPING):
            mends.append(f"tolerated {offence}")
        elif offence.keyword == "required" and (action, offence.facts["property"]) in _ABSENT_MEANS_UNKNOWN:
            mends.append(f"missing {offence.facts['property']}")
        else:
            place = (*offence.path, offence.facts["property"]) if offence.keyword == "required" else offence.path
            return payload, [], dropped.get(place, offence)  # what is refused was not mended
    # What was read out of an odd type or spelling may say nothing just the same.
    return tidied(version, action, payload, answer=answer), mends[:_MOST_NAMED] or ["null"], None


@cache
def _reading(version: str, action: str, answer: bool) -> tuple[Callable[[Any], Any] | None, Callable[[Payload], bool]]:
    return tidying(version, action, answer), schemas.checking(version, action, answer)


def _mend(
    action: str,
    payload: Payload,
    offence: Offence,
    mends: list[str],
    dropped: dict[tuple[str | int, ...], Offence],
    expected: frozenset[str],
) -> bool:
    """Mend one offence in place; False when nothing could be done about it. `expected`: the fields known there."""
    path = offence.path
    if not _stands(payload, path):
        return False  # dropped for another offence of this pass: a number where an enum is wanted is two of them
    if offence.keyword == "additionalProperties":
        mends += [_unknown(_at(payload, path), name, expected) for name in offence.facts["unexpected"]]
        return True
    if offence.keyword == "required":
        name = offence.facts["property"]
        if (action, name) not in _STAND_INS:
            return False
        _at(payload, path)[name] = _STAND_INS[action, name]
        mends.append(f"missing {name}")
        return True
    if offence.keyword not in ("type", "enum") or not path:
        return False
    holder, last = _at(payload, path[:-1]), path[-1]
    value = holder[last]
    meant = _typed(value, offence.facts["types"], last) if offence.keyword == "type" else _member(value, offence, last)
    if meant is not None:
        holder[last] = meant
        mends.append(f"{offence.keyword} of {_name(path)}")
    elif offence.keyword == "enum" and last in _LEFT_TO_THE_MAPPING:
        return False
    elif isinstance(last, str):
        # If the field is required its absence is found in the next pass, and this offence is the one reported.
        del holder[last]
        dropped[path] = offence
        mends.append(f"{offence.keyword} of {_name(path)}")
    else:
        return False
    return True


def _unknown(holder: Payload, name: str, expected: frozenset[str]) -> str:
    """Take an unknown field out; one that differs from an absent field in letter case alone is that field."""
    value = holder.pop(name)
    meant = next((known for known in expected if known.casefold() == name.casefold()), None)
    if meant is not None and meant not in holder:
        holder[meant] = value
        return f"name of {meant}"
    return f"unknown field {name[:50]}"


def _typed(value: Any, types: list[str], name: str | int) -> Any:
    """The value in one of the wanted JSON types, where that is what was meant; None otherwise."""
    for wanted in types:
        if wanted == "string" and isinstance(value, bool | int | float):
            return _as_text(value, name)
        if wanted == "array" and isinstance(value, dict):
            return [value]
        if wanted == "boolean" and isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        if wanted == "boolean" and type(value) is int and value in (0, 1):
            return value == 1
        if wanted in ("integer", "number"):
            number = _number(value)
            if number is not None and (wanted == "number" or isinstance(number, int)):
                return number
    return None


def _as_text(value: bool | float, name: str | int) -> str | None:
    if isinstance(value, bool):
        return None if name in _NAMES_SOMEBODY else "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    number = Decimal(repr(value))
    return plain(number) if number.is_finite() and name not in _NAMES_SOMEBODY else None


def _number(value: Any) -> int | float | None:
    """The number that a text, or a float, is. 12,345 may be either of two, and so is none."""
    if isinstance(value, float):
        if not isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) <= 2**53 else value
    if not isinstance(value, str):
        return None
    text = value.strip()
    if not _DECIMAL.fullmatch(text) or _THOUSANDS.fullmatch(text):
        return None
    number = Decimal(text.replace(",", "."))
    return int(number) if number == number.to_integral_value() else float(number)


def _member(value: Any, offence: Offence, name: str | int) -> Any:
    """The enum member meant: the same letters in another case; None otherwise."""
    if isinstance(value, str):
        wanted = value.strip().casefold()
        for option in offence.facts["options"]:
            if isinstance(option, str) and option.casefold() == wanted:
                return option
        if value and isinstance(name, str) and (other := _UNKNOWN_VALUES.get(name)) in offence.facts["options"]:
            return other
    return None


def _at(payload: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        payload = payload[step]
    return payload


def _stands(payload: Any, path: tuple[str | int, ...]) -> bool:
    try:
        _at(payload, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _name(path: tuple[str | int, ...]) -> str:
    return next(step for step in reversed(path) if isinstance(step, str))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: member if name in _OWN_JSON else _without_nulls(member)
            for name, member in value.items()
            if member is not None
        }
    if isinstance(value, list):
        return [_without_nulls(member) for member in value if member is not None]
    return value
