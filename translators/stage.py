"""What the surroundings see of the pure core."""

from typing import Protocol

from translators.effects import Effect
from translators.frames import Frame, NoAnswer


class Stage(Protocol):
    """One station's dialect change. `now` is in seconds and never goes back; effects are carried out in order."""

    epoch: float
    """What to add to `now` to get Unix time; the surroundings set it anew when the wall clock is set."""

    def open(self, now: float) -> list[Effect]: ...

    def away(self, now: float) -> list[Effect]:
        """The CSMS's connection is gone, or was never there, and the session goes on without it. What this stage had
        called comes back unanswered after this; `resumed` ends it."""
        ...

    def resumed(self, now: float) -> list[Effect]:
        """The CSMS has a new connection under a session that went on: what it must be told before anything else."""
        ...

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]: ...

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]: ...

    def tick(self, now: float) -> list[Effect]: ...

    def deadline(self) -> float | None: ...

    def close(self) -> None: ...

    def idle(self) -> bool: ...
