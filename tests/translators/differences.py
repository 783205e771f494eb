"""What differs between the 2.0.1 and the 2.1 schema of one message, place by place."""

from collections.abc import Iterator
from typing import Any

from translators import schemas

OLD, NEW = "ocpp2.0.1", "ocpp2.1"
Schema = dict[str, Any]
BOUNDS = ("maxLength", "minLength", "minItems", "maxItems", "minimum", "maximum")


def messages() -> list[tuple[str, bool]]:
    """Every message that both versions know."""
    return [(action, answer) for action in sorted(schemas.actions(OLD)) for answer in (False, True)]


def differences(action: str, answer: bool) -> Iterator[tuple[str, str, Any]]:
    """(kind, place, what): kind is `added`, `required`, `optional`, `words`, `type`, `gone` or the name of a bound."""
    old, new = (schemas.schema(version, action, answer) for version in (OLD, NEW))
    yield from _differences(f"{action}Response" if answer else action, old, old, new, new)


def _differences(
    place: str, old: Schema, old_root: Schema, new: Schema, new_root: Schema
) -> Iterator[tuple[str, str, Any]]:
    old, new = _meant(old, old_root), _meant(new, new_root)
    if old.get("type") != new.get("type"):
        yield "type", place, (old.get("type"), new.get("type"))
    words, later = (set(one["enum"]) if "enum" in one else None for one in (old, new))
    if words != later:
        yield "words", place, (words or set(), later)
    for bound in BOUNDS:
        if old.get(bound) != new.get(bound):
            yield bound, place, (old.get(bound), new.get(bound))
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in after.keys() - before.keys():
        yield "added", f"{place}.{name}", name in new.get("required", ())
    for name in before.keys() - after.keys():
        yield "gone", f"{place}.{name}", None
    for name in before.keys() & after.keys():
        if (name in old.get("required", ())) != (name in new.get("required", ())):
            yield "required" if name in new.get("required", ()) else "optional", f"{place}.{name}", None
        yield from _differences(f"{place}.{name}", before[name], old_root, after[name], new_root)
    if "items" in old:
        yield from _differences(place, old["items"], old_root, new["items"], new_root)


def _meant(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    return schema
