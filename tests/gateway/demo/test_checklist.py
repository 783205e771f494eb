import asyncio
import json

import pytest

from gateway.demo.checklist import Checklist, Expected, MissingError, any_of, holds
from gateway.demo.wire import Tape

START = Expected("start", "StartTransaction of APP-7", "csms", "StartTransaction", {"idTag": "APP-7"})
STOPPED = Expected("stopped", "RemoteStop accepted", "csms", "RemoteStopTransaction", {"status": "Accepted"}, "result")
FACTS = {"kwh": "the same kWh"}


@pytest.fixture
def tape():
    return Tape("csms")


def listening(tape, *expected, **more):
    checks = Checklist(expected, FACTS, step_seconds=0.05, **more)
    tape.listen(checks.feed)
    return checks


def say(tape, *frame, sent=False):
    tape.note("DEMO-1", json.dumps(frame), sent=sent)


async def test_all_arrived(tape):
    checks = listening(tape, START, STOPPED)
    waiting = asyncio.create_task(checks.arrived("start"))
    await asyncio.sleep(0)
    say(tape, 2, "a", "StartTransaction", {"idTag": "APP-7", "meterStart": 5})
    assert (await waiting).payload["meterStart"] == 5
    say(tape, 2, "b", "RemoteStopTransaction", {"transactionId": 1}, sent=True)
    say(tape, 3, "b", {"status": "Accepted"})
    await checks.arrived("stopped")
    checks.settle("kwh", True)
    assert all(check.ok for check in checks.checks())


async def test_a_missing_message_fails_by_its_name(tape):
    checks = listening(tape, START)
    say(tape, 2, "a", "StartTransaction", {"idTag": "SOMEBODY"})
    with pytest.raises(MissingError, match=r"StartTransaction of APP-7: not within 0\.05 s"):
        await checks.arrived("start")
    start, kwh = checks.checks()
    assert not start.ok
    assert start.what == "csms: StartTransaction of APP-7"
    assert "SOMEBODY" in start.why
    assert (kwh.ok, kwh.why) == (False, "not reached")


async def test_what_a_simulator_sends_itself_ticks_nothing(tape):
    checks = listening(tape, START)
    say(tape, 2, "a", "StartTransaction", {"idTag": "APP-7"}, sent=True)
    assert not checks.checks()[0].ok


async def test_one_frame_ticks_one_expectation(tape):
    again = Expected("again", "a second one", "csms", "StartTransaction")
    checks = listening(tape, START, again)
    say(tape, 2, "a", "StartTransaction", {"idTag": "APP-7"})
    assert [check.ok for check in checks.checks()] == [True, False, False]


async def test_an_abort_wakes_whoever_waits_now_or_later(tape):
    checks = listening(tape, START, STOPPED)
    waiting = asyncio.create_task(checks.arrived("start"))
    await asyncio.sleep(0)
    checks.abort("the connection ended")
    with pytest.raises(MissingError, match="StartTransaction of APP-7: the connection ended"):
        await waiting
    with pytest.raises(MissingError, match="RemoteStop accepted: the connection ended"):
        await checks.arrived("stopped")


def test_a_fact_that_does_not_hold_says_why(tape):
    checks = listening(tape)
    checks.settle("kwh", False, "station 1, CSMS 2")
    assert checks.checks()[0].why == "station 1, CSMS 2"


@pytest.mark.parametrize(
    ("shape", "found", "held"),
    [
        (None, 1, True),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": {"b": None}}, {"a": {}}, False),
        ({"a": 1}, [], False),
        ([1], [1, 2], True),
        ([1, 2], [1], False),
        (lambda value: value > 3, 4, True),
        ({"a": any_of({"b": 2})}, {"a": [{"b": 1}, {"b": 2}]}, True),
        ({"a": any_of({"b": 3})}, {"a": [{"b": 1}]}, False),
    ],
)
def test_shapes(shape, found, held):
    assert holds(found, shape) is held
