"""docs/configuration.md tells of every key with its default, and of nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from gateway.config import Config
from tests.docs.tables import rows

_PAGE = "configuration.md"


def sections(annotation: Any) -> Iterator[tuple[str, type[BaseModel]]]:
    """The models in an annotation, each with what stands for its place: `[]` in a list, `.NAME` in a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "", annotation
        return
    mark = {tuple: "[]", Mapping: ".NAME"}.get(get_origin(annotation), "")
    for part in get_args(annotation):
        for place, model in sections(part):
            yield mark + place, model


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every key that takes a value, as the page spells it, and its default."""
    for name, field in model.model_fields.items():
        inside = list(sections(field.annotation))
        if not inside or isinstance(field.default, str):
            yield prefix + name, "required" if field.is_required() else spelt(field.default)
        for place, section in inside:
            yield from keys(section, f"{prefix}{name}{place}.")


def spelt(default: Any) -> str:
    """As it would be written in the file."""
    if isinstance(default, tuple) and type(default) is tuple:
        return f"[{', '.join(map(spelt, default))}]"
    if isinstance(default, Mapping):
        return "{}"
    if isinstance(default, bool | None):
        return "none" if default is None else str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def documented() -> dict[str, str]:
    """Key -> default, of the rows that tell of keys: key, type, default, reload, meaning."""
    return {row[0]: row[2] for row in rows(_PAGE) if len(row) == 5}


def test_every_key_is_on_the_page_with_its_default_and_nothing_else_is() -> None:
    assert documented() == dict(keys(Config))
