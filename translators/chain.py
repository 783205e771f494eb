"""Stages in a row are a stage: the station's side first, the CSMS's side last.

Between two stages it is as on a wire: in either direction one call at a time and the next one after its answer, and no
direction waits for the other (1.6-J section 4.1.1, 2.x part 4 section 4.1.1). Time-outs are the outer connections':
every stage answers what it was asked when its own call comes back unanswered.
"""

from collections import deque
from collections.abc import Sequence

from translators.effects import Effect, ToCsms, ToStation
from translators.frames import CALL, CALLERROR, CALLRESULT, Call, Frame, NoAnswer
from translators.stage import Stage


class Chain:
    """Each stage's ToCsms goes into the next stage, each ToStation into the one before; the rest goes out as it is."""

    __slots__ = ("_gates", "stages")

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = list(stages)
        self._gates = {
            (place, to): _Gate()
            for place in range(len(self.stages))
            for to in (place - 1, place + 1)
            if 0 <= to < len(self.stages)
        }

    @property
    def epoch(self) -> float:
        return self.stages[0].epoch

    @epoch.setter
    def epoch(self, epoch: float) -> None:
        for stage in self.stages:
            stage.epoch = epoch

    def open(self, now: float) -> list[Effect]:
        # All are open before the first of them hears of another.
        return self._carry(
            [(place, effect) for place, stage in enumerate(self.stages) for effect in stage.open(now)], now
        )

    def away(self, now: float) -> list[Effect]:
        return self._carry(
            [(place, effect) for place, stage in enumerate(self.stages) for effect in stage.away(now)], now
        )

    def resumed(self, now: float) -> list[Effect]:
        # Before anything else: past the calls that wait for the CSMS already.
        effects: list[tuple[int, Effect]] = []
        for place, stage in enumerate(self.stages):
            for effect in stage.resumed(now):
                if isinstance(effect, ToCsms) and place + 1 < len(self.stages):
                    effects += self._fed(place, place + 1, effect.frame, now)
                else:
                    effects.append((place, effect))
        return self._carry(effects, now)

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self._carry([(0, effect) for effect in self.stages[0].from_station(frame, now)], now)

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        last = len(self.stages) - 1
        return self._carry([(last, effect) for effect in self.stages[last].from_csms(frame, now)], now)

    def tick(self, now: float) -> list[Effect]:
        return self._carry(
            [(place, effect) for place, stage in enumerate(self.stages) for effect in stage.tick(now)], now
        )

    def deadline(self) -> float | None:
        return min((due for stage in self.stages if (due := stage.deadline()) is not None), default=None)

    def close(self) -> None:
        for stage in self.stages:
            stage.close()

    def idle(self) -> bool:
        return all(stage.idle() for stage in self.stages)

    def _carry(self, effects: list[tuple[int, Effect]], now: float) -> list[Effect]:
        """First come, first carried: so the effects of one stage keep their order, and follow what they come from."""
        out: list[Effect] = []
        work = deque(effects)
        while work:
            place, effect = work.popleft()
            to = place + 1 if isinstance(effect, ToCsms) else place - 1
            if not isinstance(effect, ToCsms | ToStation) or not 0 <= to < len(self.stages):
                out.append(effect)
                continue
            frame = effect.frame
            if frame.type == CALL:
                assert isinstance(frame, Call)
                entering = self._gates[place, to].arrive(frame)
                if entering is not None:
                    work += self._fed(place, to, entering, now)
                continue
            work += self._fed(place, to, frame, now)
            if frame.type in (CALLRESULT, CALLERROR):
                following = self._gates[to, place].answered(frame.key)
                if following is not None:
                    work += self._fed(to, place, following, now)
        return out

    def _fed(self, place: int, to: int, frame: Frame, now: float) -> list[tuple[int, Effect]]:
        stage = self.stages[to]
        return [(to, effect) for effect in (stage.from_station if place < to else stage.from_csms)(frame, now)]


class _Gate:
    """The calls of one stage to its neighbour: one inside, the rest in order."""

    __slots__ = ("_inside", "_waiting")

    def __init__(self) -> None:
        self._inside: str | None = None
        self._waiting: deque[Call] = deque()

    def arrive(self, call: Call) -> Call | None:
        """The call, when it may go in now."""
        if self._inside is not None:
            self._waiting.append(call)
            return None
        self._inside = call.key
        return call

    def answered(self, key: str) -> Call | None:
        """The next call to go in, now that this one has been answered."""
        if self._inside != key:
            return None
        following = self._waiting.popleft() if self._waiting else None
        self._inside = following.key if following is not None else None
        return following
