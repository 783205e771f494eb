"""Written to fit: a payload of one 2.x version, made to fit the schema of the other.

2.1 is 2.0.1 with more in it, so most payloads fit as they are and are not touched. For one that does not, the other
version's schema says where, and the rules (`translators.words.v21`) say what becomes of it there: a field is left out,
a word is replaced, a text is cut, an item of a list is dropped. Where no rule stands it is refused as a whole, for half
of a limit or of an identity is another limit and somebody else's identity.

Rules are found by the end of a place: `chargingProfile.stackLevel` goes before `stackLevel`. A place is the names of
the fields on the way, after that of the action (with `Response` for an answer); items of a list have its name.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from translators import schemas
from translators.effects import Refused
from translators.frames import Payload

Place = tuple[str, ...]
_Found = TypeVar("_Found")

OTHERWISE = "*"
"""In a table of words: every word that has no row."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What may happen to a payload, by place."""

    left_out: frozenset[str] = frozenset()
    """Fields the other version does not know and does without."""
    unless_default: Mapping[str, Any] = field(default_factory=dict)
    """Fields the other version does not know and behaves as if they had this value: left out when they have."""
    items: frozenset[str] = frozenset()
    """Lists that make sense without the items that do not fit."""
    dropped: frozenset[str] = frozenset()
    """Optional fields without which the rest still means what it says."""
    cut: frozenset[str] = frozenset()
    """Texts for people."""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    added: Mapping[str, Any] = field(default_factory=dict)
    """What stands in a required field that was not sent."""
    rounded: Mapping[str, Callable[[float], int]] = field(default_factory=dict)
    """Whole numbers of the other version."""
    unremarkable: frozenset[str] = frozenset()
    """Fields whose absence nobody has to hear of."""


class Misfit(Refused):
    """The payload cannot be said in the other version. `field`: where, as metrics name it; `keyword`: why."""

    def __init__(self, version: str, place: Place, keyword: str) -> None:
        self.field = ".".join(place[1:]) or place[0]
        self.keyword = keyword
        code = "NotSupported" if keyword in _UNKNOWN else "PropertyConstraintViolation"
        super().__init__(code, f"{self.field}: {keyword} in {version.upper().replace('OCPP', 'OCPP ')}")

    @property
    def reason(self) -> str:
        """A statusInfo.reasonCode of 2.0.1 appendix 5."""
        return _REASONS.get(self.keyword, "InvalidValue")


_UNKNOWN = frozenset({"unknown field", "unknown word", "missing"})
_REASONS = {
    "unknown field": "UnsupportedParam",
    "unknown word": "UnsupportedParam",
    "missing": "MissingParam",
    "too long": "TooLargeElement",
    "too many": "TooManyElements",
    "out of range": "ValueOutOfRange",
}


def fit(
    rules: Rules, version: str, action: str, payload: Payload, *, answer: bool = False
) -> tuple[Payload, list[str]]:
    """The payload as it fits the version's schema, and the fields that lost something. Raises Misfit. The payload
    given is never changed, and is given back as it is when it fits."""
    if schemas.valid(version, action, payload, answer=answer):
        return payload, []
    root = schemas.schema(version, action, answer)
    fitter = _Fitter(rules, version, root)
    fitted = fitter.fit_object((f"{action}Response" if answer else action,), payload, root)
    return fitted, list(dict.fromkeys(fitter.lost))


class _Fitter:
    def __init__(self, rules: Rules, version: str, root: dict[str, Any]) -> None:
        self.rules = rules
        self.version = version
        self.definitions: dict[str, Any] = root.get("definitions", {})
        self.lost: list[str] = []

    def fit_value(self, place: Place, value: Any, schema: dict[str, Any]) -> Any:
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rsplit("/", 1)[1]]
        if "type" not in schema and "properties" not in schema:
            return value  # any JSON: DataTransfer.data
        if isinstance(value, dict):
            return self.fit_object(place, value, schema)
        if isinstance(value, list):
            return self.fit_list(place, value, schema)
        if isinstance(value, str):
            return self.fit_text(place, value, schema)
        return self.fit_number(place, value, schema)

    def fit_object(self, place: Place, value: Payload, schema: dict[str, Any]) -> Payload:
        if "properties" not in schema:
            return value
        fitted: Payload = {}
        known, required = schema["properties"], schema.get("required", ())
        for name, member in value.items():
            here = (*place, name)
            if name in known:
                try:
                    fitted[name] = self.fit_value(here, member, known[name])
                except Misfit:
                    if name in required or not stands_in(self.rules.dropped, here):
                        raise
                    self.miss(here)
            elif schema.get("additionalProperties", True):
                fitted[name] = member
            elif stands_in(self.rules.left_out, here):
                self.miss(here)
            elif rule_for(self.rules.unless_default, here, _NOTHING) != member:
                raise Misfit(self.version, here, "unknown field")
        for name in required:
            if name not in fitted:
                here = (*place, name)
                fitted[name] = rule_for(self.rules.added, here, _NOTHING)
                if fitted[name] is _NOTHING:
                    raise Misfit(self.version, here, "missing")
        return fitted

    def fit_list(self, place: Place, value: list[Any], schema: dict[str, Any]) -> list[Any]:
        fitted: list[Any] = []
        last: Misfit | None = None
        for item in value:
            try:
                fitted.append(self.fit_value(place, item, schema["items"]))
            except Misfit as misfit:
                if not stands_in(self.rules.items, place):
                    raise
                last = misfit
                self.miss(place)
        if len(fitted) < schema.get("minItems", 0):
            raise last or Misfit(self.version, place, "missing")
        if len(fitted) > schema.get("maxItems", len(fitted)):
            raise Misfit(self.version, place, "too many")
        return fitted

    def fit_text(self, place: Place, value: str, schema: dict[str, Any]) -> str:
        if "enum" in schema and value not in schema["enum"]:
            words = rule_for(self.rules.words, place, {})
            known = {word.casefold(): word for word in schema["enum"]}
            meant = known.get(value.casefold(), words.get(value, words.get(OTHERWISE)))
            if meant is None:
                raise Misfit(self.version, place, "unknown word")
            if meant.casefold() != value.casefold():
                self.miss(place)
            return str(meant)
        if len(value) > schema.get("maxLength", len(value)):
            if not stands_in(self.rules.cut, place):
                raise Misfit(self.version, place, "too long")
            self.miss(place)
            return value[: schema["maxLength"]]
        return value

    def fit_number(self, place: Place, value: Any, schema: dict[str, Any]) -> Any:
        if isinstance(value, float) and schema.get("type") == "integer" and not value.is_integer():
            rounding = rule_for(self.rules.rounded, place, None)
            if rounding is None:
                raise Misfit(self.version, place, "not a whole number")
            self.miss(place)
            value = rounding(value)
        if not isinstance(value, bool) and not (
            schema.get("minimum", -math.inf) <= value <= schema.get("maximum", math.inf)
        ):
            raise Misfit(self.version, place, "out of range")
        return value

    def miss(self, place: Place) -> None:
        if not stands_in(self.rules.unremarkable, place):
            self.lost.append(".".join(place[1:]))


_NOTHING: Any = object()


def rule_for(rules: Mapping[str, _Found], place: Place, default: _Found) -> _Found:
    """The rule for a place: the one that names most of the way to it."""
    for start in range(len(place)):
        if (end := ".".join(place[start:])) in rules:
            return rules[end]
    return default


def stands_in(rules: frozenset[str], place: Place) -> bool:
    """Whether there is a rule for the place."""
    return any(".".join(place[start:]) in rules for start in range(len(place)))
