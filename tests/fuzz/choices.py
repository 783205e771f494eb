"""Octets as a source of decisions, so that hypothesis and atheris drive the same harness."""

from collections.abc import Sequence
from typing import Any, TypeVar

from translators import schemas

T = TypeVar("T")

LITERALS = ["1e400", "-0", "1" * 5000, "1.10", "NaN", '"\\ud800"', '"\\u0000"', "-1e-400", '{"a":1,"a":2}']
"""JSON that Python does not write by itself, some of it no JSON."""
_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    2**64,
    1.5,
    1e-300,
    "",
    "x" * 300,
    "\r\n\x1b[31m",
    "Accepted",
    [],
    {},
    [[]],
]
_TEXTS = [
    "x",
    "1",
    "04A1B2",
    "Accepted",
    "Ünïcødé",
    "10",
    "-5.5",
    "HeartbeatInterval,MeterValueSampleInterval",
    "a" * 25,
]
_TIMES = ["2026-11-21T10:00:00Z", "2026-11-21T10:00:00", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59+14:00", "soon"]


class Choices:
    """Decisions, until the octets are used up; then always the first of everything."""

    def __init__(self, octets: bytes) -> None:
        self._octets, self._place = octets, 0

    @property
    def left(self) -> bool:
        return self._place < len(self._octets)

    def number(self, below: int) -> int:
        if not self.left:
            return 0
        wide = 2 if below > 256 else 1
        value = int.from_bytes(self._octets[self._place : self._place + wide], "big")
        self._place += wide
        return value % below

    def pick(self, options: Sequence[T]) -> T:
        return options[self.number(len(options))]

    def one_in(self, count: int) -> bool:
        return self.number(count) == count - 1

    def octets(self) -> bytes:
        size = self.number(64)
        self._place += size
        return self._octets[self._place - size : self._place]


def literal(place: int) -> str:
    return f"@literal-{place}@"


def written(text: str) -> str:
    """The text with the odd literals in their places."""
    for place, odd in enumerate(LITERALS):
        text = text.replace(f'"{literal(place)}"', odd)
    return text


def payload(choices: Choices, version: str, action: str, *, answer: bool, odd: bool) -> dict[str, Any]:
    """A payload after the action's schema; with `odd` now and then a value that does not fit."""
    try:
        schema = schemas.schema(version, action, answer)
    except KeyError:
        return {}
    made = _made(choices, schema, schema, odd)
    return made if isinstance(made, dict) else {}


def _made(choices: Choices, schema: dict[str, Any], root: dict[str, Any], odd: bool, depth: int = 0) -> Any:
    schema = schemas.resolved(schema, root)
    if odd and choices.one_in(16):
        which = choices.number(len(_VALUES) + len(LITERALS))
        return _VALUES[which] if which < len(_VALUES) else literal(which - len(_VALUES))
    if "enum" in schema:
        return choices.pick(schema["enum"])
    kind = schema.get("type", "object")
    if kind == "object":
        required = schema.get("required", [])
        names = [n for n in schema.get("properties", {}) if n in required or (depth < 4 and choices.one_in(3))]
        return {name: _made(choices, schema["properties"][name], root, odd, depth + 1) for name in names}
    if kind == "array":
        count = max(schema.get("minItems", 0), min(choices.number(3), schema.get("maxItems", 3)))
        return [_made(choices, schema["items"], root, odd, depth + 1) for _ in range(count)]
    if kind == "string":
        text = choices.pick(_TIMES[: 5 if odd else 1] if schema.get("format") == "date-time" else _TEXTS)
        return text[: schema.get("maxLength", 300)]
    if kind == "boolean":
        return choices.one_in(2)
    return choices.pick([1, 0, 2, 100, 32000])
