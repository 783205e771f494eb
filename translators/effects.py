"""What the pure core asks of its surroundings, in order, and the words a mapping is written in."""

from collections.abc import Callable
from typing import Any

import msgspec

from translators.frames import Call, Error, Frame, Payload, Result


class ToStation(msgspec.Struct, frozen=True):
    """Write this frame to the station."""

    frame: Frame


class ToCsms(msgspec.Struct, frozen=True):
    """Write this frame to the CSMS."""

    frame: Frame


class Remember(msgspec.Struct, frozen=True):
    """Keep `value` (anything JSON can hold) under `key`; durable before any frame after it is on the wire.

    `behind`: it may be written after the frames that follow, because what a crash takes of it comes back with the
    message that is then repeated."""

    key: str
    value: Any
    behind: bool = False


class Forget(msgspec.Struct, frozen=True):
    """Drop `key`; unknown keys are no mistake. Written after the frames that follow."""

    key: str


class Note(msgspec.Struct, frozen=True):
    """Something an operator counts or reads: `kind` names it, `facts` never hold a secret."""

    kind: str
    facts: dict[str, Any] = {}


class Answered(msgspec.Struct, frozen=True):
    """A call to the `peer` (station or csms) was answered, after so many seconds: for those who count."""

    peer: str
    action: str
    seconds: float


class Close(msgspec.Struct, frozen=True):
    """Close the station's connection with this WebSocket close code: its own queue keeps what was not answered."""

    code: int
    reason: str


class Work(msgspec.Struct, frozen=True):
    """Have something done that is not for a pure core: `kind` names it, `value` is what it is about, maybe a secret. What
    comes of it is fed to `done` with the time; that gives the effects that were to wait for it."""

    kind: str
    value: str
    done: "Callable[[Payload, float], list[Effect]]"

    def __repr__(self) -> str:
        return f"Work({self.kind})"


class Copy(msgspec.Struct, frozen=True):
    """The station has been answered: for those who follow what it says. `call` is as it came, `answer` what it was told
    (None: a SEND, which has none), `seconds` how long it waited."""

    call: Call
    answer: Result | Error | None
    seconds: float = 0.0


Effect = ToStation | ToCsms | Remember | Forget | Note | Answered | Close | Work | Copy


class Ask(msgspec.Struct, frozen=True):
    """In a mapping: make this call on the other side. `yield Ask(...)` gives the payload of the answer; a CALLERROR is
    raised as PeerError, silence as PeerSilent. `back` asks the side the mapping's own call came from instead."""

    action: str
    payload: Payload
    back: bool = False


class Answer(msgspec.Struct, frozen=True):
    """In a mapping: answer the call now and go on working. A later return value is ignored."""

    payload: Payload


class Expect(msgspec.Struct, frozen=True):
    """In a mapping: wait until `condition` holds. It is tried whenever memory changes. Gives True, or False after
    `seconds` (None: no limit)."""

    condition: Callable[[], bool]
    seconds: float | None = None


Step = Ask | Answer | Expect | Remember | Forget | Note


class Refused(Exception):
    """Raised in a mapping: answer the call with a CALLERROR. `code` in the spelling of 2.0.1 part 4; the session
    writes it as the asking side's version spells it."""

    def __init__(self, code: str, description: str, details: Payload | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.details = details or {}


class PeerError(Exception):
    """The other side answered a mapping's Ask with a CALLERROR. `code` as it came."""

    def __init__(self, code: str, description: str, details: Payload) -> None:
        super().__init__(code)
        self.code = code
        self.description = description
        self.details = details
        self.asked: Call | None = None
        """The call it answers."""
        self.lasting = False
        """Whether the same call was refused so often that asking again is of no use, whatever the code says."""

    @property
    def unsupported(self) -> bool:
        """The peer does not know the action, or knows it and cannot do it."""
        return self.code in ("NotImplemented", "NotSupported")


class PeerSilent(Exception):
    """The other side gave no usable answer to a mapping's Ask: not in time, not readable, or its connection went."""


class Unanswerable(Exception):
    """Raised in a mapping: leave the call unanswered and close the station's connection, so that the station keeps the
    message in its own queue. A CALLERROR would burn one of its TransactionMessageAttempts (1.6 section 3.7.1)."""


TRANSACTION_ACTIONS = frozenset({"StartTransaction", "StopTransaction", "TransactionEvent"})


def is_transaction_message(call: Call) -> bool:
    """Whether a station repeats this call until it is answered (1.6 section 3.7.1, 2.0.1 E13): a call that must never
    be answered with a CALLERROR because of weather."""
    if call.action in TRANSACTION_ACTIONS:
        return True
    return call.action == "MeterValues" and '"transactionId"' in call.text
