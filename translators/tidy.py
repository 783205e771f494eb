"""What fits its schema and still says nothing, or says it in an odd spelling: read without a word about it.

An optional text that is empty, a date that is "0", the word `null` where a reader would expect a text, an empty list
where at least one member is wanted: all of them are how a station without a value writes "none". Whole numbers written
as 1.0 are integers to the schemas of 2.0.1 and no keys to anybody else.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from translators import schemas
from translators.frames import Payload

_Tidy = Callable[[Any], Any]
"""A field's value as it is meant; `_NOTHING` for one that says nothing."""
_NOTHING: Any = object()

_FREE = frozenset({"customData", "instance", "value", "attributeValue", "actualValue"})
"""Fields that are somebody's own: an empty value of a configuration key is a value, and names are given as they came."""

_NO_WORDS = frozenset({"", "null", "none"})
_WORDS_FOR_NOTHING = frozenset(
    {("StatusNotification", "info"), ("StatusNotification", "vendorErrorCode"), ("StatusNotification", "vendorId")}
)
"""Texts for people, where stations write `null` and `None` out."""

_TAGS = frozenset({"idTag", "parentIdTag", "idToken"})
_CONTROLS = "".join(map(chr, [*range(0x20), 0x7F]))

_ONLY_WHEN_ACCEPTED = {"GetCompositeSchedule": ("chargingSchedule", "scheduleStart", "schedule")}
"""What the answer holds beside its status; a station that refuses fills it with zeros."""


def tidied(version: str, action: str, payload: Payload, *, answer: bool = False) -> Payload:
    """The payload without what says nothing; the very same object when there is nothing to do. Never changes the one
    given. Raises KeyError for an action the version does not know."""
    tidy = tidying(version, action, answer)
    meant: Payload = payload if tidy is None else tidy(payload)
    return meant


@cache
def tidying(version: str, action: str, answer: bool) -> _Tidy | None:
    """What `tidied` does with a payload of this schema; None: nothing, ever."""
    root = schemas.schema(version, action, answer)
    if action == "DataTransfer":
        return None  # its texts are a vendor's
    tidy = _field(action, "", root, root, optional=False)
    idle = _ONLY_WHEN_ACCEPTED.get(action) if answer else None
    return tidy if idle is None else _without_idle(tidy, frozenset(idle))


def _without_idle(tidy: _Tidy | None, idle: frozenset[str]) -> _Tidy:
    def told(payload: Any) -> Any:
        meant = payload if tidy is None else tidy(payload)
        if payload.get("status") in ("Accepted", None) or idle.isdisjoint(meant):
            return meant
        return {name: value for name, value in meant.items() if name not in idle}

    return told


def _field(action: str, name: str, schema: dict[str, Any], root: dict[str, Any], *, optional: bool) -> _Tidy | None:
    schema = schemas.resolved(schema, root)
    if name in _FREE or "enum" in schema:
        return None
    kind = schema.get("type", "object" if "properties" in schema else None)
    if kind == "object":
        needed = schema.get("required", [])
        fields = {
            member: tidy
            for member, inner in schema.get("properties", {}).items()
            if (tidy := _field(action, member, inner, root, optional=member not in needed)) is not None
        }
        return _object_of(fields) if fields else None
    if kind == "array":
        return _list_of(
            _field(action, name, schema.get("items", {}), root, optional=False),
            drops_empty=optional and schema.get("minItems", 0) > 0,
        )
    if kind == "integer":
        return _whole
    if kind != "string":
        return None
    if name in _TAGS:
        return _tag_or_nothing if optional else _tag
    if not optional:
        return None
    if schema.get("format") == "date-time":
        return _moment
    return _text_for_people if (action, name) in _WORDS_FOR_NOTHING else _text


def _object_of(fields: dict[str, _Tidy]) -> _Tidy:
    get = fields.get

    def tidy(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        changed: dict[str, Any] | None = None
        for name, member in value.items():
            field = get(name)
            # An integer says what it says, whatever the field.
            if field is None or type(member) is int or (meant := field(member)) is member:
                continue
            changed = dict(value) if changed is None else changed
            if meant is _NOTHING:
                del changed[name]
            else:
                changed[name] = meant
        return value if changed is None else changed

    return tidy


def _list_of(member: _Tidy | None, *, drops_empty: bool) -> _Tidy | None:
    if member is None and not drops_empty:
        return None

    def tidy(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        if not value:
            return _NOTHING if drops_empty else value
        if member is None:
            return value
        changed: list[Any] | None = None
        for place, one in enumerate(value):
            if (meant := member(one)) is not one:
                changed = list(value) if changed is None else changed
                changed[place] = meant
        return value if changed is None else changed

    return tidy


def _whole(value: Any) -> Any:
    # A float holds every integer up to 2^53; beyond it the number that was meant cannot be told.
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) <= 2**53 else value


def _text(value: Any) -> Any:
    return _NOTHING if isinstance(value, str) and (not value or value.isspace()) else value


def _text_for_people(value: Any) -> Any:
    return _NOTHING if isinstance(value, str) and value.strip().casefold() in _NO_WORDS else value


def _moment(value: Any) -> Any:
    return _NOTHING if isinstance(value, str) and value.strip() in ("", "0") else value


def _tag(value: Any) -> Any:
    """Without the control bytes that some readers leave at the end of a tag; nothing else is cut."""
    return value.rstrip(_CONTROLS) if isinstance(value, str) and value and value[-1] in _CONTROLS else value


def _tag_or_nothing(value: Any) -> Any:
    return _text(_tag(value))
