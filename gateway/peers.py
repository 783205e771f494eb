"""One of a switchboard's two connections: the calls to it, the calls from it, and what is told of them. PURE."""

from collections.abc import Callable

from gateway.pacing import Lane, Settled, Turnstile
from translators import errors
from translators.effects import Answered, Effect, Note, ToCsms, ToStation
from translators.frames import (
    CALL,
    CALLERROR,
    CALLRESULT,
    UNREADABLE_ID,
    BadFrame,
    Call,
    Error,
    Frame,
    NoAnswer,
    Result,
)

Feed = Callable[[Frame | NoAnswer, float], list[Effect]]

_CODE_OF_BAD = {
    "not_json": "FormatViolation",
    "payload": "FormatViolation",
    "envelope": "RpcFrameworkError",
    "message_id": "RpcFrameworkError",
    "message_type": "MessageTypeNotSupported",
}


class BusyError(Exception):
    """As many calls of operators wait for this station as may."""


class Peer:
    """One connection's bookkeeping. `name`: station or csms; `feed`: where its frames go; `write`: the effect that writes
    to it."""

    __slots__ = ("feed", "lane", "name", "turnstile", "version", "write")

    def __init__(
        self,
        name: str,
        version: str,
        call_timeout: float,
        queue_calls: int,
        feed: Feed,
        write: type[ToStation | ToCsms],
    ) -> None:
        self.name = name
        self.version = version
        self.lane = Lane(call_timeout)
        self.turnstile = Turnstile(queue_calls)
        self.feed = feed
        self.write = write

    @property
    def quiet(self) -> bool:
        """Whether nothing is at work, in either direction."""
        return not len(self.lane) and self.turnstile.empty

    def told(self, settled: Settled) -> Note | Answered:
        """What became of a call to it, for those who count."""
        action, answer, seconds = settled.call.action, settled.answer, settled.seconds
        if isinstance(answer, Result):
            return Answered(self.name, action, seconds)
        facts = {"peer": self.name, "action": action, "seconds": seconds}
        if isinstance(answer, Error):
            return Note("call_error", facts | {"code": answer.code})
        return Note("call_timeout", facts)

    def busy(self, call: Call) -> list[Effect]:
        """Its call is refused, because too many of its calls wait."""
        note = Note("queue_full", {"peer": self.name, "action": call.action})
        return [
            note,
            self.write(Error(call.message_id, "InternalError", f"busy: {len(self.turnstile)} calls are waiting")),
        ]

    def bad(self, bad: BadFrame) -> Note:
        """It sent a text that is no frame."""
        return Note("bad_frame", {"peer": self.name, "kind": bad.kind, "why": bad.why})

    def refusal_of(self, bad: BadFrame) -> list[Effect]:
        """Its answer, where it has one: every call that can be given an id gets an answer, an answer never does."""
        if bad.message_type in (CALLRESULT, CALLERROR):
            return []
        if bad.kind == "message_type" and self.version != "ocpp2.0.1":
            return []  # 2.1 part 4 section 4.4 ignores it; 1.6-J has no code for it
        if bad.message_type not in (CALL, None) and bad.kind != "message_type":
            return []
        if bad.message_id is None:
            # Part 4 section 4.2.3.
            return [self.write(Error(UNREADABLE_ID, self._spelt("RpcFrameworkError"), bad.why))]
        return [self.write(Error(bad.message_id, self._spelt(_CODE_OF_BAD[bad.kind]), bad.why))]

    def _spelt(self, code: str) -> str:
        return errors.spelt_for(self.version, code)
