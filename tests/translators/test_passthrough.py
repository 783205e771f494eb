"""What the transcripts do not show: validation `off` and `reject`."""

from typing import Any

import pytest

from translators.effects import Close, Note, ToCsms, ToStation
from translators.frames import Call, Error, NoAnswer, Result, decode
from translators.links import is_hint, is_shared
from translators.passthrough import Passthrough

BAD_START = '[2,"a","StartTransaction",{"connectorId":1}]'


def test_off_does_not_look() -> None:
    stage = Passthrough("ocpp1.6", validation="off")
    frame = decode(BAD_START)
    assert stage.from_station(frame, 0) == [ToCsms(frame)]


def test_reject_answers_in_the_versions_spelling() -> None:
    for version, code in (("ocpp1.6", "OccurenceConstraintViolation"), ("ocpp2.0.1", "OccurrenceConstraintViolation")):
        stage = Passthrough(version, validation="reject")
        effects = stage.from_station(Call("a", "Authorize", {}), 0)
        assert isinstance(effects[0], Note)
        assert isinstance(effects[1], ToStation)
        assert isinstance(effects[1].frame, Error)
        assert effects[1].frame.code == code
        assert stage.idle()


def test_reject_of_an_answer() -> None:
    stage = Passthrough("ocpp1.6", validation="reject")
    stage.from_csms(Call("a", "Reset", {"type": "Soft"}), 0)
    effects = stage.from_station(Result("a", {"status": "Maybe"}), 1)
    assert isinstance(effects[-1], ToCsms)
    assert isinstance(effects[-1].frame, Error)


def test_a_wrong_answer_to_a_transaction_message_is_weather() -> None:
    stage = Passthrough("ocpp1.6", validation="reject")
    call = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-11-21T10:00:00Z"}
    stage.from_station(Call("a", "StartTransaction", call), 0)
    assert isinstance(stage.from_csms(Result("a", {}), 1)[-1], Close)


@pytest.mark.parametrize("answer_to", ["StopTransaction", "TransactionEvent"])
def test_silence_closes_for_transaction_messages(answer_to: str) -> None:
    stage = Passthrough("ocpp2.0.1", validation="off")
    stage.from_station(Call("a", answer_to, {}), 0)
    assert isinstance(stage.from_csms(NoAnswer("a", 25), 25)[-1], Close)


def test_what_a_station_may_make_us_keep_has_an_end() -> None:
    memory: dict[str, Any] = {}
    stage = Passthrough("ocpp2.0.1", memory=memory)
    for number in [*range(300), "1" * 60_000, True, None]:
        status = {
            "evseId": 1,
            "connectorId": number,
            "connectorStatus": "Occupied",
            "timestamp": "2026-11-21T10:00:00Z",
        }
        stage.from_station(Call(f"s{number}"[:36], "StatusNotification", status), 0)
    assert len(memory) == 256
    assert all(is_hint(key) and is_shared(key) for key in memory)


def test_what_the_station_said_in_another_version_is_not_told_in_this_one() -> None:
    memory: dict[str, Any] = {}
    stage = Passthrough("ocpp1.6", memory=memory)
    stage.from_station(Call("a", "BootNotification", {"chargePointVendor": "v", "chargePointModel": "m"}), 0)
    stage.from_station(Call("b", "StatusNotification", {"connectorId": 1}), 0)
    for version, told in (("ocpp1.6", ["StatusNotification"]), ("ocpp2.0.1", [])):
        stage = Passthrough(version, iter("gh").__next__, memory)
        stage.resumed(0)
        effects = stage.from_csms(Result("g", {"status": "Accepted"}), 0)
        assert [one.frame.action for one in effects if isinstance(one, ToCsms) and isinstance(one.frame, Call)] == told


def test_it_is_idle_again_after_close() -> None:
    stage = Passthrough("ocpp1.6")
    stage.from_station(Call("a", "Heartbeat", {}), 0)
    assert not stage.idle()
    stage.close()
    assert stage.idle()
    assert stage.open(0) == stage.tick(1) == []
    assert stage.deadline() is None
