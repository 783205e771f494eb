"""What `translators.fitting` may lose of a message, read from the schemas of the two versions and the rules between them:
for an operator to see beforehand. Nothing here runs while messages do.
"""

from typing import Any

from translators import schemas
from translators.fitting import OTHERWISE, Place, Rules, rule_for, stands_in
from translators.losses import Loss, Part

_Schema = dict[str, Any]
_Refusals = list[tuple[Place, str]]
"""The places that refuse the message around them, and why."""


def losses(rules: Rules, near: str, far: str, action: str) -> tuple[Loss, ...]:
    """Of a call from the near version to the far one, and of its answer on the way back."""
    return _lost(rules, near, far, action, "call") + _lost(rules, far, near, action, "answer")


def _lost(rules: Rules, before: str, after: str, action: str, part: Part) -> tuple[Loss, ...]:
    answer = part == "answer"
    reader = _Reader(rules, schemas.schema(before, action, answer), schemas.schema(after, action, answer))
    refusals = reader.object((f"{action}Response" if answer else action,), reader.old, reader.new)
    found = reader.found + [(place, f"refused: {why}") for place, why in refusals]
    return tuple(Loss(".".join(place[1:]), part, why) for place, why in dict.fromkeys(found))


class _Reader:
    """Walks both schemas as the fitting walks the payload. What is lost on the way is `found`; what cannot be said is
    handed up, until a rule drops what it stands in."""

    def __init__(self, rules: Rules, old: _Schema, new: _Schema) -> None:
        self.rules, self.old, self.new = rules, old, new
        self.found: list[tuple[Place, str]] = []

    def value(self, place: Place, old: _Schema, new: _Schema) -> _Refusals:
        old, new = schemas.resolved(old, self.old), schemas.resolved(new, self.new)
        if "properties" in new:
            return self.object(place, old, new)
        match new.get("type"):
            case "array":
                return self.list(place, old, new)
            case "string":
                return self.text(place, old, new)
            case "integer" | "number":
                return self.number(place, old, new)
        return []

    def object(self, place: Place, old: _Schema, new: _Schema) -> _Refusals:
        refusals: _Refusals = []
        required = new.get("required", ())
        for name, member in old["properties"].items():
            here = (*place, name)
            if name in new["properties"]:
                inner = self.value(here, member, new["properties"][name])
                if inner and name not in required and stands_in(self.rules.dropped, here):
                    is_told = stands_in(self.rules.items, here)
                    self.miss(here, "left out with the last of its items" if is_told else _left_out(inner, here))
                else:
                    refusals += inner
            elif stands_in(self.rules.left_out, here):
                self.miss(here, "left out")
            else:
                default = rule_for(self.rules.unless_default, here, None)
                refusals.append((here, "unknown" if default is None else f"unknown, unless it is {_written(default)}"))
        for name in required:
            here = (*place, name)
            if name not in old.get("required", ()) and rule_for(self.rules.added, here, None) is None:
                refusals.append((here, "must not be absent"))
        return refusals

    def list(self, place: Place, old: _Schema, new: _Schema) -> _Refusals:
        refusals = self.value(place, old["items"], new["items"])
        if refusals and stands_in(self.rules.items, place):
            self.miss(place, f"items are {_left_out(refusals, place)}")
            # With none left the last of them speaks for the list.
            refusals = refusals if new.get("minItems", 0) else []
        if new.get("maxItems", old.get("maxItems")) != old.get("maxItems"):
            refusals.append((place, f"more than {new['maxItems']}"))
        return refusals

    def text(self, place: Place, old: _Schema, new: _Schema) -> _Refusals:
        if "enum" in new:
            return self.word(place, old, new)
        most = new.get("maxLength")
        longest = max(map(len, old["enum"])) if "enum" in old else old.get("maxLength", float("inf"))
        if most is None or most >= longest:
            return []
        if stands_in(self.rules.cut, place):
            self.miss(place, f"cut to {most} characters")
            return []
        return [(place, f"more than {most} characters")]

    def word(self, place: Place, old: _Schema, new: _Schema) -> _Refusals:
        words = rule_for(self.rules.words, place, {})
        if "enum" not in old:
            if OTHERWISE in words:
                self.miss(place, f"words of its own become {words[OTHERWISE]}")
                return []
            return [(place, "words of its own")]
        strange = sorted(set(old["enum"]) - set(new["enum"]))
        for word in strange:
            if word in words or OTHERWISE in words:
                self.miss(place, f"{word} becomes {words.get(word, words.get(OTHERWISE))}")
        left = [word for word in strange if word not in words and OTHERWISE not in words]
        return [(place, ", ".join(left))] if left else []

    def number(self, place: Place, old: _Schema, new: _Schema) -> _Refusals:
        refusals: _Refusals = []
        if new["type"] == "integer" and old["type"] == "number":
            if rule_for(self.rules.rounded, place, None) is not None:
                self.miss(place, "rounded to a whole number")
            else:
                refusals.append((place, "not a whole number"))
        least, most = new.get("minimum"), new.get("maximum")
        bounds = []
        if least is not None and least > old.get("minimum", float("-inf")):
            bounds.append(f"less than {least:g}")
        if most is not None and most < old.get("maximum", float("inf")):
            bounds.append(f"more than {most:g}")
        return refusals + ([(place, " or ".join(bounds))] if bounds else [])

    def miss(self, place: Place, why: str) -> None:
        if not stands_in(self.rules.unremarkable, place):
            self.found.append((place, why))


def _left_out(refusals: _Refusals, place: Place) -> str:
    """Why something is left out: what stands in it."""
    return "left out: " + "; ".join(f"{'.'.join(inside[len(place) :])} {why}".strip() for inside, why in refusals)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
