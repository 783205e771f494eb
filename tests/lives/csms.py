"""What CSMSs of both versions have in common: they take calls in many ways, ask one thing at a time, and keep books."""

from itertools import count
from typing import Any

from tests.lives.world import World
from translators.frames import Call, Error, Frame, Result

Payload = dict[str, Any]
PATIENCE = 30.0

OK, LATE, MUTE, LOST, TRANSIENT, PERMANENT, REFUSES = range(7)
"""How a call is taken: answered; worked on, answered later; worked on, never answered; not noticed; not now; never;
answered with another status than Accepted, where there is a choice."""
OF_TRANSACTIONS = ("TransactionEvent", "StartTransaction", "StopTransaction", "MeterValues")
_TRANSIENT = ("InternalError", "GenericError")


class Csms:
    def __init__(self, world: World) -> None:
        self.world = world
        self.held: list[Result] = []
        self.flying: tuple[str, str, Payload, float] | None = None
        self.ids = count(1)
        self.fine = False
        self.grudges: list[tuple[str, Payload]] = []
        """Calls that it answers with a CALLERROR for ever."""

    # -- for subclasses ---------------------------------------------------------------------------------------------

    def taken(self, action: str, payload: Payload, refuses: bool) -> Payload:
        """Enter it into the books; the answer."""
        raise NotImplementedError

    def noticed(self, action: str, payload: Payload) -> None:
        """A call has arrived, whatever comes of it."""

    def told(self, action: str, asked: Payload, answer: Payload | None) -> None:
        """The answer to a command."""

    # -- wire -------------------------------------------------------------------------------------------------------

    def lost(self) -> None:
        self.held.clear()
        self.flying = None

    def arrived(self, frame: Frame, way: int) -> None:
        if isinstance(frame, Call):
            return self._called(frame, OK if self.fine and way != REFUSES else way)
        if self.flying is not None and self.flying[0] == frame.key:
            _, action, asked, _ = self.flying
            self.flying = None
            self.told(action, asked, frame.payload if isinstance(frame, Result) else None)

    def _called(self, call: Call, way: int) -> None:
        send = self.world.sends
        self.noticed(call.action, call.payload)
        if (call.action, call.payload) in self.grudges:
            return send("csms", Error(call.message_id, "PropertyConstraintViolation", "never"))
        if way == LOST:
            return None
        if way == TRANSIENT:
            return send("csms", Error(call.message_id, _TRANSIENT[len(call.key) % 2], "not now"))
        if way == PERMANENT:
            if call.action in OF_TRANSACTIONS:
                self.grudges.append((call.action, call.payload))
            return send("csms", Error(call.message_id, "PropertyConstraintViolation", "never"))
        answer = Result(call.message_id, self.taken(call.action, call.payload, way == REFUSES))
        if way == LATE:
            self.held.append(answer)
        elif way != MUTE:
            send("csms", answer)
        return None

    def release(self) -> None:
        """Late answers go out."""
        while self.held:
            self.world.sends("csms", self.held.pop(0))

    def ask(self, action: str, payload: Payload) -> None:
        if self.flying is None and self.world.board is not None and not self.world.holding:
            message_id = str(next(self.ids))
            self.flying = (message_id, action, payload, self.world.now)
            self.world.sends("csms", Call(message_id, action, payload))

    # -- time -------------------------------------------------------------------------------------------------------

    def due(self) -> float | None:
        return None if self.flying is None else self.flying[3] + PATIENCE

    def tick(self) -> None:
        if self.flying is not None and self.world.now >= self.flying[3] + PATIENCE:
            self.flying = None
