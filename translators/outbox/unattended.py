"""An outbox whose station is not there: what waits is delivered, and nothing else goes on.

A CSMS cannot tell the connection from the station's own: what it calls meanwhile is answered with a CALLERROR at once.
"""

from collections.abc import Callable
from typing import Any

from translators import errors
from translators.aliases import Aliases
from translators.effects import Effect, ToCsms, ToStation
from translators.frames import CALL, Call, Error, Frame, NoAnswer
from translators.outbox.stage import Outbox
from translators.pairs import Pairs
from translators.stage import Stage


class Unattended:
    """A Stage, in the CSMS's version on both sides. What the station is to be asked is remembered for its next session."""

    def __init__(
        self, version: str, memory: dict[str, Any], new_id: Callable[[], str], *, identity: str, epoch: float
    ) -> None:
        """`identity`: the station's, as it spells it."""
        pairs = Pairs(memory) if version == "ocpp1.6" else None
        self._version = version
        self._outbox = Outbox(version, memory, new_id, pairs=pairs, epoch=epoch, identity=identity)
        self._inner: Stage = self._outbox if pairs is None else Aliases(self._outbox, pairs, ("transactionId",))

    @property
    def delivers(self) -> bool:
        """Whether the CSMS is being told something. If not, all is told, or what is left has to wait."""
        return self._outbox.delivers

    @property
    def epoch(self) -> float:
        return self._inner.epoch

    @epoch.setter
    def epoch(self, epoch: float) -> None:
        self._inner.epoch = epoch

    def open(self, now: float) -> list[Effect]:
        return _to_csms(self._inner.open(now))

    def away(self, now: float) -> list[Effect]:
        return _to_csms(self._inner.away(now))

    def resumed(self, now: float) -> list[Effect]:
        return _to_csms(self._inner.resumed(now))

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return []

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        if isinstance(frame, Call):
            if frame.type != CALL:
                return []
            code = errors.spelt_for(self._version, "InternalError")
            return [ToCsms(Error(frame.message_id, code, "the station is not connected"))]
        return _to_csms(self._inner.from_csms(frame, now))

    def tick(self, now: float) -> list[Effect]:
        return _to_csms(self._inner.tick(now))

    def deadline(self) -> float | None:
        return self._inner.deadline()

    def close(self) -> None:
        self._inner.close()

    def idle(self) -> bool:
        return not self.delivers


def _to_csms(effects: list[Effect]) -> list[Effect]:
    return [effect for effect in effects if not isinstance(effect, ToStation)]
