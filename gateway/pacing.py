"""One call in flight each way, the rest in order (1.6-J section 4.1.1, 2.x part 4 section 4.1.1). PURE.

`Lane` paces the calls made to a peer; `Turnstile` takes the calls a peer makes, one at a time. Both directions of a
connection have their own and never wait for each other.
"""

from collections import deque
from math import inf

import msgspec

from translators.frames import Call, Error, NoAnswer, Result

_LATE_IDS_KEPT = 64


class Settled(msgspec.Struct, frozen=True):
    """A call that came back: `seconds` on the wire, `answer` as it came (NoAnswer: it did not)."""

    call: Call
    answer: Result | Error | NoAnswer
    seconds: float


class Lane:
    """Calls made to one peer. One is in flight, the next follows its answer or its timeout (seconds). What nearly never
    waits has no queue until it does."""

    __slots__ = ("_flying", "_held", "_late", "_sent_at", "_waiting", "due", "timeout")

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self._waiting: deque[Call] | None = None
        self._flying: Call | None = None
        self._held = False
        self._sent_at = 0.0
        self._late: dict[str, None] | None = None
        self.due = inf
        """When the call in flight has waited long enough."""

    def __len__(self) -> int:
        return (len(self._waiting) if self._waiting else 0) + (self._flying is not None)

    def send(self, call: Call, now: float) -> Call | None:
        """The call, when it may be written now; None when it waits its turn."""
        if self._flying is None and not self._waiting and not self._held:
            self._flying, self._sent_at, self.due = call, now, now + self.timeout
            return call
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(call)
        return None

    def next(self, now: float) -> Call | None:
        """The waiting call to write now that the lane is free."""
        if self._flying is None and self._waiting:
            self._flying, self._sent_at, self.due = self._waiting.popleft(), now, now + self.timeout
            return self._flying
        return None

    def settle(self, reply: Result | Error, now: float) -> Settled | None:
        """The call this reply answers; None for a reply nobody waits for (see `was_late`)."""
        call = self._flying
        if call is None or call.key != reply.key:
            return None
        self._flying, self.due = None, inf
        return Settled(call, reply, now - self._sent_at)

    def was_late(self, reply: Result | Error) -> bool:
        """Whether an unmatched reply belongs to a call that had timed out. Asked once per reply."""
        return self._late is not None and self._late.pop(reply.key, self) is None

    def fail(self, message_id: str, why: str, now: float) -> Settled | None:
        """The answer to this call cannot be read: it is as good as none, at once in place of after the timeout."""
        call = self._flying
        if call is None or call.key != message_id:
            return None
        self._flying, self.due = None, inf
        return Settled(call, NoAnswer(call.message_id, now - self._sent_at, why), now - self._sent_at)

    def expire(self, now: float) -> Settled | None:
        """The call whose time is over, if its time is over."""
        if now < self.due:
            return None
        return self._give_up(now)

    def lose(self, now: float) -> list[Settled]:
        """The peer is gone: everything in flight or waiting comes back unanswered."""
        gone = [self._give_up(now, "is gone")] if self._flying is not None else []
        gone += [Settled(call, NoAnswer(call.message_id, 0.0, "is gone"), 0.0) for call in self._waiting or ()]
        self._waiting = None
        return gone

    def hold(self) -> None:
        """The peer is away: calls wait without a deadline, the one in flight first, for its answer is lost."""
        self._held = True
        if self._flying is not None:
            self._waiting = deque([self._flying, *(self._waiting or ())])
            self._flying, self.due = None, inf

    def release(self) -> list[Call]:
        """The peer is back: the calls that waited, to be sent again after what it must be told first."""
        self._held = False
        waited, self._waiting = list(self._waiting or ()), None
        return waited

    def _give_up(self, now: float, why: str = "") -> Settled:
        call, self._flying, self.due = self._flying, None, inf
        assert call is not None
        if self._late is None:
            self._late = {}
        self._late[call.key] = None
        while len(self._late) > _LATE_IDS_KEPT:
            del self._late[next(iter(self._late))]
        seconds = now - self._sent_at
        return Settled(call, NoAnswer(call.message_id, seconds if why else self.timeout, why), seconds)


class Turnstile:
    """Calls made by one peer: the next goes in when the one before has been answered."""

    __slots__ = ("_inside_is_lost", "_shut", "_waiting", "inside", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside: Call | None = None
        """The call that is being answered."""
        self._inside_is_lost = False
        self._waiting: deque[Call] | None = None
        self._shut = False

    def __len__(self) -> int:
        return len(self._waiting) if self._waiting else 0

    @property
    def empty(self) -> bool:
        """Whether nothing is inside."""
        return self.inside is None

    def shut(self) -> None:
        """Let nothing in from now on: what arrives waits."""
        self._shut = True

    def reopen(self) -> Call | None:
        """Let them in again: the one that goes in now, if any."""
        self._shut = False
        if self.inside is None and self._waiting:
            self.inside = self._waiting.popleft()
            return self.inside
        return None

    def taken_over(self) -> list[Call]:
        """What waited, for another to take in."""
        waited, self._waiting = list(self._waiting or ()), None
        return waited

    @property
    def full(self) -> bool:
        return (len(self._waiting) if self._waiting else 0) >= self.limit

    def repeats(self, call: Call) -> bool:
        """Whether the same call (id and text) is inside or waiting already: its answer is on its way."""
        inside = self.inside
        if inside is not None and not self._inside_is_lost and _same(inside, call):
            return True
        return self._waiting is not None and any(_same(one, call) for one in self._waiting)

    def arrive(self, call: Call) -> Call | None:
        """The call, when it may go in now; None when it waits. The caller decides what `full` means."""
        if self.inside is not None or self._shut:
            if self._waiting is None:
                self._waiting = deque()
            self._waiting.append(call)
            return None
        self.inside = call
        return call

    def lose(self) -> None:
        """The peer is gone: nobody waits for answers to its calls. The one inside stays until it is done, for the peer
        may come back and use its id again."""
        self._waiting = None
        self._inside_is_lost = self.inside is not None

    def expects(self, message_id: str) -> bool:
        """Whether the call inside has this id: an answer to any other is not for this connection."""
        return self.inside is not None and self.inside.key == message_id and not self._inside_is_lost

    def answered(self, message_id: str) -> Call | None:
        """The call inside has been answered; the next one to go in, if any."""
        if self.inside is None or self.inside.key != message_id:
            return None
        self.inside = self._waiting.popleft() if self._waiting and not self._shut else None
        self._inside_is_lost = False
        return self.inside


def _same(one: Call, other: Call) -> bool:
    return one.key == other.key and one.text == other.text
