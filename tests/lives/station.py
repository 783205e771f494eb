"""What stations of both versions have in common: a connection, errands, and the queue of transaction messages that the
standard demands (1.6 section 3.7.1, 2.0.1 E13): in order, kept until answered with a CALLRESULT, dropped only when
CALLERRORs have used up its attempts.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.lives.world import World
from translators.frames import Call, Error, Frame, Result

Payload = dict[str, Any]
ATTEMPTS, RETRY_INTERVAL = 3, 10.0
REDIAL = 5.0


@dataclass
class Traits:
    """How this station is, within what the standard leaves open."""

    patience: float = 60.0
    """Seconds it waits for an answer."""
    same_id: bool = True
    """A message that is sent again keeps its id."""
    acts_first: bool = False
    """Its own messages about a command go out before it answers the command."""
    stops_on_invalid: bool = True
    """StopTransactionOnInvalidId, StopTxOnInvalidId."""
    data_at_end: bool = False
    """The stop carries values."""
    unknown_number: int = -1
    """1.6: what it calls a transaction it never got a number for."""
    start_point: str = "EVConnected"
    stop_point: str = "Authorized"
    plugs: tuple[int, ...] = (1, 1)
    """Connectors of each EVSE (1.6: their sum counts)."""


@dataclass
class Message:
    """A call of the station. `build` gives its payload when it is first sent; it is never changed after that."""

    action: str
    build: Callable[[], Payload]
    answered: Callable[[Payload], None] = lambda answer: None
    dropped: Callable[[], None] = lambda: None
    tx: Any = None
    attempts: int = 0
    message_id: str = ""
    payload: Payload | None = field(default=None)


class Station:
    """Beside its connectors. Subclasses say what it does."""

    boot: Callable[[], Payload]

    def __init__(self, world: World, traits: Traits) -> None:
        self.world = world
        self.traits = traits
        self.queue: deque[Message] = deque()
        self.errands: deque[Message] = deque()
        self.flying: tuple[Message, float] | None = None
        self.registered = False
        self.boot_at = 0.0
        self.retry_at = 0.0
        self.dial_at: float | None = 0.0
        self.interval = 30.0
        self.number = 0

    # -- for subclasses ---------------------------------------------------------------------------------------------

    def came_back(self) -> None:
        """Connected, without a reboot."""

    def booted(self) -> None:
        """The CSMS has accepted the boot."""

    def asked(self, call: Call, way: int) -> Payload | str | None:
        """A command: the answer's payload, the code of a CALLERROR, or None for no answer at all."""
        raise NotImplementedError

    # -- connection -------------------------------------------------------------------------------------------------

    @property
    def online(self) -> bool:
        return self.world.board is not None

    def connect(self) -> None:
        self.dial_at = None
        if not self.world.dial():
            if self.world.board is None:
                self.dial_at = self.world.now + REDIAL
            return
        if self.registered:
            self.came_back()
        self.pump()

    def stay_away(self, seconds: float) -> None:
        self.world.hang_up("the station's network is gone")
        self.dial_at = self.world.now + seconds

    def reboot(self) -> None:
        """Power went: what is not in the queue is forgotten."""
        self.registered = False
        self.errands.clear()
        self.world.hang_up("the station reboots")
        self.dial_at = self.boot_at = self.world.now + REDIAL

    def lost(self) -> None:
        self.flying = None
        self.retry_at = self.world.now
        self.dial_at = self.world.now + REDIAL
        # Errands of a moment are not carried over; a message of the queue is.
        self.errands.clear()

    # -- its own calls ----------------------------------------------------------------------------------------------

    def errand(self, action: str, payload: Payload, answered: Callable[[Payload], None] = lambda answer: None) -> None:
        if self.online and self.registered:
            self.errands.append(Message(action, lambda: payload, answered))

    def pump(self) -> None:
        """Send what may be sent."""
        if not self.online or self.flying is not None:
            return
        now = self.world.now
        if not self.registered:
            if now >= self.boot_at:
                self._send(Message("BootNotification", self.boot, self._boot_answered))
        elif self.errands:
            self._send(self.errands.popleft())
        elif self.queue and now >= self.retry_at:
            self._send(self.queue[0])

    def _send(self, message: Message) -> None:
        if message.payload is None:
            message.payload = message.build()
        if not message.message_id or not self.traits.same_id:
            self.number += 1
            message.message_id = str(self.number)
        self.flying = (message, self.world.now)
        self.world.sends("station", Call(message.message_id, message.action, message.payload))

    def _boot_answered(self, answer: Payload) -> None:
        self.interval = float(answer["interval"] or 30)
        self.boot_at = self.world.now + self.interval
        if answer["status"] == "Accepted":
            self.registered = True
            self.booted()

    def arrived(self, frame: Frame, way: int) -> None:
        if isinstance(frame, Call):
            answer = self.asked(frame, way)
            if isinstance(answer, dict):
                self.world.sends("station", Result(frame.message_id, answer))
            elif answer is not None:
                self.world.sends("station", Error(frame.message_id, answer, "said so"))
        elif self.flying is not None and self.flying[0].message_id == frame.key:
            self._answered(self.flying[0], frame)
        self.pump()

    def _answered(self, message: Message, frame: Result | Error) -> None:
        self.flying = None
        of_queue = bool(self.queue) and self.queue[0] is message
        if isinstance(frame, Result):
            if of_queue:
                self.queue.popleft()
                self.retry_at = self.world.now
            message.answered(frame.payload)
        elif of_queue:
            spoilt = message.tx is not None and message.tx.spoilt()
            assert spoilt, f"weather must not cost an attempt: {message.action} {message.payload} {frame.text}"
            message.attempts += 1
            self.retry_at = self.world.now + RETRY_INTERVAL * message.attempts
            if message.attempts >= ATTEMPTS:
                self.queue.popleft()
                message.dropped()
        elif message.action == "BootNotification":
            self.boot_at = self.world.now + self.interval

    # -- time -------------------------------------------------------------------------------------------------------

    def due(self) -> float | None:
        if not self.online:
            return self.dial_at
        if self.flying is not None:
            return self.flying[1] + self.traits.patience
        if not self.registered:
            return self.boot_at
        if self.errands:
            return self.world.now
        return self.retry_at if self.queue else None

    def tick(self) -> None:
        now = self.world.now
        if not self.online:
            if self.dial_at is not None and now >= self.dial_at:
                self.connect()
            return
        if self.flying is not None and now >= self.flying[1] + self.traits.patience:
            message, self.flying = self.flying[0], None
            self.retry_at = now + RETRY_INTERVAL
            if message.action == "BootNotification":
                self.boot_at = now + RETRY_INTERVAL
        self.pump()
