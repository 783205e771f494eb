"""What belongs to what, told from the frames. (What comes of it: test_tap.py and test_tracing.py.)"""

import json
from types import SimpleNamespace
from typing import Any, cast

from gateway.wires import Wires
from translators.frames import Call, decode


def wires(station: str = "ocpp1.6", csms: str = "ocpp2.0.1") -> Wires:
    return Wires(cast(Any, SimpleNamespace(about=SimpleNamespace(subprotocol=station, version=csms))))


def call(name: str, action: str) -> Call:
    return cast(Call, decode(json.dumps([2, name, action, {}])))


def test_a_translation_is_put_down_to_the_call_that_nothing_has_come_of() -> None:
    wire = wires()
    first, second = wire.came("station", call("1", "Authorize")), wire.came("station", call("2", "StartTransaction"))
    what, made = wire.goes("csms", call("g1", "Authorize"))
    assert (what, made.cause) == ("translated", first)
    assert wire.goes("csms", call("g2", "TransactionEvent"))[1].cause is second
    assert wire.heard("csms", decode('[3,"g1",{}]')) is made
    assert wire.answered("station", decode('[3,"1",{}]')) == ("translated", first)


def test_what_is_given_up_is_the_oldest_of_its_action() -> None:
    wire = wires()
    made = [wire.goes("csms", call(name, "TransactionEvent"))[1] for name in ("a", "b")]
    assert wire.given_up("csms", "Heartbeat") is None
    assert wire.given_up("csms", "TransactionEvent") is made[0]
    assert wire.heard("csms", decode('[3,"a",{}]')) is None
    assert wire.rest() == [made[1]]
    assert wire.rest() == []


def test_the_latest_call_of_an_action() -> None:
    wire = wires()
    wire.came("station", call("1", "MeterValues"))
    latest = wire.came("station", call("2", "MeterValues"))
    assert wire.latest("MeterValues") is latest
    assert wire.latest("Heartbeat") is None


def test_one_way_messages_are_not_kept() -> None:
    wire = wires("ocpp2.1", "ocpp2.1")
    wire.came("station", cast(Call, decode('[6,"1","NotifyPeriodicEventStream",{}]')))
    assert wire.rest() == []


def test_calls_that_nobody_answers_do_not_pile_up() -> None:
    wire = wires()
    for number in range(1000):
        wire.came("station", call(str(number), "Heartbeat"))
    assert len(wire.rest()) == 256
