"""Read tolerantly: what real peers get wrong and what is meant, by rule.

A payload that fits its schema is taken as it is. One that does not is mended where the meaning is plain (a number for
a text, a wrong letter case, an unknown field, null for absent) and every mend is named, to be counted. What is left is
either harmless to a reader (too long, out of range: the far side's limits are kept when writing) or is refused.
"""

from copy import deepcopy
from typing import Any

from translators import schemas
from translators.frames import Payload
from translators.schemas import Offence

_HARMLESS = frozenset({"maxLength", "minLength", "minItems", "maxItems", "multipleOf", "minimum", "maximum", "pattern"})
_PASSES = 6

_STAND_INS: dict[tuple[str, str], Any] = {
    ("BootNotification", "chargePointModel"): "Unknown",
    ("BootNotification", "chargePointVendor"): "Unknown",
    ("StatusNotification", "errorCode"): "NoError",
}
"""Required fields whose absence does not change what the message says."""

_ABSENT_MEANS_UNKNOWN = frozenset(
    {("StartTransaction", "meterStart"), ("StopTransaction", "meterStop"), ("StatusNotification", "timestamp")}
)
"""Required fields a mapping does without: a reading that was not sent is never invented."""

_UNKNOWN_VALUES = {"errorCode": "OtherError"}
"""Required enums with a member for what has no name."""

_LEFT_TO_THE_MAPPING = frozenset({"measurand", "unit", "phase", "location", "format"})
"""Enums of a sample whose absence has a meaning (energy, Wh, the outlet, the sum of phases, raw): dropping an unknown
one would make another reading of it."""


def read(
    version: str, action: str, payload: Payload, *, answer: bool = False
) -> tuple[Payload, list[str], Offence | None]:
    """The payload as it is meant, the mends made to it, and the first offence that remains (None: it can be used).

    Raises KeyError for an action the version does not know. The payload given is never changed.
    """
    if schemas.valid(version, action, payload, answer=answer):
        return payload, [], None
    payload = _without_nulls(deepcopy(payload))
    mends: list[str] = []
    dropped: dict[tuple[str | int, ...], Offence] = {}
    for _ in range(_PASSES):
        left = schemas.offences(version, action, payload, answer=answer)
        changed = False
        # From the back, so that places in lists stay right while members of the list are dropped.
        for offence in reversed(left):
            if _mend(action, payload, offence, mends, dropped):
                changed = True
        if not changed:
            break
    for offence in left:
        if offence.keyword in _HARMLESS or (offence.keyword == "enum" and offence.path[-1] in _LEFT_TO_THE_MAPPING):
            mends.append(f"tolerated {offence}")
        elif offence.keyword == "required" and (action, offence.facts["property"]) in _ABSENT_MEANS_UNKNOWN:
            mends.append(f"missing {offence.facts['property']}")
        else:
            place = (*offence.path, offence.facts["property"]) if offence.keyword == "required" else offence.path
            return payload, mends, dropped.get(place, offence)
    return payload, mends or ["null"], None


def _mend(
    action: str, payload: Payload, offence: Offence, mends: list[str], dropped: dict[tuple[str | int, ...], Offence]
) -> bool:
    """Mend one offence in place; False when nothing could be done about it."""
    path = offence.path
    if offence.keyword == "additionalProperties":
        for name in offence.facts["unexpected"]:
            del _at(payload, path)[name]
            mends.append(f"unknown field {name if len(name) <= 50 else name[:50]}")
        return True
    if offence.keyword == "required":
        name = offence.facts["property"]
        if path or (action, name) not in _STAND_INS:
            return False
        payload[name] = _STAND_INS[action, name]
        mends.append(f"missing {name}")
        return True
    if offence.keyword not in ("type", "enum") or not path:
        return False
    holder, last = _at(payload, path[:-1]), path[-1]
    value = holder[last]
    meant = _typed(value, offence.facts["types"]) if offence.keyword == "type" else _member(value, offence, last)
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


def _typed(value: Any, types: list[str]) -> Any:
    """The value in one of the wanted JSON types, where that is what was meant; None otherwise."""
    for wanted in types:
        if wanted == "string" and isinstance(value, bool):
            return "true" if value else "false"
        if wanted == "string" and isinstance(value, int | float):
            return str(int(value) if isinstance(value, float) and value.is_integer() else value)
        if wanted == "array" and isinstance(value, dict):
            return [value]
        if wanted == "boolean" and isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        if wanted in ("integer", "number") and not isinstance(value, bool | dict | list):
            number = _number(value)
            if number is not None and (wanted == "number" or isinstance(number, int)):
                return number
    return None


def _number(value: Any) -> int | float | None:
    if isinstance(value, str):
        if len(value) > 40:
            return None
        try:
            value = float(value.strip().replace(",", "."))
        except ValueError:
            return None
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return None
        return int(value) if value.is_integer() else value
    return value if isinstance(value, int) else None


def _member(value: Any, offence: Offence, name: str | int) -> Any:
    """The enum member meant: the same letters in another case; None otherwise."""
    if isinstance(value, str):
        wanted = value.strip().casefold()
        for option in offence.facts["options"]:
            if isinstance(option, str) and option.casefold() == wanted:
                return option
        if value and isinstance(name, str):
            return _UNKNOWN_VALUES.get(name)
    return None


def _at(payload: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        payload = payload[step]
    return payload


def _name(path: tuple[str | int, ...]) -> str:
    return next(step for step in reversed(path) if isinstance(step, str))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(member) for member in value if member is not None]
    return value
