"""One call in flight each way, the rest in order."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.pacing import Lane, Turnstile
from translators.frames import Call, Error, NoAnswer, Result


def call(number: int | str, action: str = "Heartbeat") -> Call:
    return Call(str(number), action, {})


def test_the_second_call_waits_for_the_first_answer() -> None:
    lane = Lane(25)
    first, second = call(1), call(2)
    assert lane.send(first, 0) is first
    assert lane.send(second, 1) is None
    settled = lane.settle(Result("1", {}), 3)
    assert settled is not None
    assert (settled.call, settled.seconds) == (first, 3)
    assert lane.next(3) is second
    assert lane.due == 28


def test_a_call_does_not_overtake_one_that_waits() -> None:
    lane = Lane(25)
    lane.send(call(1), 0)
    second, third = call(2), call(3)
    lane.send(second, 0)
    lane.settle(Result("1", {}), 1)
    assert lane.send(third, 1) is None
    assert lane.next(1) is second


def test_the_time_of_a_call_runs_from_when_it_is_written() -> None:
    lane = Lane(25)
    lane.send(call(1), 0)
    lane.send(call(2), 0)
    lane.settle(Result("1", {}), 24)
    lane.next(24)
    assert lane.expire(48.9) is None
    expired = lane.expire(49)
    assert expired is not None
    assert isinstance(expired.answer, NoAnswer)
    assert expired.call.key == "2"


def test_a_late_answer_is_told_from_an_unknown_one_and_given_to_nobody() -> None:
    lane = Lane(25)
    lane.send(call(1), 0)
    lane.expire(25)
    lane.send(call(2), 25)
    late = Result("1", {})
    assert lane.settle(late, 26) is None
    assert lane.was_late(late)
    assert not lane.was_late(late)
    assert not lane.was_late(Error("7", "InternalError"))
    assert lane.settle(Result("2", {}), 26) is not None


def test_when_the_peer_is_lost_everything_comes_back_unanswered() -> None:
    lane = Lane(25)
    for number in range(3):
        lane.send(call(number), 0)
    gone = lane.lose(2)
    assert [settled.call.key for settled in gone] == ["0", "1", "2"]
    assert all(isinstance(settled.answer, NoAnswer) and settled.answer.why for settled in gone)
    assert len(lane) == 0


def test_calls_go_in_one_at_a_time() -> None:
    turnstile = Turnstile(2)
    first, second, third = call(1), call(2), call(3)
    assert turnstile.arrive(first) is first
    assert turnstile.arrive(second) is None
    assert not turnstile.full
    assert turnstile.arrive(third) is None
    assert turnstile.full
    assert turnstile.answered("2") is None
    assert turnstile.answered("1") is second
    assert turnstile.answered("2") is third
    assert turnstile.answered("3") is None
    assert turnstile.arrive(first) is first


def test_the_same_call_again_is_recognised_by_id_and_text() -> None:
    turnstile = Turnstile(4)
    turnstile.arrive(call(1))
    turnstile.arrive(call(2))
    assert turnstile.repeats(call(1))
    assert turnstile.repeats(call(2))
    assert not turnstile.repeats(Call("2", "Heartbeat", {"x": 1}))
    assert not turnstile.repeats(call(3))


@given(st.lists(st.sampled_from(["send", "answer", "wrong", "wait", "next"]), max_size=60))
def test_never_two_in_flight_and_always_in_order(steps: list[str]) -> None:
    lane, now, number = Lane(5), 0.0, 0
    flying: list[str] = []
    written: list[str] = []
    for step in steps:
        now += 1
        out: Call | None = None
        if step == "send":
            number += 1
            out = lane.send(call(number), now)
        elif step == "answer" and flying:
            assert lane.settle(Result(flying.pop(), {}), now) is not None
            out = lane.next(now)
        elif step == "wrong":
            assert lane.settle(Result("nobody", {}), now) is None
        elif step == "wait":
            now += 3
            if lane.expire(now) is not None:
                flying.clear()
                out = lane.next(now)
        if out is not None:
            assert not flying
            flying.append(out.key)
            written.append(out.key)
    assert written == sorted(written, key=int)
