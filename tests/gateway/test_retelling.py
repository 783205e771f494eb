"""What is told beside the station's own messages when it changes its backend, and does not get through."""

import pytest

from gateway import retelling
from gateway.retelling import payload_of
from tests.gateway.inside import inside
from tests.integration.test_switch import Books, Station, put
from tests.support import Frame, configuration
from translators.frames import Call, Error, NoAnswer, Result, decode


def test_what_says_something() -> None:
    assert payload_of(Result("1", {"a": 1})) == {"a": 1}
    assert payload_of(decode('[3,"1",[]]')) is None
    for nothing in (Error("1", "InternalError", ""), NoAnswer("1", 1.0), Call("1", "Heartbeat", {}), None):
        assert payload_of(nothing) is None


@pytest.mark.parametrize("how", ["silent", "refuses"])
async def test_a_transaction_that_the_former_backend_does_not_end_is_told_to_an_operator(
    how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(retelling, "_FAREWELL_SECONDS", 0.2)
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    answered = old.answer

    def answer(frame: Frame) -> object:
        if frame[2] != "StopTransaction":
            return answered(frame)
        return None if how == "silent" else [4, frame[1], "InternalError", "", {}]

    old.answer = answer
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new))) as running:
        station = await Station("ocpp1.6").connect(running)
        await station.boots()
        number = await station.starts16()
        assert (await put(running, when="now"))[0] == 200
        await old.wait(lambda: old.closes)
        assert "transaction_left_open" in capsys.readouterr().out
        await station.stops16(number, 2000)
        assert len(new.calls("StopTransaction")) == 1


async def test_a_station_that_keeps_its_interval_is_moved_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    new.interval = 77
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new))) as running:
        station = await Station("ocpp1.6").connect(running)
        station.refuses = {"ChangeConfiguration"}
        await station.boots()
        assert (await put(running))[0] == 200
        await new.wait(lambda: station.called)
        await station.call("Heartbeat", {})
        assert running.session().backend == "new"
        assert "interval_not_set" in capsys.readouterr().out
