"""What a tap tells of two wires. (With real sockets: tests/integration/test_frames.py.)"""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog

from gateway import tap as module
from gateway.ear import Ear
from gateway.identity import Identity
from gateway.redaction import redaction
from gateway.tap import Tap
from translators.effects import Note
from translators.frames import Call, Error, Frame, Result, Send, decode


class Around:
    node = "north"
    hide = staticmethod(redaction(("idTag",)))
    logger: Any = structlog.get_logger()
    allowance = 10**9

    def may(self, size: int) -> bool:
        self.allowance -= 1
        return self.allowance >= 0


def tapped(station: str = "ocpp1.6", csms: str = "ocpp1.6", action: str = "") -> tuple[Tap, Ear, Any]:
    about = SimpleNamespace(subprotocol=station, version=csms)
    session = SimpleNamespace(identity=Identity("CP-1", "cp-1"), about=about, tap=None)
    tap = session.tap = Tap(cast(Any, session), Around())
    ear = Ear(action=action)
    tap.ears = (ear,)
    return tap, ear, session


def told(ear: Ear) -> list[dict[str, Any]]:
    return [json.loads(text) for text in ear._texts]


def last(ear: Ear) -> dict[str, Any]:
    return told(ear)[-1]


def call(name: str, action: str, payload: dict[str, Any] | None = None) -> Call:
    return cast(Call, decode(json.dumps([2, name, action, payload or {}])))


def test_what_passes_through_says_so_and_how_long_it_took() -> None:
    tap, ear, _ = tapped()
    asked, answered = call("1", "Heartbeat"), decode('[3,"1",{"currentTime":"now"}]')
    steps: list[tuple[Any, Any, Frame]] = [
        (tap.read, "station", asked),
        (tap.wrote, "csms", asked),
        (tap.read, "csms", answered),
        (tap.wrote, "station", answered),
    ]
    for step, side, frame in steps:
        step(side, frame)
    records = told(ear)
    assert [one.get("what") for one in records] == [None, "passed on", None, "passed on"]
    assert [one["action"] for one in records] == ["Heartbeat"] * 4
    assert [one.get("cause") for one in records] == [None, "1", "1", None]
    assert all(one["seconds"] >= 0 for one in records[2:])
    assert records[2]["payload"] == {"currentTime": "now"}
    assert records[0] == {
        "at": records[0]["at"],
        "station": "CP-1",
        "node": "north",
        "side": "station",
        "direction": "in",
        "version": "ocpp1.6",
        "type": "call",
        "action": "Heartbeat",
        "id": "1",
        "payload": {},
    }


def test_what_was_mended_on_the_way_is_not_what_came() -> None:
    tap, ear, _ = tapped()
    tap.read("station", call("1", "MeterValues", {"odd": 1}))
    tap.wrote("csms", Call("1", "MeterValues", {}))
    assert last(ear)["what"] == "mended"
    tap.read("csms", decode('[3,"1",{ }]'))
    tap.wrote("station", Result("1", {"more": 1}))
    assert last(ear)["what"] == "mended"


def test_a_translation_is_put_down_to_its_call() -> None:
    tap, ear, _ = tapped("ocpp1.6", "ocpp2.0.1", action="StartTransaction")
    tap.read("station", call("1", "StartTransaction"))
    tap.read("station", call("2", "Heartbeat"))
    tap.wrote("csms", Call("g1", "TransactionEvent", {}))
    tap.wrote("csms", Call("g2", "Heartbeat", {}))
    tap.read("csms", decode('[3,"g1",{}]'))
    tap.wrote("station", Result("1", {"transactionId": 1}))
    tap.wrote("station", Result("2", {}))
    records = told(ear)
    assert [(one["action"], one.get("what"), one.get("cause")) for one in records] == [
        ("StartTransaction", None, None),
        ("TransactionEvent", "translated", "1"),
        ("TransactionEvent", None, "1"),
        ("StartTransaction", "translated", None),
    ]
    assert [one["version"] for one in records] == ["ocpp1.6", "ocpp2.0.1", "ocpp2.0.1", "ocpp1.6"]


def test_answers_without_the_other_side_are_answers_here() -> None:
    tap, ear, _ = tapped("ocpp1.6", "ocpp2.0.1")
    tap.read("station", call("1", "Heartbeat"))
    tap.wrote("station", Result("1", {}))
    assert last(ear)["what"] == "answered here"
    tap.read("station", call("2", "Heartbeat"))
    tap.wrote("csms", Call("g", "Heartbeat", {}))
    tap.wrote("station", Error("2", "InternalError", "csms did not answer"))  # the CSMS was silent
    assert (last(ear)["what"], last(ear)["payload"]["errorCode"]) == ("answered here", "InternalError")


def test_the_gateways_own_calls_are_nobodys_translation() -> None:
    tap, ear, _ = tapped("ocpp1.6", "ocpp2.0.1")
    tap.wrote("station", Call("t", "TriggerMessage", {}))
    assert last(ear)["what"] == "own"
    tap.read("csms", call("c", "Reset"))
    operators = Call("o", "ClearCache", {})
    tap.own(operators)
    tap.wrote("station", operators)
    assert (last(ear)["what"], "cause" in last(ear)) == ("own", False)
    tap.wrote("station", Call("g", "Reset", {}))
    assert (last(ear)["what"], last(ear)["cause"]) == ("translated", "c")


def test_answers_to_what_was_before_have_no_action() -> None:
    tap, ear, _ = tapped()
    tap.read("csms", decode('[3,"old",{}]'))
    assert (last(ear)["action"], "seconds" in last(ear)) == (None, False)


def test_sends_notes_and_unreadable_texts() -> None:
    tap, ear, _ = tapped("ocpp2.1", "ocpp2.1")
    tap.read("station", Send("s", "NotifyPeriodicEventStream", {}))
    assert last(ear)["type"] == "send"
    tap.noted(Note("call_error", {"action": "x"}))
    tap.noted(Note("outbox", {"event": "", "action": "x"}))
    assert len(told(ear)) == 1
    tap.noted(Note("mended", {"action": "Heartbeat", "what": ["text"], "idTag": "A"}))
    assert last(ear)["facts"] == {"action": "Heartbeat", "what": ["text"], "idTag": "[redacted]"}
    assert (last(ear)["type"], last(ear)["what"], last(ear)["side"]) == ("note", "mended", None)
    try:
        decode("[2,")
    except module.BadFrame as bad:
        tap.unreadable("csms", bad)
    assert (last(ear)["type"], last(ear)["payload"]) == ("unreadable", None)


@pytest.mark.parametrize(
    "payload", ['{"a":' * 300 + "1" + "}" * 300, '{"a":' * 700 + "1" + "}" * 700, "1", '{"a":' + "9" * 400 + "}"]
)
def test_no_payload_is_too_odd(payload: str) -> None:
    tap, ear, session = tapped()
    tap.read("station", decode(f'[2,"1","DataTransfer",{payload}]'))
    assert (last(ear)["id"], session.tap) == ("1", tap)


def test_a_defect_is_the_listeners_trouble_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tap, ear, session = tapped()
    monkeypatch.setattr(tap._wires, "goes", lambda *_: 1 / 0)
    tap.wrote("csms", call("1", "Heartbeat"))
    assert (session.tap, told(ear)) == (None, [])


def test_what_may_not_be_decoded_is_lost() -> None:
    tap, ear, _ = tapped()
    tap._around.allowance = 1  # type: ignore[attr-defined]
    for number in range(3):
        tap.read("station", call(str(number), "Heartbeat"))
    assert (len(told(ear)), ear.lost) == (1, 2)
