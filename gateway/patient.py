"""For a station that is not there: nobody is disconnected for want of an answer. PURE."""

from translators.effects import Close, Effect, Note, ToStation
from translators.frames import CALL, Call, Error, Frame, NoAnswer
from translators.stage import Stage


class Patient:
    """A Stage around a follower's: where the station would be disconnected for want of an answer, the virtual one is
    told so."""

    def __init__(self, inner: Stage) -> None:
        self._inner = inner
        self._inside: Call | None = None

    @property
    def epoch(self) -> float:
        return self._inner.epoch

    @epoch.setter
    def epoch(self, epoch: float) -> None:
        self._inner.epoch = epoch

    def open(self, now: float) -> list[Effect]:
        return self._out(self._inner.open(now))

    def away(self, now: float) -> list[Effect]:
        return self._out(self._inner.away(now))

    def resumed(self, now: float) -> list[Effect]:
        return self._out(self._inner.resumed(now))

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        if isinstance(frame, Call) and frame.type == CALL:
            self._inside = frame
        return self._out(self._inner.from_station(frame, now))

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self._out(self._inner.from_csms(frame, now))

    def tick(self, now: float) -> list[Effect]:
        return self._out(self._inner.tick(now))

    def deadline(self) -> float | None:
        return self._inner.deadline()

    def close(self) -> None:
        self._inner.close()

    def idle(self) -> bool:
        return self._inner.idle()

    def _out(self, effects: list[Effect]) -> list[Effect]:
        return [self._instead(effect) if isinstance(effect, Close) else effect for effect in effects]

    def _instead(self, close: Close) -> Effect:
        if self._inside is None:
            return Note("withheld", {"action": "", "why": close.reason})
        return ToStation(Error(self._inside.message_id, "InternalError", close.reason, unheard=close.reason))
