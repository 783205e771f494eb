"""Transactions under way, read off a station's frames."""

from typing import Any

from gateway.charging import OpenTransactions
from translators.frames import Call, Error, Result, Send, decode


def event(transaction: Any, kind: str) -> Call:
    return Call("m", "TransactionEvent", {"eventType": kind, "transactionInfo": {"transactionId": transaction}})


def test_a_2x_transaction_is_open_from_its_first_event_to_its_last() -> None:
    seen = OpenTransactions()
    assert seen.received(event("a", "Started"))
    assert not seen.received(event("a", "Updated"))
    assert seen.received(event("b", "Updated")), "began before the station connected"
    assert seen.count == 2
    assert seen.received(event("a", "Ended"))
    assert not seen.received(event("a", "Ended")), "sent again"
    assert seen.count == 1


def test_a_16_transaction_has_its_number_from_the_answer() -> None:
    seen = OpenTransactions()
    seen.received(Call("s", "StartTransaction", {"connectorId": 1}))
    assert seen.count == 0
    assert not seen.sent(Result("another", {"transactionId": 9}))
    assert not seen.sent(Call("s", "RemoteStopTransaction", {"transactionId": 9})), "a call that has the same id"
    assert seen.sent(decode('[3,"s",{"transactionId":7,"idTagInfo":{"status":"Accepted"}}]'))
    assert not seen.received(Call("m", "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": []}))
    assert not seen.received(Call("m", "MeterValues", {"connectorId": 0, "meterValue": []}))
    assert seen.count == 1
    assert seen.received(Call("e", "StopTransaction", {"transactionId": 7}))
    assert seen.count == 0


def test_a_16_transaction_of_an_earlier_connection_shows_with_its_meter_values() -> None:
    seen = OpenTransactions()
    assert seen.received(Call("m", "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": []}))
    assert seen.count == 1


def test_a_start_that_was_refused_began_nothing() -> None:
    seen = OpenTransactions()
    seen.received(Call("s", "StartTransaction", {}))
    assert not seen.sent(Error("s", "InternalError"))
    assert not seen.sent(Result("s", {"transactionId": 7})), "the call was over"
    assert seen.count == 0


def test_nonsense_counts_as_nothing() -> None:
    seen = OpenTransactions()
    for call in (
        event(True, "Started"),
        event(["a"], "Started"),
        event(None, "Started"),
        Call("m", "TransactionEvent", {"eventType": "Started", "transactionInfo": 5}),
        Call("m", "StopTransaction", {}),
        Send("m", "TransactionEvent", event("a", "Started").payload),
        decode('[2,"m","StopTransaction",[]]'),
    ):
        assert isinstance(call, Call)
        assert not seen.received(call)
    seen.received(Call("s", "StartTransaction", {}))
    assert not seen.sent(decode('[3,"s",[]]'))  # type: ignore[arg-type]
    assert seen.count == 0


def test_one_station_cannot_fill_the_memory() -> None:
    seen = OpenTransactions()
    for number in range(10_000):
        seen.received(event(f"t{number}", "Started"))
    assert seen.count == 256
