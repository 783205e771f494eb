"""What the other version cannot hold: declared over the mapping that loses it, and noted each time it happens."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from translators.effects import Note

Part = Literal["call", "answer"]
Fields = Mapping[str, str]
"""What may be lost, by the name it is counted under: in which case, and what becomes of it."""

_Function = TypeVar("_Function", bound=Callable[..., Any])
_DECLARED = "losses"


@dataclass(frozen=True, slots=True)
class Loss:
    """`field`: as the note has it, and so the metric. `part`: of the exchange. `why`: in which case, and what becomes of
    it. A field may be lost in more than one way."""

    field: str
    part: Part
    why: str


def loses(*, call: Fields | None = None, answer: Fields | None = None) -> Callable[[_Function], _Function]:
    """Stands over a mapping: what of a call and of its answer it may lose. Every `lost` note of the mapping, and of what
    it does later in its own name, has its field here, and every field here has a case that loses it."""

    def declared(function: _Function) -> _Function:
        vars(function)[_DECLARED] = (
            *(Loss(name, "call", why) for name, why in (call or {}).items()),
            *(Loss(name, "answer", why) for name, why in (answer or {}).items()),
        )
        return function

    return declared


def declared_by(function: Callable[..., Any]) -> tuple[Loss, ...]:
    """What stands over a mapping."""
    losses: tuple[Loss, ...] = vars(function).get(_DECLARED, ())
    return losses


def lost(*fields: str, of: str | None = None) -> Sequence[Note]:
    """The steps that tell it: `yield from lost(...)`. Each counted once. `of`: the action it is lost from, where that is
    not the one at work: what is told again, or late."""
    if not fields:
        return ()
    named = {} if of is None else {"action": of}
    return [Note("lost", {**named, "field": name}) for name in dict.fromkeys(fields)]
