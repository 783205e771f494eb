"""An outbox whose station is not there: what waits is delivered, and nothing else goes on.

A CSMS cannot tell the connection from the station's own: what it calls meanwhile is answered with a CALLERROR at once.
"""

from collections.abc import Callable
from typing import Any

from translators import errors
from translators.aliases import Aliases
from translators.around import Around
from translators.effects import Effect, ToCsms, ToStation
from translators.frames import CALL, Call, Error, Frame, NoAnswer
from translators.outbox.stage import Outbox
from translators.pairs import Pairs


class Unattended(Around):
    """A Stage, in the CSMS's version on both sides. What the station is to be asked is remembered for its next session."""

    __slots__ = ("_outbox", "_version")

    def __init__(
        self, version: str, memory: dict[str, Any], new_id: Callable[[], str], *, identity: str, epoch: float
    ) -> None:
        """`identity`: the station's, as it spells it."""
        pairs = Pairs(memory) if version == "ocpp1.6" else None
        self._version = version
        self._outbox = Outbox(version, memory, new_id, pairs=pairs, epoch=epoch, identity=identity)
        super().__init__(self._outbox if pairs is None else Aliases(self._outbox, pairs, ("transactionId",)))

    @property
    def delivers(self) -> bool:
        """Whether the CSMS is being told something. If not, all is told, or what is left has to wait."""
        return self._outbox.delivers

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return []

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        if isinstance(frame, Call):
            if frame.type != CALL:
                return []
            code = errors.spelt_for(self._version, "InternalError")
            return [ToCsms(Error(frame.message_id, code, "the station is not connected"))]
        return super().from_csms(frame, now)

    def idle(self) -> bool:
        return not self.delivers

    def _out(self, effects: list[Effect], now: float) -> list[Effect]:
        return [effect for effect in effects if not isinstance(effect, ToStation)]
