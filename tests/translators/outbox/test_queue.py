"""First in, first out, and all of it in memory."""

from typing import Any

import pytest

from translators.effects import Forget, Remember
from translators.frames import BadFrame, Call, decode
from translators.outbox.queue import Queue, transaction_of


def call(number: int, **more: Any) -> Call:
    return Call("x", "StopTransaction", {"transactionId": number, **more})


def test_messages_keep_their_text_and_their_order_over_a_crash() -> None:
    memory: dict[str, Any] = {}
    queue = Queue(memory)
    for number in range(1, 12):
        queue.put(decode(f'[2,"x","StopTransaction",{{ "transactionId":{number}, "meterStop":1.50}}]'), {})  # type: ignore[arg-type]
    again = Queue(memory)
    assert (len(again), again.size) == (11, queue.size)
    assert again.head.text == '{ "transactionId":1, "meterStop":1.50}'
    assert again.delivered()[-1] == Forget("outbox/message/1")
    assert again.head.transaction == 2
    assert again.last.transaction == 11
    while len(again):
        again.delivered()
    assert again.size == 0


def test_numbers_rise_past_what_was_set_aside() -> None:
    memory: dict[str, Any] = {}
    queue = Queue(memory)
    queue.put(call(1), {})
    queue.failed()
    aside, gone = queue.set_aside()
    assert isinstance(aside, Remember)
    assert (aside.key, aside.value["tries"], gone) == ("outbox/dead/1", 1, Forget("outbox/message/1"))
    (put,) = Queue(memory).put(call(2), {})
    assert isinstance(put, Remember)
    assert put.key == "outbox/message/2"


def test_the_same_message_again() -> None:
    queue = Queue({})
    assert queue.answer_given(call(1)) is None
    queue.put(call(1), {"a": 1})
    assert queue.answer_given(call(1, offline=True)) == {"a": 1}
    assert queue.answer_given(call(2)) is None
    assert queue.answer_given(decode('[2,"x","StopTransaction",[]]')) is None  # type: ignore[arg-type]
    queue.delivered()
    assert queue.answer_given(call(1)) == {"a": 1}
    for number in range(2, 40):
        queue.put(call(number), {})
        queue.delivered()
    assert queue.answer_given(call(1)) is None


def test_ends() -> None:
    queue = Queue({})
    queue.put(Call("x", "TransactionEvent", {"eventType": "Ended", "transactionInfo": {"transactionId": "t"}}), {})
    assert queue.ends("t")
    assert not queue.ends("u")


@pytest.mark.parametrize(
    ("action", "payload", "answer", "transaction"),
    [
        ("StartTransaction", {}, {"transactionId": 3}, 3),
        ("MeterValues", {"transactionId": 4}, {}, 4),
        ("MeterValues", {}, {}, None),
        ("TransactionEvent", {"transactionInfo": 5}, {}, None),
    ],
)
def test_whose_message_it_is(action: str, payload: Any, answer: Any, transaction: object) -> None:
    assert transaction_of(action, payload, answer) == transaction


def test_what_is_no_object_is_not_kept() -> None:
    queue = Queue({})
    with pytest.raises(BadFrame):
        queue.put(decode('[2,"x","StopTransaction",[]]'), {})  # type: ignore[arg-type]
    assert len(queue) == 0
