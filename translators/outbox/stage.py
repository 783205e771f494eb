"""Stands in for a CSMS that is away: answers the station, keeps its transaction messages, delivers them in order.

The last stage before the CSMS, in the CSMS's version on both sides. While the CSMS is there and nothing waits, every
frame passes as it came. A message that is kept is durable before it is answered. As long as one waits, none overtakes
it: transaction messages are told in the order in which they happened (1.6 section 3.7.1, 2.0.1 E04).
"""

from collections.abc import Callable
from typing import Any

from translators import errors
from translators.effects import Close, Effect, Note, ToCsms, ToStation, is_transaction_message
from translators.frames import CALL, CALLERROR, BadFrame, Call, Error, Frame, NoAnswer, Payload, Result
from translators.outbox import answers
from translators.outbox.delivery import Delivery, payload_of, silence
from translators.outbox.queue import Queue, transaction_of
from translators.outbox.registration import Registration
from translators.outbox.stops import Stops
from translators.pairs import Pairs

MOST_MESSAGES, MOST_BYTES = 5000, 4 * 1024 * 1024
"""What is kept for one station. Calls that no money hangs on get half of it."""

_RESTART = 1012


class Outbox:
    """A Stage. `Note("outbox")` tells `event` (kept, repeated, assumed, delivered, failed, set_aside, refused_later, lost,
    full; empty: none) and `messages`, how many wait now."""

    def __init__(
        self,
        version: str,
        memory: dict[str, Any],
        new_id: Callable[[], str],
        *,
        pairs: Pairs | None = None,
        most_messages: int = MOST_MESSAGES,
        epoch: float = 0.0,
        identity: str = "",
    ) -> None:
        """`identity`: the station's, as it spells it. `pairs`: the transaction numbers of a 1.6 CSMS, which `Aliases` around this stage writes; None for a version
        whose stations name their transactions."""
        self.version = version
        self.epoch = epoch
        self._pairs = pairs
        self._most_messages = most_messages
        self._queue = Queue(memory, {"identity": identity, "version": version} if identity else None)
        self._registration = Registration(version, memory)
        self._stops = Stops(version, memory, new_id)
        self._delivery = Delivery(self._queue, self._registration, self._stops, pairs, new_id)
        self._open: dict[str, Call] = {}
        """The station's calls that the CSMS is asked."""

    def open(self, now: float) -> list[Effect]:
        waiting: list[Effect] = [self._queue.note()] if len(self._queue) else []
        return [*waiting, *self._stops.again(), *self._delivery.next()]

    def away(self, now: float) -> list[Effect]:
        self._delivery.lost()
        return []

    def resumed(self, now: float) -> list[Effect]:
        """The boot and the statuses, then what waits."""
        self._delivery.back()
        return self._delivery.next()

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        if isinstance(frame, Call):
            if frame.type == CALL:
                return self._called(frame, now)
            if self._delivery.away:
                return [Note("send_dropped", {"side": "station", "action": frame.action})]
        elif self._stops.is_own(frame):
            return self._stops.answered(frame)
        elif isinstance(frame, NoAnswer):
            return [ToCsms(_unheard(frame.message_id, "station", frame.told))]
        return [ToCsms(frame)]

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        if isinstance(frame, Call) or (isinstance(frame, Error) and frame.type != CALLERROR):
            return [ToStation(frame)]
        if self._delivery.is_own(frame):
            return self._delivery.answered(frame, now)
        call = self._open.pop(frame.key, None)
        if call is None:
            return [Note("unmatched", {"peer": "csms"})]
        why = silence(frame)
        if why is not None:
            if answers.is_kept(call):
                self._delivery.wait(now)
                return self._keep(call, now)
            if self._delivery.away:
                return self._stand_in(call, now)
            return [ToStation(_unheard(call.message_id, "csms", why))]
        assert not isinstance(frame, NoAnswer)
        answer = payload_of(frame)
        heard = self._registration.heard(call, answer) if answer is not None else []
        return [*heard, ToStation(frame)]

    def tick(self, now: float) -> list[Effect]:
        due = self._delivery.retry_at
        if due is None or now < due:
            return []
        self._delivery.retry_at = None
        return self._delivery.next()

    def deadline(self) -> float | None:
        return self._delivery.retry_at

    def close(self) -> None:
        self._open.clear()
        self._stops.close()
        self._delivery.close()

    def idle(self) -> bool:
        """Nothing is on its way. What waits for the CSMS is safe where it is."""
        return self._delivery.idle and not self._open and not len(self._stops)

    @property
    def delivers(self) -> bool:
        """Whether the CSMS is being told what waited."""
        return not self._delivery.idle

    # -- the station's calls ----------------------------------------------------------------------------------------

    def _called(self, call: Call, now: float) -> list[Effect]:
        if answers.is_kept(call):
            given = self._queue.answer_given(call)
            if given is not None:
                return [self._queue.note("repeated", call.action), *self._reply(call, given)]
            if self._delivery.away or len(self._queue) or self._is_owed(call):
                return self._keep(call, now)
        elif self._delivery.away:
            return self._stand_in(call, now)
        self._registration.sent(call)
        self._open[call.key] = call
        return [ToCsms(call)]

    def _stand_in(self, call: Call, now: float) -> list[Effect]:
        """Answer a call that is not delivered later."""
        unix_time = now + self.epoch
        try:
            answer, out = self._registration.answered(call, unix_time)
            if call.action == "Authorize" and not answers.is_sound(self.version, call):
                raise BadFrame("payload", "breaks its schema")
        except BadFrame as bad:
            return [self._refusal(call, bad.why)]
        if answer is None:
            answer = answers.at_once(self.version, call.action, unix_time)
        if answer is None:
            return [ToStation(_unheard(call.message_id, "csms", "is away"))]
        if call.action == "Authorize":
            out.append(self._queue.note("assumed", call.action))
        return [*out, *self._reply(call, answer)]

    def _keep(self, call: Call, now: float) -> list[Effect]:
        """Durable, then answered."""
        facts = {"from": self.version, "to": self.version, "action": call.action}
        has_to = is_transaction_message(call)
        if self._is_full(1.0 if has_to else 0.5):
            if has_to:
                withheld = Note("withheld", {**facts, "why": "the outbox is full"})
                return [self._queue.note("full", call.action), withheld, Close(_RESTART, "the outbox is full")]
            return [self._queue.note("lost", call.action), *self._reply(call, {})]
        try:
            answer, assumed = answers.to_kept(self.version, call, now + self.epoch, self._knows)
        except BadFrame as bad:
            return [self._refusal(call, bad.why)]
        out: list[Effect] = []
        if self._pairs is not None and call.action == "StartTransaction":
            out += self._pairs.owed(answer["transactionId"])
        out += self._queue.put(call, answer)
        if self._queue.last.ends:
            out += self._stops.ended(self._queue.last.transaction)
        if assumed:
            out.append(self._queue.note("assumed", call.action))
        return [*out, self._queue.note("kept", call.action), *self._reply(call, answer), *self._delivery.next()]

    def _is_full(self, part: float) -> bool:
        return len(self._queue) >= part * self._most_messages or self._queue.size >= part * MOST_BYTES

    def _reply(self, call: Call, answer: Payload) -> list[Effect]:
        facts = {"from": self.version, "to": self.version, "action": call.action, "outcome": "answered"}
        return [Note("translated", facts), ToStation(Result(call.message_id, answer))]

    def _refusal(self, call: Call, why: str) -> Effect:
        return ToStation(Error(call.message_id, errors.spelt_for(self.version, "FormatViolation"), why))

    def _knows(self, number: int) -> bool:
        return self._pairs is not None and self._pairs.knows(number)

    def _is_owed(self, call: Call) -> bool:
        """Whether a call names a transaction by a number that the CSMS has never heard."""
        if self._pairs is None or call.action == "StartTransaction":
            return False
        payload = payload_of(call)
        return payload is not None and self._pairs.is_owed(transaction_of(call.action, payload, {}))


def _unheard(message_id: str | int, peer: str, why: str) -> Error:
    return Error(message_id, "InternalError", f"{peer} {why}", unheard=why)
