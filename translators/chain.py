"""Stages in a row are a stage: the station's side first, the CSMS's side last."""

from collections.abc import Sequence

from translators.effects import Effect, ToCsms, ToStation
from translators.frames import Frame, NoAnswer
from translators.stage import Stage


class Chain:
    """Each stage's ToCsms goes into the next stage, each ToStation into the one before; the rest goes out as it is."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = list(stages)

    @property
    def epoch(self) -> float:
        return self.stages[0].epoch

    @epoch.setter
    def epoch(self, epoch: float) -> None:
        for stage in self.stages:
            stage.epoch = epoch

    def open(self, now: float) -> list[Effect]:
        return [
            effect for place, stage in enumerate(self.stages) for effect in self._carry(place, stage.open(now), now)
        ]

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self._carry(0, self.stages[0].from_station(frame, now), now)

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        last = len(self.stages) - 1
        return self._carry(last, self.stages[last].from_csms(frame, now), now)

    def tick(self, now: float) -> list[Effect]:
        return [
            effect for place, stage in enumerate(self.stages) for effect in self._carry(place, stage.tick(now), now)
        ]

    def deadline(self) -> float | None:
        return min((due for stage in self.stages if (due := stage.deadline()) is not None), default=None)

    def close(self) -> None:
        for stage in self.stages:
            stage.close()

    def idle(self) -> bool:
        return all(stage.idle() for stage in self.stages)

    def _carry(self, place: int, effects: list[Effect], now: float) -> list[Effect]:
        out: list[Effect] = []
        for effect in effects:
            if isinstance(effect, ToCsms) and place + 1 < len(self.stages):
                out += self._carry(place + 1, self.stages[place + 1].from_station(effect.frame, now), now)
            elif isinstance(effect, ToStation) and place > 0:
                out += self._carry(place - 1, self.stages[place - 1].from_csms(effect.frame, now), now)
            else:
                out.append(effect)
        return out
