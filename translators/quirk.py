"""What a quirk is: one vendor's way of breaking its own version, and the mend that makes its stations honest in it.

A link changes the version, a quirk never does. What many vendors get wrong is mended by rule (`mend`, `tidy`, `times`);
a quirk is for what would be a mistake to assume of anybody else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from translators.frames import Payload


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made a station, as its BootNotification says, in lower case. Empty where it does not say."""

    vendor: str = ""
    model: str = ""
    firmware: str = ""


class Scene(Protocol):
    """What a mend may look at, and what it may keep."""

    @property
    def unix_time(self) -> float: ...

    @property
    def memory(self) -> Mapping[str, Any]: ...

    def keep(self, name: str, value: Any) -> None:
        """Keep a value for this station under `station/quirk/<name>`."""


Mend = Callable[[Payload, Scene], Payload]
"""The payload as it is meant: a new one, or the very same object when nothing is wrong. It comes as it was on the wire,
so nothing in it is sure to have its type; the one given is never changed."""

Refusal = Callable[[Payload, Scene], Payload | None]
"""The answer in the station's place to a call that would harm it; None for a call it can get. It reads as a mend does."""

Mends = Mapping[str, Mend]
"""By action."""


@dataclass(frozen=True, slots=True)
class Quirk:
    """One vendor's. `summary` and `seen` (public threads, owner/repo#number, or pages) are its row in the printed table."""

    summary: str
    seen: tuple[str, ...]
    version: str = "ocpp1.6"
    of: Callable[[Maker], bool] | None = None
    """Whether a station of this maker has it. None: only stations for which configuration names it."""
    calls: Mends = field(default_factory=dict)
    """For calls from the station."""
    answers: Mends = field(default_factory=dict)
    """For the station's answers."""
    calls_to: Mends = field(default_factory=dict)
    """For calls to the station."""
    answers_to: Mends = field(default_factory=dict)
    """For answers to the station."""
    refused: Mapping[str, Refusal] = field(default_factory=dict)
    """For calls to the station that it must not get, by action."""
    text: Callable[[str], str] | None = None
    """For a text that is not JSON; for named stations only."""
    passthrough: bool = False
    """Whether a station that is named needs it where both sides speak its version, too."""
