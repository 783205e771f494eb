"""What the gateway tells a CSMS by itself: the boot, the statuses, then what waits, one call at a time.

A message stays the first of its queue until the CSMS has answered it. One that it fails on is tried again at growing
intervals; one that it refuses for what it is, or fails on for more than a day, is set aside, so that it blocks no other.
"""

from collections.abc import Callable

from translators import errors
from translators.effects import Effect, Note, ToCsms
from translators.frames import BadFrame, Call, Error, NoAnswer, Payload, Reply
from translators.outbox import answers
from translators.outbox.queue import Message, Queue
from translators.outbox.registration import PENDING_INTERVAL, Registration
from translators.outbox.stops import Stops
from translators.pairs import Pairs

DEFINITE_TRIES = 3
"""Tries of a message that the CSMS refuses for what it is."""
MOST_TRIES = 300
"""Tries of a message that a CSMS fails on which is there: at the longest pause more than a day."""
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0

_UNKNOWN_STATION = "SecurityError"
"""How a CSMS answers a station whose boot it has not accepted (1.6-J errata 3.8, 2.0.1 B01.FR.10)."""


class Delivery:
    """`away`: the CSMS cannot be told anything now."""

    def __init__(
        self,
        queue: Queue,
        registration: Registration,
        stops: Stops,
        pairs: Pairs | None,
        new_id: Callable[[], str],
    ) -> None:
        self.away = False
        self.retry_at: float | None = None
        self._queue = queue
        self._registration = registration
        self._stops = stops
        self._pairs = pairs
        self._new_id = new_id
        self._pause = FIRST_PAUSE
        self._asked: tuple[Call, bool] | None = None
        """The call that the CSMS has not answered yet, and whether it is the first of the queue."""

    @property
    def idle(self) -> bool:
        return self._asked is None

    def lost(self) -> None:
        """The CSMS's connection is gone; what it was asked comes back unanswered."""
        self.away = True
        self.retry_at = None

    def back(self) -> None:
        self.away = False
        self.retry_at, self._pause = None, FIRST_PAUSE
        self._registration.back()

    def wait(self, now: float) -> None:
        """Longer every time. A CSMS that is away is asked when it is back."""
        if not self.away:
            self.retry_at = now + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def is_own(self, reply: Reply) -> bool:
        return self._asked is not None and self._asked[0].key == reply.key

    def next(self) -> list[Effect]:
        """The call that it is time for, if it is time for one."""
        if self.away or self._asked is not None or self.retry_at is not None:
            return []
        due = self._registration.next()
        if due is not None:
            call = Call(self._new_id(), *due)
            self._asked = call, False
            return [ToCsms(call)]
        out: list[Effect] = []
        while len(self._queue) and self._is_orphan(self._queue.head):
            out += self._set_aside(self._queue.head)
        if len(self._queue):
            message = self._queue.head
            call = Call.again(self._new_id(), message.action, message.text)
            if self._pairs is not None and message.action == "StartTransaction":
                self._pairs.promise(call.key, message.answer["transactionId"])
            self._asked = call, True
            out.append(ToCsms(call))
        return out

    def answered(self, reply: Reply, now: float) -> list[Effect]:
        """The CSMS has answered the call, or has not, and what follows."""
        assert self._asked is not None
        call, is_message = self._asked
        self._asked = None
        if self.away and silence(reply) is not None:
            return []  # it says nothing of the call
        told = self._message_told if is_message else self._introduced
        return [*told(call, reply, now), *self.next()]

    def close(self) -> None:
        self._asked = None

    # -- inside -----------------------------------------------------------------------------------------------------

    def _introduced(self, call: Call, reply: Reply, now: float) -> list[Effect]:
        """A boot is told again until it is answered. A status is old news by then."""
        answer = payload_of(reply)
        out: list[Effect] = [] if answer is not None else [Note("replay_failed", {"action": call.action})]
        if call.action == "BootNotification" and answer is None and not _is_definite(reply):
            self.wait(now)
            return out
        out += self._registration.told(call.action, call.payload, answer)
        if answer is not None and answer.get("status", "Accepted") != "Accepted":
            out.append(Note("replay_not_accepted", {"status": str(answer["status"])}))
            interval = answer.get("interval")
            asked = float(interval) if isinstance(interval, int) else 0.0
            self.retry_at = now + max(asked, PENDING_INTERVAL)
        return out

    def _message_told(self, call: Call, reply: Reply, now: float) -> list[Effect]:
        message = self._queue.head
        answer = payload_of(reply)
        if answer is None or self._is_unnamed(message):
            return self._failed(message, reply, now)
        self._pause = FIRST_PAUSE
        out = self._queue.delivered()
        note = self._queue.note("delivered", message.action)
        if not answers.refuses(answer) or message.ends or self._queue.ends(message.transaction):
            return [*out, note]
        return [*out, *self._stops.ask(message.transaction), note, self._queue.note("refused_later", message.action)]

    def _failed(self, message: Message, reply: Reply, now: float) -> list[Effect]:
        out = self._queue.failed()
        if isinstance(reply, Error) and reply.code == _UNKNOWN_STATION:
            self._registration.refused()
        if message.tries >= (DEFINITE_TRIES if _is_definite(reply) else MOST_TRIES):
            return [*out, *self._set_aside(message)]
        self.wait(now)
        why = silence(reply) or (f"answered {reply.code[:50]}" if isinstance(reply, Error) else "cannot be understood")
        return [*out, self._queue.note("failed", message.action, why=why)]

    def _set_aside(self, message: Message) -> list[Effect]:
        return [*self._queue.set_aside(), self._queue.note("set_aside", message.action)]

    def _is_unnamed(self, message: Message) -> bool:
        """Whether an answer to a start named no transaction."""
        return message.action == "StartTransaction" and self._is_owed(message)

    def _is_orphan(self, message: Message) -> bool:
        """Whether it can no more be delivered: its transaction's start was set aside, so the CSMS has no number for it,
        and may have given the station's number to somebody else's transaction."""
        return message.action != "StartTransaction" and self._is_owed(message)

    def _is_owed(self, message: Message) -> bool:
        return self._pairs is not None and self._pairs.is_owed(message.transaction)


def payload_of(frame: Call | Reply) -> Payload | None:
    """The payload of a call or an answer; None for an error, for silence, and for what cannot be read."""
    if isinstance(frame, Error | NoAnswer):
        return None
    try:
        return frame.payload
    except BadFrame:
        return None


def silence(reply: Reply) -> str | None:
    """Why nobody answered; None when somebody did."""
    if isinstance(reply, NoAnswer):
        return reply.told
    return (reply.unheard or None) if isinstance(reply, Error) else None


def _is_definite(reply: Reply) -> bool:
    """Whether the CSMS has refused the call for what it is."""
    return isinstance(reply, Error) and not reply.unheard and reply.code not in errors.TRANSIENT
