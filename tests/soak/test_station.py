"""A simulated station on a scripted CSMS: what leaves its queue, when, and under which id."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.soak.checker import check
from tests.soak.dialects import V16, V201, answer, has_register, moment
from tests.soak.fleet import Fleet
from tests.soak.history import Event, History
from tests.soak.policy import Policy
from tests.support import Csms, Frame

_SOON: dict[str, Any] = {
    "pace": 0.0,
    "meters": 1,
    "charges": 1,
    "attempts": 3,
    "attempt_interval": 0.02,
    "backoff": 0.02,
    "backoff_random": 0.02,
}


def good(frame: Frame) -> Any:
    return answer(frame[2], frame[3], moment(1_700_000_000), 7)


def _unless(kind: str, times: int, instead: Callable[[Frame], Any]) -> Callable[[Frame], Any]:
    """Well answered, but for the first `times` of an action."""
    left = [times]

    def given(frame: Frame) -> Any:
        if frame[2] != kind or left[0] == 0:
            return good(frame)
        left[0] -= 1
        return instead(frame)

    return given


@asynccontextmanager
async def one(csms: Csms, **policy: Any) -> AsyncIterator[Fleet]:
    async with csms.running():
        version = csms.subprotocols[0]
        fleet = Fleet([csms.url], Policy(version, **{**_SOON, **policy}), History("fleet"), stations=1)
        await fleet.start()
        try:
            yield fleet
        finally:
            await fleet.close()


def kinds(fleet: Fleet, *wanted: str) -> list[Event]:
    return [event for event in fleet.history.events if event.kind in wanted]


def of(csms: Csms, action: str) -> list[Frame]:
    return [frame for frame in csms.frames if frame[0] == 2 and frame[2] == action]


@pytest.mark.parametrize("version", [V16, V201])
async def test_a_charge_in_order(version: str) -> None:
    csms = Csms(good, (version,))
    async with one(csms) as fleet:
        await csms.wait(lambda: len(kinds(fleet, "ack")) == 3)
        assert await fleet.settle(5)
    assert [event.key.split(":")[0] for event in kinds(fleet, "ack")] == ["start", "meter", "stop"]
    assert csms.frames[0][2] == "BootNotification"
    told = [frame for frame in csms.frames if has_register(frame[2])]
    assert len(told) == 3
    if version == V16:
        assert told[2][3]["transactionId"] == 7
    else:
        assert [frame[3]["seqNo"] for frame in told] == [0, 1, 2]


@pytest.mark.parametrize("ids", ["same", "new"])
async def test_an_error_burns_an_attempt_and_the_last_one_the_message(ids: str) -> None:
    csms = Csms(_unless("StartTransaction", 9, lambda frame: [4, frame[1], "InternalError", "", {}]))
    async with one(csms, ids=ids) as fleet:
        await csms.wait(lambda: kinds(fleet, "drop") and of(csms, "StopTransaction"))
    assert [event.kind for event in kinds(fleet, "error", "drop")] == ["error"] * 3 + ["drop"]
    assert len({frame[1] for frame in of(csms, "StartTransaction")}) == (1 if ids == "same" else 3)
    assert of(csms, "StopTransaction")[0][3]["transactionId"] == -1
    assert {violation.invariant for violation in check(fleet.history.events)} >= {"I3", "I9"}


async def test_silence_burns_an_attempt_and_a_late_reply_is_known_as_one() -> None:
    csms = Csms(_unless("StartTransaction", 1, lambda frame: None))
    async with one(csms, message_timeout=0.3, ids="new") as fleet:
        await csms.wait(lambda: len(of(csms, "StartTransaction")) == 2)
        await csms.send([3, of(csms, "StartTransaction")[0][1], {}])
        await csms.send([3, "never asked", {}])
        await csms.wait(lambda: kinds(fleet, "late") and kinds(fleet, "stray"))
        await csms.wait(lambda: of(csms, "StopTransaction"))
    assert len(kinds(fleet, "timeout")) == 1


async def test_a_closed_socket_burns_none() -> None:
    csms = Csms()

    def cut(frame: Frame) -> Any:
        csms.connections[-1].transport.abort()
        return None

    csms.answer = _unless("StartTransaction", 6, cut)
    async with one(csms) as fleet:
        await csms.wait(lambda: of(csms, "StopTransaction"), 15)
    assert not kinds(fleet, "drop", "error", "timeout")
    assert len(of(csms, "StartTransaction")) == 7
    assert len(of(csms, "BootNotification")) == 1


@pytest.mark.parametrize(("retry", "connections"), [("resend", 1), ("reconnect", 2), ("elsewhere", 2)])
async def test_an_answer_taken_for_lost(retry: str, connections: int) -> None:
    csms = Csms(good)
    async with one(csms, deaf_to_starts=1, retry=retry) as fleet:
        await csms.wait(lambda: len(kinds(fleet, "ack")) == 4)
    starts = of(csms, "StartTransaction")
    assert [event.about["ignored"] for event in kinds(fleet, "ack")] == [True, False, False, False]
    assert starts[0] == starts[1]
    assert len(csms.connections) == connections


async def test_half_open_and_back_on_a_new_connection() -> None:
    csms = Csms(good)
    async with one(csms) as fleet:
        await csms.wait(lambda: fleet.stations[0].settled)
        fleet.stations[0].abandon()
        await csms.wait(lambda: len(csms.connections) == 2)
        assert not csms.closes
        assert len(fleet.zombies) == 1
        await fleet.zombies[0].close()


async def test_a_deaf_station_reads_nothing() -> None:
    csms = Csms(good)
    async with one(csms) as fleet:
        await csms.wait(lambda: fleet.stations[0].settled)
        fleet.stations[0].deaf.set()
        await csms.send([2, "b1", "DataTransfer", {"data": "A-0001/1"}])  # read before it went deaf
        await csms.wait(lambda: kinds(fleet, "called"))
        await csms.send([2, "b2", "DataTransfer", {"data": "A-0001/2"}])
        await asyncio.sleep(0.2)
        assert len(kinds(fleet, "called")) == 1
        fleet.stations[0].deaf.clear()
        await csms.wait(lambda: len(kinds(fleet, "called")) == 2)


async def test_a_refused_station_notes_the_status_and_comes_back() -> None:
    csms = Csms(good)
    csms.refuse = 503
    async with one(csms) as fleet:
        await csms.wait(lambda: len(kinds(fleet, "refused")) > 1)
        assert {event.about["status"] for event in kinds(fleet, "refused")} == {503}
        csms.refuse = None
        await csms.wait(lambda: fleet.stations[0].settled, 10)
