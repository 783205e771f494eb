"""The smallest payload that fits an official schema, for peers in tests that answer anything."""

from typing import Any

from translators import schemas


def answer(version: str, action: str) -> dict[str, Any]:
    """A valid CALLRESULT payload: required members only, the first member of every enum (mostly Accepted)."""
    schema = schemas.schema(version, action, True)
    made: dict[str, Any] = _make(schema, schema)
    return made


def _make(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    while "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    if "enum" in schema:
        options = schema["enum"]
        return "Accepted" if "Accepted" in options else options[0]
    kind = schema.get("type", "object")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _make(properties[name], root) for name in schema.get("required", [])}
    if kind == "array":
        return [_make(schema["items"], root)] * max(1, schema.get("minItems", 0))
    if kind == "string":
        return "2026-11-21T10:00:00Z" if schema.get("format") == "date-time" else "x"
    return {"integer": 1, "number": 1, "boolean": True}[kind]
