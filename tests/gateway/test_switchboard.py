"""The switchboard as a state machine: whatever comes, its promises hold. (What it says frame by frame: transcripts.)"""

import json
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.peers import BusyError
from gateway.switchboard import Switchboard
from translators.effects import Close, Copy, Effect, Note, ToCsms, ToStation
from translators.frames import BadFrame, Call, Error, Result, Send, decode
from translators.passthrough import Passthrough

ACTIONS = ["Heartbeat", "StartTransaction", "MeterValues"]
IDS = ["a", "b", "c", "d"]


def board(**more: Any) -> Switchboard:
    return Switchboard(Passthrough("ocpp1.6"), station_version="ocpp1.6", csms_version="ocpp1.6", **more)


def kinds(effects: list[Effect]) -> list[str]:
    return [effect.kind for effect in effects if isinstance(effect, Note)]


def frames(effects: list[Effect], side: type[ToStation | ToCsms]) -> list[list[Any]]:
    return [json.loads(effect.frame.text) for effect in effects if isinstance(effect, side)]


def test_when_the_backend_is_lost_ordinary_calls_are_told_and_transactions_are_not() -> None:
    one = board()
    one.from_station(Call("a", "Heartbeat", {}), 0)
    assert frames(one.lost_csms(1), ToStation) == [[4, "a", "InternalError", "csms is gone", {}]]
    two = board()
    two.from_station(Call("a", "StartTransaction", {}), 0)
    effects = two.lost_csms(1)
    assert isinstance(effects[-1], Close)
    assert frames(effects, ToStation) == []


def test_after_a_close_nothing_comes_out() -> None:
    one = board(call_timeout=5)
    one.from_station(Call("a", "StartTransaction", {}), 0)
    assert isinstance(one.tick(5)[-1], Close)
    assert one.from_station(Call("b", "Heartbeat", {}), 6) == []


def operator(one: Switchboard, call_id: str, answers: list[Any], now: float = 0.0) -> list[Effect]:
    return one.call(Call(call_id, "ClearCache", {}), answers.append, now)


def test_an_operators_call_waits_its_turn_and_its_answer_goes_to_nobody_else() -> None:
    one, answers = board(), list[Any]()
    assert frames(one.from_csms(Call("1", "Reset", {"type": "Soft"}), 0), ToStation) != []
    assert operator(one, "op", answers) == []
    effects = one.from_station(Result("1", {"status": "Accepted"}), 1)
    assert frames(effects, ToStation) == [[2, "op", "ClearCache", {}]]
    assert frames(one.from_station(Result("op", {"status": "Accepted"}), 2), ToCsms) == []
    assert answers[0].payload == {"status": "Accepted"}
    # The lane is free again.
    assert frames(one.from_csms(Call("2", "Reset", {"type": "Soft"}), 3), ToStation) != []


def test_an_operator_hears_of_silence_and_of_the_end() -> None:
    one, answers = board(call_timeout=5, queue_calls=2), list[Any]()
    assert frames(operator(one, "a", answers), ToStation) != []
    assert operator(one, "b", answers) == []
    with pytest.raises(BusyError):
        operator(one, "c", answers)
    assert frames(one.tick(5), ToStation) == [[2, "b", "ClearCache", {}]]
    one.close()
    assert operator(one, "d", answers) == []
    assert [(answer.key, answer.told) for answer in answers] == [
        ("a", "did not answer in 5 s"),
        ("b", "is gone"),
        ("d", "is gone"),
    ]


@pytest.mark.parametrize("held", [True, False])
def test_what_a_lost_backend_asked_is_answered_to_nobody(held: bool) -> None:
    one = board()
    one.from_csms(Call("1", "Reset", {"type": "Soft"}), 0)
    one.hold_csms() if held else one.lost_csms(1)
    if held:
        one.resume_csms(2)
    # The new connection begins to count anew: its first call must not get the answer to the old one.
    assert frames(one.from_csms(Call("1", "ClearCache", {}), 3), ToStation) == []
    effects = one.from_station(Result("1", {"status": "Accepted"}), 4)
    assert frames(effects, ToCsms) == []
    assert [frame[2] for frame in frames(effects, ToStation)] == ["ClearCache"]
    effects = one.from_station(Result("1", {"status": "Rejected"}), 5)
    assert frames(effects, ToCsms) == [[3, "1", {"status": "Rejected"}]]


