"""Payloads that fit an official schema, for hypothesis: `calls(version, action)` and `answers(version, action)`."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from translators import schemas

Schema = dict[str, Any]
Payloads = st.SearchStrategy[dict[str, Any]]

_SECONDS = st.integers(0, 86399)
_MOMENTS = st.one_of(
    _SECONDS.map(lambda s: f"2026-11-21T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}Z"),
    st.sampled_from(
        ["2026-11-21T10:00:00.123456+01:00", "1970-01-01T00:00:05Z", "2026-11-21T10:00:00", "2099-12-31T23:59:59.999Z"]
    ),
)
_LETTERS = st.characters(min_codepoint=32, max_codepoint=382)
_WHOLE = st.one_of(st.integers(-1, 4), st.integers(-(2**31), 2**31 - 1))
_JSON = st.one_of(st.text(_LETTERS, max_size=8), _WHOLE, st.booleans(), st.lists(_WHOLE, max_size=2))


@cache
def calls(version: str, action: str) -> Payloads:
    """Calls of this action that fit its schema, with every optional field present now and then."""
    return _payloads(version, action, answer=False)


@cache
def answers(version: str, action: str) -> Payloads:
    """Answers to this action that fit its schema."""
    return _payloads(version, action, answer=True)


def _payloads(version: str, action: str, *, answer: bool) -> Payloads:
    root = schemas.schema(version, action, answer)
    return _made(root, root).filter(lambda payload: schemas.valid(version, action, payload, answer=answer))


def _made(schema: Schema, root: Schema) -> st.SearchStrategy[Any]:
    while "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "type" not in schema and "properties" not in schema:
        return _JSON
    match schema.get("type", "object"):
        case "object":
            fields = {name: _made(field, root) for name, field in schema.get("properties", {}).items()}
            needed = {name: fields[name] for name in schema.get("required", [])}
            rest = {name: field for name, field in fields.items() if name not in needed}
            return st.fixed_dictionaries(needed, optional=rest)
        case "array":
            least = schema.get("minItems", 0)
            most = min(schema.get("maxItems", least + 2), least + 2)
            return st.lists(_made(schema["items"], root), min_size=least, max_size=most)
        case "string":
            return _MOMENTS if schema.get("format") == "date-time" else _texts(schema)
        case "integer":
            return st.one_of(st.integers(-1, 4), st.integers(-(2**31), 2**31 - 1)).filter(_within(schema))
        case "number":
            return st.one_of(st.integers(0, 50_000), st.integers(0, 5000).map(lambda n: n / 10)).filter(_within(schema))
        case "boolean":
            return st.booleans()
    raise ValueError(schema)


def _texts(schema: Schema) -> st.SearchStrategy[str]:
    longest = schema.get("maxLength", 64)
    short = st.text(_LETTERS, min_size=schema.get("minLength", 0), max_size=min(longest, 8))
    return st.one_of(short, st.just("x" * min(longest, 600)))


def _within(schema: Schema) -> Any:
    low, high = schema.get("minimum", float("-inf")), schema.get("maximum", float("inf"))
    return lambda number: low <= number <= high
