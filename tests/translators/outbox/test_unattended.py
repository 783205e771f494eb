"""An outbox without its station: it tells the CSMS what waited, and asks the station nothing."""

from itertools import count
from typing import Any

from translators.effects import Effect, ToCsms, ToStation
from translators.frames import Call, Error, Result
from translators.outbox.queue import WAITS, Queue
from translators.outbox.unattended import Unattended

START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": "2026-11-21T10:00:00Z"}
STOP = {"transactionId": 900, "meterStop": 5, "timestamp": "2026-11-21T11:00:00Z"}


def made(memory: dict[str, Any]) -> Unattended:
    numbers = count(1)
    return Unattended("ocpp1.6", memory, lambda: f"g{next(numbers)}", identity="CP-1", epoch=0.0)


def asked(effects: list[Effect]) -> Call:
    (call,) = [one.frame for one in effects if isinstance(one, ToCsms)]
    assert isinstance(call, Call)
    return call


def test_a_whole_charge_is_told_in_the_csmss_numbers_and_a_refusal_is_kept_for_the_station() -> None:
    memory: dict[str, Any] = {"number/transactionId/900": {"csms": None}}
    queue = Queue(memory, {"identity": "CP-1", "version": "ocpp1.6"})
    queue.put(Call("a", "StartTransaction", START), {"transactionId": 900, "idTagInfo": {"status": "Accepted"}})
    queue.put(Call("b", "MeterValues", {"connectorId": 1, "transactionId": 900, "meterValue": []}), {})
    assert memory[WAITS] == {"identity": "CP-1", "version": "ocpp1.6"}
    stage = made(memory)
    start = asked(stage.open(0.0))
    assert (start.action, start.payload, stage.delivers) == ("StartTransaction", START, True)
    told = stage.from_csms(Result(start.message_id, {"transactionId": 7, "idTagInfo": {"status": "Blocked"}}), 1.0)
    assert not [one for one in told if isinstance(one, ToStation)]
    meter = asked(told)
    assert (meter.action, meter.payload["transactionId"]) == ("MeterValues", 7)
    stage.from_csms(Result(meter.message_id, {}), 2.0)
    assert not stage.delivers
    assert WAITS not in memory
    assert [key for key in memory if key.startswith("outbox/message/")] == []
    # The station is asked to stop what was refused when it is there again.
    assert [value for key, value in memory.items() if key.startswith("outbox/refused/")] == [900]


def test_what_the_csms_calls_is_answered_at_once() -> None:
    stage = made({})
    assert stage.open(0.0) == []
    (answer,) = stage.from_csms(Call("c", "RemoteStartTransaction", {"idTag": "X"}), 0.0)
    assert isinstance(answer, ToCsms)
    assert isinstance(answer.frame, Error)
    assert (answer.frame.message_id, answer.frame.code) == ("c", "InternalError")
    assert stage.idle()


def test_a_message_that_fails_waits_for_another_time() -> None:
    memory: dict[str, Any] = {}
    Queue(memory, {"identity": "CP-1", "version": "ocpp1.6"}).put(Call("b", "StopTransaction", STOP), {})
    stage = made(memory)
    stop = asked(stage.open(0.0))
    stage.from_csms(Error(stop.message_id, "InternalError", "down"), 1.0)
    assert not stage.delivers
    assert stage.deadline() is not None
    assert memory["outbox/message/1"]["tries"] == 1
