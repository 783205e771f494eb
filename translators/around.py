"""A stage that stands around another: what all such have in common."""

from translators.effects import Effect
from translators.frames import Frame, NoAnswer
from translators.stage import Stage


class Around:
    """A Stage: everything goes to `inner`, and what comes out of it goes through `_out`."""

    __slots__ = ("inner",)

    def __init__(self, inner: Stage) -> None:
        self.inner = inner

    @property
    def epoch(self) -> float:
        return self.inner.epoch

    @epoch.setter
    def epoch(self, epoch: float) -> None:
        self.inner.epoch = epoch

    def open(self, now: float) -> list[Effect]:
        return self._out(self.inner.open(now), now)

    def away(self, now: float) -> list[Effect]:
        return self._out(self.inner.away(now), now)

    def resumed(self, now: float) -> list[Effect]:
        return self._out(self.inner.resumed(now), now)

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self._out(self.inner.from_station(frame, now), now)

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self._out(self.inner.from_csms(frame, now), now)

    def tick(self, now: float) -> list[Effect]:
        return self._out(self.inner.tick(now), now)

    def deadline(self) -> float | None:
        return self.inner.deadline()

    def close(self) -> None:
        self.inner.close()

    def idle(self) -> bool:
        return self.inner.idle()

    def _out(self, effects: list[Effect], now: float) -> list[Effect]:
        """What is made of the inner stage's effects, in their order: nothing, where a stage does not say otherwise."""
        return effects
