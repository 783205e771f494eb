"""Who carries a migration out, and what the store's weather does to it. (Fleets: tests/integration/test_migrate.py.)"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway import migrating
from gateway.store import StoreError
from gateway.store.memory import MemoryStore
from tests.gateway.inside import Inside, inside
from tests.integration.test_migrate import is_state, start, tell, until
from tests.integration.test_switch import Books, Station
from tests.support import configuration


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("_LOOK_SECONDS", 0.05), ("_RENEW_SECONDS", 0.05), ("_ARRIVALS_SECONDS", 0.1)):
        monkeypatch.setattr(migrating, name, seconds)


class Moody(MemoryStore):
    away = False

    def _weather(self) -> None:
        if self.away:
            raise StoreError("away")

    async def put_all(self, kind: str, values: Any) -> None:
        self._weather()
        await super().put_all(kind, values)

    async def documents(self, kind: str) -> Any:
        self._weather()
        return await super().documents(kind)

    async def lease(self, name: str, holder: str, seconds: float) -> bool:
        self._weather()
        return await super().lease(name, holder, seconds)


async def fleet(running: Inside, count: int) -> list[Station]:
    stations = [await Station("ocpp1.6").connect(running, f"/CP-{number}") for number in range(count)]
    for station in stations:
        await station.boots()
    return stations


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.02)


async def test_nobody_works_on_what_another_node_has_the_lease_of() -> None:
    old, new, store = Books("ocpp1.6"), Books("ocpp1.6"), MemoryStore()
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new)), store) as running:
        await fleet(running, 2)
        assert await store.lease("migration:move", "another node", 60.0)
        await start(running)
        await asyncio.sleep(0.5)  # many looks
        assert new.connections == []
        await store.unlease("migration:move", "another node")
        assert (await until(running, is_state("done")))["counts"]["done"] == 2
        # And it gives the lease back.
        await eventually(lambda: not running.app.migrator._working)
        assert await store.lease("migration:move", "another node", 1.0)


async def test_a_lease_that_is_lost_ends_the_work_and_the_next_holder_goes_on() -> None:
    old, new, store = Books("ocpp1.6"), Books("ocpp1.6"), MemoryStore()
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new)), store) as running:
        stations = await fleet(running, 2)
        number = await stations[1].starts16()
        await start(running, canary=False)
        await until(running, lambda one: bool(one["counts"]["waiting_idle"]))
        await store.unlease("migration:move", running.node.id)
        assert await store.lease("migration:move", "another node", 60.0)
        await eventually(lambda: not running.app.migrator._working)
        await stations[1].stops16(number, 2000)
        assert (await until(running, is_state("running")))["counts"]["done"] == 1
        await store.unlease("migration:move", "another node")
        assert (await until(running, is_state("done")))["counts"]["done"] == 2


async def test_a_store_that_goes_away_interrupts_and_nothing_is_done_twice(capsys: pytest.CaptureFixture[str]) -> None:
    old, new, store = Books("ocpp1.6"), Books("ocpp1.6"), Moody()
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new)), store) as running:
        stations = await fleet(running, 3)
        number = await stations[2].starts16()
        await start(running, canary=False)
        await until(running, lambda one: bool(one["counts"]["done"] == 2))
        store.away = True
        await stations[2].stops16(number, 2000)
        await asyncio.sleep(0.3)
        for station in stations:
            await station.call("Heartbeat", {})  # the stations notice nothing
        store.away = False
        assert (await until(running, is_state("done")))["counts"]["done"] == 3
        assert len(new.connections) == 3
        capsys.readouterr()


async def test_what_is_only_in_the_way_for_a_moment_is_tried_again() -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new))) as running:
        await fleet(running, 1)
        running.session("cp-0").switching = True
        await start(running, idle_timeout_seconds=None)
        one = await until(running, lambda one: bool(one["counts"]["waiting_idle"]))
        assert one["stations"][0]["why"].startswith("busy")
        running.session("cp-0").switching = False
        assert (await until(running, is_state("done")))["counts"]["done"] == 1


async def test_a_station_that_is_away_is_left_a_route_and_counted_when_it_comes() -> None:
    old, new = Books("ocpp1.6"), Books("ocpp1.6")
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new))) as running:
        (station,) = await fleet(running, 1)
        await station.ws.close()
        await eventually(lambda: not running.node.sessions)
        await start(running, select={"identity": "CP-0"})
        assert (await until(running, is_state("done")))["counts"]["offline"] == 1
        assert await running.node.overrides.of("cp-0") == {"backend": "new", "migration": "move", "due": True}
        await fleet(running, 1)
        assert (await until(running, lambda one: bool(one["counts"]["done"] == 1)))["state"] == "done"
        await tell(running, "rollback")
        assert (await until(running, is_state("rolled_back")))["counts"]["returned"] == 1
        assert await running.node.overrides.of("cp-0") is None