def test_a_station_that_pipelines_is_not_refused_but_the_reader_is_told_to_stop() -> None:
    one = board(queue_calls=2)
    for number in range(4):
        assert "queue_full" not in kinds(one.from_station(Call(str(number), "StartTransaction", {}), 0))
    assert one.station_full


def test_what_a_station_is_told_is_copied_behind_the_answer_where_somebody_follows() -> None:
    one = board(copies=True)
    first, second = Call("a", "Heartbeat", {}), Call("b", "Authorize", {"idTag": "A"})
    one.from_station(first, 1.0)
    one.from_station(second, 2.0)
    effects = one.from_csms(Result("a", {"currentTime": "now"}), 4.0)
    answered = [type(effect) for effect in effects if isinstance(effect, ToStation | Copy)]
    assert answered == [ToStation, Copy]
    copy = next(effect for effect in effects if isinstance(effect, Copy))
    assert (copy.call is first, copy.seconds, isinstance(copy.answer, Result)) == (True, 3.0, True)
    # The second went in when the first was answered: its time counts from there.
    effects = one.from_csms(Error("b", "InternalError"), 9.0)
    (copy,) = [effect for effect in effects if isinstance(effect, Copy)]
    assert (copy.call is second, copy.seconds, isinstance(copy.answer, Error)) == (True, 5.0, True)


def test_an_answer_that_the_station_does_not_get_is_not_copied() -> None:
    one = board(copies=True, call_timeout=5)
    one.from_station(Call("a", "StartTransaction", {}), 0)
    effects = one.tick(5)
    assert isinstance(effects[-1], Close)
    assert not [effect for effect in effects if isinstance(effect, Copy)]


def test_a_send_is_copied_and_without_followers_nothing_is() -> None:
    stage = Passthrough("ocpp2.1")
    one = Switchboard(stage, station_version="ocpp2.1", csms_version="ocpp2.1", copies=True)
    send = Send("a", "NotifyPeriodicEventStream", {})
    assert [effect for effect in one.from_station(send, 0) if isinstance(effect, Copy)] == [Copy(send, None)]
    other = board()
    other.from_station(Call("a", "Heartbeat", {}), 0)
    assert not [effect for effect in other.from_csms(Result("a", {}), 0) if isinstance(effect, Copy)]


