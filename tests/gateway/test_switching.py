"""A switch that fails leaves the station and its route where they were. (What succeeds: tests/integration/test_switch.py.)"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from gateway import switching
from gateway.store import StoreError
from gateway.store.memory import MemoryStore
from gateway.trial import Trial
from tests.gateway.inside import Inside, inside
from tests.integration.test_switch import Books, Station, put
from tests.support import configuration


async def _nothing() -> None:
    return


class Watched(MemoryStore):
    """Tells `routed` when a route has been written, before whoever wrote it hears of it. `away`: it takes no documents."""

    def __init__(self) -> None:
        super().__init__()
        self.routed: Callable[[], Awaitable[None]] = _nothing
        self.away = False

    async def put_all(self, kind: str, values: Mapping[str, Any]) -> None:
        if self.away:
            raise StoreError("away")
        await super().put_all(kind, values)
        if kind == "route":
            routed, self.routed = self.routed, _nothing
            await routed()


async def in_the_store(running: Inside) -> Any:
    found = await running.node.store.document("route", "cp-1")
    return found.value if found is not None else None


@pytest.mark.parametrize("before", [None, "old"])
async def test_a_backend_lost_when_the_route_has_been_written_leaves_no_route(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, old, new = Watched(), Books("ocpp1.6"), Books("ocpp1.6")
    failed = asyncio.Event()
    end = Trial.end

    def ended(self: Trial, code: int, text: str, reason: str) -> None:
        end(self, code, text, reason)
        failed.set()

    async def lost() -> None:
        await new.connections[-1].close()
        await failed.wait()

    monkeypatch.setattr(Trial, "end", ended)
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new)), store) as running:
        if before is not None:
            await running.node.overrides.set("cp-1", before)
        was = await in_the_store(running)
        station = await Station("ocpp1.6").connect(running)
        await station.boots()
        store.routed = lost
        status, problem = await put(running)
        assert (status, problem["reason"]) == (409, "backend_lost")
        assert await in_the_store(running) == was == await running.node.overrides.of("cp-1")
        assert running.session().backend == "old"
        await station.call("Heartbeat", {})
        assert len(old.calls("Heartbeat")) == 1
        # Nothing is left of it that would be in the way of another try.
        assert (await put(running))[0] == 200
        assert (await in_the_store(running))["backend"] == "new"


async def test_a_route_that_took_too_long_is_taken_back_when_it_has_been_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(switching, "_SHUT_SECONDS", 0.2)
    store, old, new = Watched(), Books("ocpp1.6"), Books("ocpp1.6")
    written = asyncio.Event()
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new)), store) as running:
        station = await Station("ocpp1.6").connect(running)
        await station.boots()

        async def slowly() -> None:
            await written.wait()

        store.routed = slowly
        putting = asyncio.create_task(put(running))
        # The station is served while the write is still on its way.
        await old.wait(lambda: new.calls("BootNotification"))
        await station.call("Heartbeat", {})
        written.set()
        status, problem = await putting
        assert (status, problem["reason"]) == (409, "slow")
        assert await in_the_store(running) is None
        assert running.session().backend == "old"


async def test_a_route_that_cannot_be_taken_back_now_is_when_the_store_is_there_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.overrides._UNDO_SECONDS", 0.05)
    store, old, new = Watched(), Books("ocpp1.6"), Books("ocpp1.6")
    async with old.running(), new.running(), inside(configuration(("old", old), ("new", new)), store) as running:
        station = await Station("ocpp1.6").connect(running)
        await station.boots()

        async def gone() -> None:
            store.away = True
            await station.ws.close()
            await old.wait(lambda: "cp-1" not in running.node.sessions)

        store.routed = gone
        status, problem = await put(running)
        assert (status, problem["reason"]) == (409, "station_gone")
        assert (await in_the_store(running))["backend"] == "new"
        # Here it holds already what is to be true again.
        again = await Station("ocpp1.6").connect(running)
        assert running.session().backend == "old"
        await again.call("Heartbeat", {})
        store.away = False
        async with asyncio.timeout(5):
            while await in_the_store(running) is not None:
                await asyncio.sleep(0.05)
