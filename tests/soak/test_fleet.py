"""A fleet straight on a backend, no gateway between: the harness itself breaks no promise."""

import asyncio
from pathlib import Path

import pytest

from tests.soak.checker import check
from tests.soak.dialects import V16, V201
from tests.soak.fleet import Fleet
from tests.soak.history import History, merged
from tests.soak.parts import BackendProcess
from tests.soak.policy import Policy


@pytest.mark.parametrize("version", [V16, V201])
async def test_a_fleet_and_a_backend_that_is_killed(version: str, tmp_path: Path) -> None:
    told = History("test")
    backend = BackendProcess(told, tmp_path, version)
    await backend.start()
    policy = Policy(version, pace=0.02, backoff=0.05, backoff_random=0.05)
    fleet = Fleet([f"ws://127.0.0.1:{backend.port}/ocpp"], policy, History("fleet"), stations=10)
    await fleet.start()
    try:
        async with asyncio.timeout(20):
            while fleet.connected < 10:
                await asyncio.sleep(0.02)
        await backend.set(calls_per_second=5.0)
        await asyncio.sleep(0.5)
        await backend.kill()
        await backend.start()
        assert await fleet.settle(20)
    finally:
        await fleet.close()
        await backend.stop()
    events = merged(told.events, fleet.history.events, backend.events())
    assert check(events) == []
    kinds = [event.kind for event in events]
    assert kinds.count("ack") >= 80
    assert kinds.count("open") >= 40
    assert kinds.count("answered") > 0
    assert [event.about for event in fleet.history.events if event.kind == "state"] == [
        {"connected": True, "queued": 0}
    ] * 10


async def test_a_fleet_that_does_not_settle_says_so(tmp_path: Path) -> None:
    fleet = Fleet(["ws://127.0.0.1:9/ocpp"], Policy(V16), History("fleet"), stations=2)
    await fleet.start()
    assert not await fleet.settle(0.2)
    await fleet.close()
    assert {violation.invariant for violation in check(fleet.history.events)} == {"I9"}