class Conversation(RuleBasedStateMachine):
    """Both sides call, answer, stay silent and send rubbish; the promises of pairing and pacing hold throughout."""

    @initialize()
    def start(self) -> None:
        self.board = board(call_timeout=10, queue_calls=3)
        self.now = 0.0
        self.numbers = 0
        self.closed = False
        self.open: dict[str, list[str]] = {"station": [], "csms": []}  # calls written to that side, not answered
        self.asked: dict[str, dict[str, int]] = {"station": {}, "csms": {}}  # calls made by that side -> answers got
        self.order: dict[str, list[str]] = {"station": [], "csms": []}

    def _take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Close):
                self.closed = True
            if not isinstance(effect, ToStation | ToCsms):
                continue
            side = "station" if isinstance(effect, ToStation) else "csms"
            frame = effect.frame
            if isinstance(frame, Call):
                self.open[side].append(frame.key)
                self.order[side].append(frame.key)
            elif isinstance(frame, Result | Error) and frame.key in self.asked[side]:
                self.asked[side][frame.key] += 1

    @rule(side=st.sampled_from(["station", "csms"]), action=st.sampled_from(ACTIONS))
    def call(self, side: str, action: str) -> None:
        if side == "station" and self.board.station_full:
            return
        self.numbers += 1
        message_id = f"{side}-{self.numbers}"
        self.asked[side][message_id] = 0
        take = self.board.from_station if side == "station" else self.board.from_csms
        self._take(take(Call(message_id, action, {}), self.now))

    @rule(side=st.sampled_from(["station", "csms"]), error=st.booleans())
    def answer(self, side: str, error: bool) -> None:
        if not self.open[side]:
            return
        message_id = self.open[side].pop(0)
        take = self.board.from_station if side == "station" else self.board.from_csms
        self._take(take(Error(message_id, "InternalError") if error else Result(message_id, {}), self.now))

    @rule(
        side=st.sampled_from(["station", "csms"]),
        text=st.sampled_from(['[3,"zz",{}]', "[", '[9,"a"]', '[3,"zz"', '[4,"q"]']),
    )
    def rubbish(self, side: str, text: str) -> None:
        try:
            frame = decode(text)
        except BadFrame as bad:
            refuse = self.board.bad_from_station if side == "station" else self.board.bad_from_csms
            self._take(refuse(bad, self.now))
        else:
            take = self.board.from_station if side == "station" else self.board.from_csms
            self._take(take(frame, self.now))

    @rule(seconds=st.sampled_from([1, 6, 11]))
    def wait(self, seconds: int) -> None:
        end = self.now + seconds
        while not self.closed and (due := self.board.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            # What timed out is not open any more; an answer to it is late.
            for side, lane in (("station", self.board._station.lane), ("csms", self.board._csms.lane)):
                if lane.due <= self.now and self.open[side]:
                    self.open[side].pop(0)
            self._take(self.board.tick(self.now))
        self.now = end

    @invariant()
    def one_in_flight(self) -> None:
        if hasattr(self, "open") and not self.closed:
            assert len(self.open["station"]) <= 1
            assert len(self.open["csms"]) <= 1

    @invariant()
    def every_call_is_answered_once_at_most(self) -> None:
        if hasattr(self, "asked"):
            assert all(count <= 1 for side in self.asked.values() for count in side.values())

    @invariant()
    def in_order(self) -> None:
        if hasattr(self, "order"):
            for written in self.order.values():
                numbers = [int(key.split("-")[1]) for key in written]
                assert numbers == sorted(numbers)


Conversation.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestConversation = Conversation.TestCase


def test_a_board_that_is_shut_comes_to_rest_and_another_takes_over_what_waits() -> None:
    one = board()
    one.from_station(Call("a", "Heartbeat", {}), 0)
    one.shut()
    assert not one.quiet()
    assert one.from_station(Call("b", "Heartbeat", {}), 1) == []
    assert one.from_csms(Call("c", "ClearCache", {}), 1) == []
    assert frames(one.from_csms(Result("a", {"currentTime": "x"}), 2), ToStation) == [[3, "a", {"currentTime": "x"}]]
    assert one.quiet()
    other = board()
    other.hold_station()
    # What its CSMS asks waits for the station.
    assert frames(other.from_csms(Call("d", "ClearCache", {}), 3), ToStation) == []
    effects = other.meet(one.taken_over(), 4)
    assert frames(effects, ToStation) == [[2, "d", "ClearCache", {}]]
    assert frames(effects, ToCsms) == [[2, "b", "Heartbeat", {}]]
    assert frames(one.reopen(5), ToStation) == [[2, "c", "ClearCache", {}]]


def test_a_board_that_is_opened_again_goes_on_with_what_waited() -> None:
    one = board()
    one.shut()
    one.from_station(Call("a", "Heartbeat", {}), 0)
    one.from_station(Call("b", "Heartbeat", {}), 0)
    assert frames(one.reopen(1), ToCsms) == [[2, "a", "Heartbeat", {}]]
    assert frames(one.from_csms(Result("a", {}), 2), ToCsms) == [[2, "b", "Heartbeat", {}]]
