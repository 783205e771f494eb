"""Payloads of one version that each go to one limit of its schema in one place, and fit the other version's elsewhere."""

from collections.abc import Iterator
from typing import Any

from translators import schemas

Schema = dict[str, Any]
_WORD = "a-word-of-its-own"
_LONG = 12_000
"""For texts without a limit."""


def witnesses(old_version: str, new_version: str, action: str, *, answer: bool) -> Iterator[dict[str, Any]]:
    """All of them; the versions in the order the message goes."""
    maker = _Maker(schemas.schema(old_version, action, answer), schemas.schema(new_version, action, answer))
    yield from maker.variants(maker.old, maker.new)


class _Maker:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.old, self.new = old, new

    def meant(self, old: Schema, new: Schema | None) -> tuple[Schema, Schema]:
        """Of a place that the other version does not know, nothing is known there."""
        return schemas.resolved(old, self.old), {} if new is None else schemas.resolved(new, self.new)

    def plain(self, old: Schema, new: Schema | None) -> Any:
        """What both versions can say."""
        old, new = self.meant(old, new)
        if "enum" in old or "enum" in new:
            return next(word for word in new.get("enum", old.get("enum")) if word in old.get("enum", [word]))
        match old.get("type", "object"):
            case "object":
                known = new.get("properties", {})
                return {
                    name: self.plain(member, known.get(name))
                    for name, member in old.get("properties", {}).items()
                    if name in old.get("required", ()) or name in new.get("required", ())
                }
            case "array":
                return [self.plain(old["items"], new.get("items"))] * max(1, old.get("minItems", 0))
            case "string":
                return "2026-11-21T10:00:00Z" if old.get("format") == "date-time" else "x"
            case "boolean":
                return False
        return 1

    def variants(self, old: Schema, new: Schema | None) -> Iterator[Any]:
        old, new = self.meant(old, new)
        match old.get("type", "object"):
            case "object":
                yield from self.objects(old, new)
            case "array":
                plain = self.plain(old["items"], new.get("items"))
                for item in self.variants(old["items"], new.get("items")):
                    yield [item]
                    if old.get("maxItems", 2) > 1:
                        yield [plain, item]
                yield [plain] * old.get("maxItems", 1)
            case "string" if "enum" in old:
                yield from old["enum"]
            case "string":
                yield _WORD[: old.get("maxLength", _LONG)]
                yield "x" * old.get("maxLength", _LONG)
            case "boolean":
                yield from (True, False)
            case "integer" | "number" as kind:
                numbers = (-1, 0, 1, 9, 1e9, old.get("minimum", 1), old.get("maximum", 1))
                yield from (
                    int(number) if kind == "integer" else number
                    for number in (*numbers, *((1.5,) if kind == "number" else ()))
                    if old.get("minimum", number) <= number <= old.get("maximum", number)
                )

    def objects(self, old: Schema, new: Schema) -> Iterator[dict[str, Any]]:
        plain = self.plain(old, new)
        yield plain
        for name, member in old.get("properties", {}).items():
            if name not in old.get("required", ()):
                yield {other: value for other, value in plain.items() if other != name}
            for value in self.variants(member, new.get("properties", {}).get(name)):
                yield {**plain, name: value}
