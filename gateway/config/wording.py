"""What the model objects to, in an operator's words and at its place in the file."""

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from gateway.config.document import Document, Mistake, Steps
from gateway.config.model import Config

_WORDS = {
    "missing": "is missing",
    "string_type": "should be text, not {kind}",
    "int_parsing": "should be a whole number, not {value}",
    "int_from_float": "should be a whole number, not {value}",
    "int_type": "should be a whole number, not {kind}",
    "float_parsing": "should be a number, not {value}",
    "float_type": "should be a number, not {kind}",
    "finite_number": "should be a finite number",
    "bool_parsing": "should be true or false, not {value}",
    "bool_type": "should be true or false, not {kind}",
    "model_type": "should be a mapping (key: value), not {kind}",
    "mapping_type": "should be a mapping (key: value), not {kind}",
    "tuple_type": "should be a list, not {kind}",
    "greater_than": "should be greater than {gt:g}",
    "greater_than_equal": "should be {ge:g} or more",
    "less_than_equal": "should be {le:g} or less",
    "too_short": "should not be empty",
    "string_too_short": "should not be empty",
    "int_parsing_size": "is too large a number",
}


def mistakes_of(
    error: ValidationError, document: Document, model: type[BaseModel] = Config, under: Steps = ()
) -> Iterator[Mistake]:
    """One mistake for each objection of the model, in words. `model` was shown what stands at `under`."""
    for objection in error.errors(include_url=False, include_input=False):
        kind, loc = objection["type"], (*under, *objection["loc"])
        steps = _steps(loc, document, absent=kind == "missing")
        if kind == "too_short" and document.get(*steps):
            continue  # what is left after every entry was refused; each of them has been told
        facts: dict[str, Any] = {**objection.get("ctx", {}), **_seen(document.get(*steps))}
        if kind == "extra_forbidden":
            known = _known_keys(model, steps[len(under) : -1])
            yield document.mistake(steps, "unknown key" + suggestion(str(steps[-1]), known), at_key=True)
        elif kind == "literal_error":
            allowed = _allowed(facts["expected"])
            what = f"should be {' or '.join(allowed)}, not {facts['value']}"
            yield document.mistake(steps, what + suggestion(str(document.get(*steps)), allowed))
        elif kind == "value_error":
            yield document.mistake(steps, str(facts["error"]))
        elif kind in ("is_instance_of", "dataclass_type", "path_type"):
            yield document.mistake(steps, f"should be text, not {facts['kind']}")
        elif kind in _WORDS:
            yield document.mistake(steps, _WORDS[kind].format_map(facts))
        else:
            yield document.mistake(steps, objection["msg"])


_SHORT_FOR = 3
"""From this many letters on the beginning of a word may stand for the whole."""


def suggestion(word: str, known: list[str]) -> str:
    """`; did you mean 'x'?` where a known word is near or the only one that begins with this one (cert: certificate), else nothing."""
    by_fold = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    if not near and len(word) >= _SHORT_FOR:
        longer = [name for name in by_fold if name.startswith(word.casefold())]
        near = longer if len(longer) == 1 else []
    return f"; did you mean {by_fold[near[0]]!r}?" if near and by_fold[near[0]] != word else ""


def _steps(loc: tuple[int | str, ...], document: Document, *, absent: bool) -> Steps:
    # The model's own way also names the branch of a union and the index of a value that was written without its list.
    steps: Steps = ()
    last = len(loc) - 1
    for index, step in enumerate(loc):
        inside = document.get(*steps)
        here = isinstance(inside, dict) and step in inside
        here = here or (isinstance(inside, list) and isinstance(step, int) and step < len(inside))
        if here or (absent and index == last):
            steps = (*steps, step)
    return steps


def _seen(value: Any) -> dict[str, str]:
    kinds = {dict: "a mapping", list: "a list", type(None): "nothing"}
    kind = kinds.get(type(value), "text")
    return {"kind": kind, "value": repr(value) if isinstance(value, str) else kind}


def _allowed(expected: str) -> list[str]:
    return [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]


def _known_keys(model: type[BaseModel], steps: Steps) -> list[str]:
    for step in steps:
        if isinstance(step, str) and step in model.model_fields:
            model = _section_in(model.model_fields[step].annotation) or model
    return list(model.model_fields)


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part)) is not None), None)
