"""Stages in a row behave as one."""

from translators.chain import Chain
from translators.effects import Note, ToCsms, ToStation
from translators.frames import Call, Frame, NoAnswer, Result
from translators.passthrough import Passthrough


class Tagging(Passthrough):
    """Adds its name to what passes, and asks to be woken at a time of its own."""

    def __init__(self, name: str, due: float | None = None) -> None:
        super().__init__("ocpp1.6", validation="off")
        self.name, self.due = name, due

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[object]:  # type: ignore[override]
        return [Note(f"up {self.name}"), *super().from_station(frame, now)]

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[object]:  # type: ignore[override]
        return [Note(f"down {self.name}"), *super().from_csms(frame, now)]

    def deadline(self) -> float | None:
        return self.due


def test_effects_go_through_every_stage_in_order() -> None:
    chain = Chain([Tagging("first"), Tagging("second")])
    call = Call("a", "Heartbeat", {})
    assert chain.from_station(call, 0) == [Note("up first"), Note("up second"), ToCsms(call)]
    assert not chain.idle()
    result = Result("a", {})
    assert chain.from_csms(result, 1) == [Note("down second"), Note("down first"), ToStation(result)]
    assert chain.idle()


def test_the_earliest_deadline_and_one_clock() -> None:
    chain = Chain([Tagging("first", 7), Tagging("second", 5), Tagging("third")])
    assert chain.deadline() == 5
    chain.epoch = 12.5
    assert chain.epoch == 12.5
    assert [stage.epoch for stage in chain.stages] == [12.5] * 3
    assert chain.open(0) == []
    assert chain.tick(8) == []


def test_close_closes_all() -> None:
    chain = Chain([Tagging("first"), Tagging("second")])
    chain.from_station(Call("a", "Heartbeat", {}), 0)
    chain.close()
    assert chain.idle()
