"""The action tables: every action of a version has exactly one row in each link that meets it."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from translators.effects import Refused, Step
from translators.frames import Payload
from translators.losses import Loss, declared_by

if TYPE_CHECKING:
    from translators.session import Session

Conversation = Generator[Step, Any, Payload | None]
"""A mapping at work: yields steps, returns the answer's payload (None after it has yielded Answer)."""

MappingFunction = Callable[[Payload, "Session"], Conversation]


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one action. `becomes` names the far side's actions; `summary` is the row in the printed table.
    `losses` are worked out when somebody asks: some have to be read from schemas."""

    outcome: Literal["translated", "answered", "unsupported"]
    summary: str
    run: MappingFunction
    becomes: tuple[str, ...] = ()
    losses: Callable[[], tuple[Loss, ...]] = tuple


Table = Mapping[str, Row]


def mapped(function: MappingFunction, *becomes: str) -> Row:
    """The action is translated by `function`, whose docstring's first sentence is the row's text and over which stands
    what it loses (`losses.loses`)."""
    return Row("translated", _sentence(function), function, becomes, lambda: declared_by(function))


def losing(row: Row, *more: Loss) -> Row:
    """The row, which loses this too."""
    return replace(row, losses=lambda: (*row.losses(), *more))


def answered(payload: Payload | Callable[[Payload, "Session"], Payload], why: str) -> Row:
    """The gateway answers alone: the far version has no counterpart and nothing is lost that it could use."""

    def run(call: Payload, session: "Session") -> Conversation:
        return payload(call, session) if callable(payload) else dict(payload)
        yield  # a mapping without a step is still a generator

    return Row("answered", why, run)


def refused(code: str, why: str) -> Row:
    """A CALLERROR with this code (2.0.1 spelling): the far version cannot do it and the answer has no refusing status."""

    def run(call: Payload, session: "Session") -> Conversation:
        raise Refused(code, why)
        yield

    return Row("unsupported", why, run)


def unsupported(payload: Payload | Callable[[Payload, "Session"], Payload], why: str) -> Row:
    """Answered with the action's own refusing status."""
    return Row("unsupported", why, answered(payload, why).run)


@dataclass(frozen=True, slots=True)
class Link:
    """One pair of versions: the station's first, the CSMS's second."""

    station_version: str
    csms_version: str
    from_station: Table
    from_csms: Table
    opened: Callable[["Session"], Conversation] | None = None
    """Work that begins with the session: conversations that a lost connection interrupted."""
    resumed: Callable[["Session"], Conversation] | None = None
    """What a CSMS is told first when it has lost its connection and has a new one under the same session."""
    shared_keys: tuple[str, ...] = ()
    """Prefixes of memory keys that belong to the station, whichever backend it talks to."""
    hint_keys: tuple[str, ...] = ()
    """Prefixes of memory keys that are written after the frames that follow: without them a conversation is asked for
    again or a caution is learnt again, and nothing that a bill is made of is lost."""

    @property
    def name(self) -> str:
        return f"{self.station_version}>{self.csms_version}"


def _sentence(function: MappingFunction) -> str:
    text = " ".join((function.__doc__ or "").split())
    return text.split(". ")[0].rstrip(".")
