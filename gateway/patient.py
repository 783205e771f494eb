"""For a station that is not there: nobody is disconnected for want of an answer. PURE."""

from translators.around import Around
from translators.effects import Close, Effect, Note, ToStation
from translators.frames import CALL, Call, Error, Frame, NoAnswer
from translators.stage import Stage


class Patient(Around):
    """A Stage around a follower's: where the station would be disconnected for want of an answer, the virtual one is
    told so."""

    def __init__(self, inner: Stage) -> None:
        super().__init__(inner)
        self._inside: Call | None = None

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        if isinstance(frame, Call) and frame.type == CALL:
            self._inside = frame
        return super().from_station(frame, now)

    def _out(self, effects: list[Effect], now: float) -> list[Effect]:
        return [self._instead(effect) if isinstance(effect, Close) else effect for effect in effects]

    def _instead(self, close: Close) -> Effect:
        if self._inside is None:
            return Note("withheld", {"action": "", "why": close.reason})
        return ToStation(Error(self._inside.message_id, "InternalError", close.reason, unheard=close.reason))
