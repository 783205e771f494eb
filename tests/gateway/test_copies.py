"""Of which transaction a call speaks; what waits for a follower, what is kept, and what goes first when it is too much."""

from itertools import count
from typing import Any

import pytest

from gateway.copies import MOST_OPEN, Copies, Place, number_of, place_of
from translators.effects import Copy
from translators.frames import Call, Error, Result, decode

TIME = "2027-01-15T08:00:00Z"
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": TIME}


def copies(version: str = "ocpp1.6", memory: dict[str, Any] | None = None, most: int = 256) -> Copies:
    ids = count(1)
    return Copies(version, {} if memory is None else memory, lambda: f"g{next(ids)}", most)


def copy(action: str, payload: dict[str, Any], answer: dict[str, Any] | None = None) -> Copy:
    call = decode(Call("1", action, payload).text)
    assert isinstance(call, Call)
    return Copy(call, Result("1", answer or {}), 0.1)


def start(number: int, tag: str = "TAG") -> Copy:
    return copy("StartTransaction", {**START, "idTag": tag}, {"transactionId": number})


def stop(number: int) -> Copy:
    return copy("StopTransaction", {"transactionId": number, "meterStop": 1, "timestamp": TIME})


def order(one: Copies) -> list[Place]:
    one.recall()
    return [one.take().place for _ in range(len(one))]


@pytest.mark.parametrize(
    ("version", "text", "answer", "place"),
    [
        ("ocpp1.6", '[2,"1","StartTransaction",{}]', {"transactionId": 7}, ("begins", "7")),
        ("ocpp1.6", '[2,"1","StartTransaction",{}]', {"transactionId": "7"}, ("begins", "")),
        ("ocpp1.6", '[2,"1","StopTransaction",{"transactionId":"7"}]', {}, ("ends", "7")),
        ("ocpp1.6", '[2,"1","StopTransaction",{"transactionId":true}]', {}, ("ends", "")),
        ("ocpp1.6", '[2,"1","MeterValues",{"transactionId":-1}]', {}, ("goes_on", "-1")),
        ("ocpp1.6", '[2,"1","MeterValues",{}]', {}, ("", "")),
        ("ocpp1.6", '[2,"1","MeterValues",[]]', {}, ("", "")),
        ("ocpp2.0.1", '[2,"1","MeterValues",{"transactionId":1}]', {}, ("", "")),
        ("ocpp2.0.1", '[2,"1","TransactionEvent",{"eventType":"Ended","transactionInfo":{"transactionId":"T"}}]', {}, ("ends", "T")),
        ("ocpp2.0.1", '[2,"1","TransactionEvent",{"eventType":[],"transactionInfo":{"transactionId":"T"}}]', {}, ("goes_on", "T")),
        ("ocpp2.0.1", '[2,"1","TransactionEvent",{"eventType":"Started","transactionInfo":3}]', {}, ("", "")),
    ],
)  # fmt: skip
def test_of_which_transaction_a_call_speaks(version: str, text: str, answer: Any, place: tuple[str, str]) -> None:
    call = decode(text)
    assert isinstance(call, Call)
    assert place_of(version, call, Result("1", answer)) == place


def test_a_number_that_no_int_can_be_is_none() -> None:
    assert [number_of(one) for one in (5, "-5", "5 ", "", "9" * 5000, 5.0, None, "٣")] == [5, -5, *[None] * 6]


def test_a_start_that_was_refused_is_dropped() -> None:
    one = copies()
    refused = Copy(Call("1", "StartTransaction", START), Error("1", "InternalError"), 0.1)
    assert one.put(refused) == ([], 1)
    assert len(one) == 0


def test_when_it_is_too_much_begins_and_ends_stay_and_readings_go() -> None:
    one = copies(most=3)
    dropped = [one.put(each)[1] for each in (start(1), copy("Heartbeat", {}), stop(1), copy("Authorize", {}))]
    assert dropped == [0, 0, 0, 1]
    assert order(one) == [("begins", "1"), ("ends", "1"), ("", "")]


def test_begins_and_ends_that_went_all_the_same_come_back_from_memory() -> None:
    one = copies(most=2)
    for each in (start(1, "A"), stop(1), start(2, "B"), stop(2)):
        one.put(each)
    assert order(one) == [("begins", "1"), ("begins", "2"), ("ends", "2"), ("ends", "1")]


def test_a_new_connection_is_told_only_what_does_not_wait_and_was_not_told() -> None:
    memory: dict[str, Any] = {}
    one = copies(memory=memory)
    one.put(start(1, "A"))
    first = one.take()
    one.told(first, taken=True)
    one.put(start(2, "B"))
    one.put(stop(1))
    one.missed()
    assert order(one) == [("begins", "2"), ("ends", "1")]
    assert order(copies(memory=memory)) == [("begins", "2"), ("ends", "1")]


def test_open_transactions_are_bounded_and_a_long_end_is_not_kept() -> None:
    memory: dict[str, Any] = {}
    one = copies(memory=memory)
    for number in range(MOST_OPEN + 5):
        one.put(start(number, f"T{number}"))
    assert len(memory) == MOST_OPEN
    assert "open/0" not in memory
    one.put(copy("StopTransaction", {"transactionId": 50, "transactionData": "x" * 70_000}))
    assert memory["open/50"]["end"] is None


def test_a_number_given_again_to_another_start_is_another_transaction() -> None:
    memory: dict[str, Any] = {}
    one = copies(memory=memory)
    one.put(start(1, "A"))
    one.told(one.take(), taken=True)
    one.put(start(1, "A"))
    assert memory["open/1"]["told"] is True
    one.put(start(1, "B"))
    assert memory["open/1"]["told"] is False
