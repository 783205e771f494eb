"""Stages in a row behave as one."""

from translators.chain import Chain
from translators.effects import Effect, Note, Remember, ToCsms, ToStation
from translators.frames import CALLRESULTERROR, Call, Error, Frame, NoAnswer, Result, Send
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


class Busy:
    """A stage of a test's own making: says what it is told to say when it hears a text."""

    epoch = 0.0

    def __init__(self, **says: list[Effect]) -> None:
        self.says = says
        self.heard: list[str] = []

    def hear(self, name: str) -> list[Effect]:
        self.heard.append(name)
        return self.says.get(name, [])

    def open(self, now: float) -> list[Effect]:
        return self.hear("open")

    def away(self, now: float) -> list[Effect]:
        return self.hear("away")

    def resumed(self, now: float) -> list[Effect]:
        return self.hear("resumed")

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self.hear(f"up_{frame.message_id}")

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self.hear(f"down_{frame.message_id}")

    def tick(self, now: float) -> list[Effect]:
        return self.hear("tick")

    def deadline(self) -> float | None:
        return None

    def close(self) -> None: ...

    def idle(self) -> bool:
        return True


def call(name: str) -> Call:
    return Call(name, "Heartbeat", {})


def test_one_call_at_a_time_between_stages() -> None:
    first = Busy(up_s=[ToCsms(call("a")), ToCsms(call("b")), ToCsms(call("c"))])
    second = Busy(down_w=[ToStation(Result("a", {}))], down_x=[ToStation(Error("b", "InternalError"))])
    chain = Chain([first, second])
    chain.from_station(call("s"), 0)
    assert second.heard == ["up_a"]
    chain.from_csms(Result("w", {}), 1)
    assert second.heard == ["up_a", "down_w", "up_b"]
    chain.from_csms(Result("x", {}), 2)
    assert second.heard[3:] == ["down_x", "up_c"]
    assert first.heard == ["up_s", "down_a", "down_b"]


def test_the_directions_do_not_wait_for_each_other() -> None:
    first, second = Busy(up_s=[ToCsms(call("a"))]), Busy(down_c=[ToStation(call("k"))])
    chain = Chain([first, second])
    chain.from_station(call("s"), 0)
    chain.from_csms(call("c"), 1)
    assert first.heard == ["up_s", "down_k"]


def test_a_send_and_a_callresulterror_wait_for_nothing_and_open_nothing() -> None:
    first = Busy(up_s=[ToCsms(call("a")), ToCsms(Send("n", "X", {})), ToCsms(call("b"))])
    second = Busy(up_n=[ToStation(Error("a", "InternalError", type=CALLRESULTERROR))])
    chain = Chain([first, second])
    chain.from_station(call("s"), 0)
    assert second.heard == ["up_a", "up_n"]


def test_a_stage_that_is_entered_anew_keeps_its_effects_in_order() -> None:
    """The answer lets the next call in; what it makes the stage remember comes after what was remembered before."""
    old, new = Remember("x", "old"), Remember("x", "new")
    first = Busy(up_s=[ToCsms(call("a")), ToCsms(call("b"))])
    second = Busy(up_a=[ToStation(Result("a", {})), old], up_b=[new])
    assert Chain([first, second]).from_station(call("s"), 0) == [old, new]


def test_all_are_open_before_one_hears_of_another() -> None:
    heard: list[str] = []
    first, second = Busy(open=[ToCsms(call("a"))]), Busy(open=[ToStation(call("k"))])
    first.heard = second.heard = heard
    Chain([first, second]).open(0)
    assert heard == ["open", "open", "up_a", "down_k"]


def test_a_csms_that_is_back_hears_first_what_it_must_hear_first() -> None:
    first = Busy(up_s=[ToCsms(call("a"))], resumed=[ToCsms(call("boot"))])
    second = Busy(up_boot=[ToCsms(call("w"))], resumed=[ToCsms(call("own"))])
    chain = Chain([first, second])
    chain.from_station(call("s"), 0)
    out = chain.resumed(1)
    assert [effect.frame.message_id for effect in out if isinstance(effect, ToCsms)] == ["w", "own"]


def test_every_stage_hears_that_the_csms_is_away() -> None:
    first, second = Busy(), Busy(away=[ToStation(call("w"))])
    chain = Chain([first, second])
    assert chain.away(1) == []
    assert first.heard == ["away", "down_w"]
