"""One call at a time, at growing intervals, and nothing blocks for ever."""

from typing import Any

import pytest

from translators.effects import Effect, Note, ToCsms
from translators.frames import Call, Error, NoAnswer, Result, decode
from translators.outbox.delivery import DEFINITE_TRIES, FIRST_PAUSE, LONGEST_PAUSE, MOST_TRIES, Delivery
from translators.outbox.queue import Queue
from translators.outbox.registration import Registration
from translators.outbox.stops import Stops


class Parts:
    def __init__(self, *payloads: dict[str, Any]) -> None:
        memory: dict[str, Any] = {}
        self.queue = Queue(memory)
        for payload in payloads:
            self.queue.put(Call("x", "TransactionEvent", payload), {})
        self.registration = Registration("ocpp2.0.1", memory)
        self.stops = Stops("ocpp2.0.1", memory, lambda: "stop")
        self.delivery = Delivery(self.queue, self.registration, self.stops, None, lambda: "own")
        self.memory = memory

    def tried(self, reply: Any, now: float = 0.0) -> list[Effect]:
        self.delivery.retry_at = None
        sent = self.delivery.next()
        assert isinstance(sent[0], ToCsms)
        return self.delivery.answered(reply, now)


def events(effects: list[Effect]) -> list[str]:
    return [effect.facts["event"] for effect in effects if isinstance(effect, Note) and effect.kind == "outbox"]


@pytest.mark.parametrize(
    ("reply", "most"),
    [
        (Error("own", "FormatViolation"), DEFINITE_TRIES),
        (Error("own", "InternalError"), MOST_TRIES),
        (NoAnswer("own", 25.0), MOST_TRIES),
        (decode('[3,"own",[]]'), MOST_TRIES),
    ],
)
def test_what_is_not_taken_is_tried_again_and_set_aside(reply: Any, most: int) -> None:
    parts = Parts({"seqNo": 1}, {"seqNo": 2})
    pauses = []
    for _ in range(most - 1):
        assert events(parts.tried(reply)) == ["failed"]
        assert parts.delivery.retry_at is not None
        pauses.append(parts.delivery.retry_at)
    assert pauses == [min(FIRST_PAUSE * 2**tries, LONGEST_PAUSE) for tries in range(most - 1)]
    assert events(parts.tried(reply)) == ["set_aside"]
    assert parts.memory["outbox/dead/1"]["tries"] == most
    assert len(parts.queue) == 1


def test_a_lost_connection_is_not_the_messages_fault() -> None:
    parts = Parts({"seqNo": 1})
    parts.delivery.next()
    parts.delivery.lost()
    assert parts.delivery.answered(NoAnswer("own", 1.0, "is gone"), 0) == []
    assert parts.queue.head.tries == 0
    assert parts.delivery.next() == []
    parts.delivery.back()
    assert len(parts.delivery.next()) == 1


def test_an_answer_that_came_before_the_loss_counts() -> None:
    parts = Parts({"seqNo": 1})
    parts.delivery.next()
    parts.delivery.lost()
    assert events(parts.delivery.answered(Result("own", {}), 0)) == ["delivered"]


def test_a_boot_is_told_until_it_is_answered_and_a_status_once() -> None:
    parts = Parts({"seqNo": 1})
    parts.registration.answered(Call("b", "BootNotification", {"reason": "PowerUp"}), 0)
    parts.registration.answered(Call("s", "StatusNotification", {"evseId": 1, "connectorId": 1}), 0)
    assert parts.tried(NoAnswer("own", 25.0)) == [Note("replay_failed", {"action": "BootNotification"})]
    assert parts.delivery.retry_at == FIRST_PAUSE
    parts.tried(Result("own", {"status": "Rejected", "interval": "soon"}))
    assert parts.delivery.retry_at == 60
    following = parts.tried(Error("own", "NotImplemented"))[-1]
    assert isinstance(following, ToCsms)
    assert following.frame.action == "StatusNotification"  # type: ignore[union-attr]
    following = parts.delivery.answered(NoAnswer("own", 25.0), 0)[-1]
    assert isinstance(following, ToCsms)
    assert following.frame.action == "TransactionEvent"  # type: ignore[union-attr]


def test_a_refused_token_stops_a_transaction_that_goes_on_once() -> None:
    info = {"transactionId": "t"}
    refused = Result("own", {"idTokenInfo": {"status": "Blocked"}})
    parts = Parts({"eventType": "Started", "transactionInfo": info}, {"eventType": "Updated", "transactionInfo": info})
    assert events(parts.tried(refused)) == ["delivered", "refused_later"]
    assert len(parts.stops) == 1
    parts.delivery.answered(refused, 0)
    assert len(parts.stops) == 1
    ended = Parts({"eventType": "Started", "transactionInfo": info}, {"eventType": "Ended", "transactionInfo": info})
    assert events(ended.tried(refused)) == ["delivered"]
    assert len(ended.stops) == 0
