"""Routes of single stations: what holds while the store is there, and while it is away."""

import asyncio
from typing import Any

from gateway.metrics import Metrics
from gateway.overrides import Override, Overrides, Rewrite
from gateway.store import Document, StoreError
from gateway.store.memory import MemoryStore


class Moody(MemoryStore):
    away = False

    async def document(self, kind: str, name: str) -> Document | None:
        if self.away:
            raise StoreError("away")
        return await super().document(kind, name)

    async def put(self, kind: str, name: str, value: Any, version: int | None = None) -> int:
        if self.away:
            raise StoreError("away")
        return await super().put(kind, name, value, version)


async def test_the_last_known_holds_while_the_store_is_away() -> None:
    store = Moody()
    routes, elsewhere = Overrides(store, Metrics(), 1.0), Overrides(store, Metrics(), 1.0)
    assert await routes.of("cp-1") is None
    await elsewhere.set("cp-1", "cloud")
    assert await routes.of("cp-1") == {"backend": "cloud", "migration": None}
    store.away = True
    assert (await routes.of("cp-1") or Override(backend="")).backend == "cloud"
    assert await routes.of("cp-2") is None
    store.away = False
    await elsewhere.clear("cp-1")
    assert await routes.of("cp-1") is None
    store.away = True
    assert await routes.of("cp-1") is None


async def test_a_station_that_was_away_is_told_of_once() -> None:
    store = Moody()
    routes = Overrides(store, Metrics(), 1.0)
    await routes.set_all({"cp-1": Override(backend="cloud", migration="berlin", due=True)})
    found = await routes.of("cp-1")
    assert found is not None
    store.away = True
    await routes.found_by("cp-1", found)
    store.away = False
    assert await store.documents("arrived/berlin") == []
    await routes.found_by("cp-1", found)
    assert [one.name for one in await store.documents("arrived/berlin")] == ["cp-1"]
    assert "due" not in (await routes.of("cp-1") or {})
    assert await routes.every() == {"cp-1": {"backend": "cloud", "migration": "berlin"}}


async def test_what_somebody_else_has_written_since_is_not_taken_back() -> None:
    store = Moody()
    routes, elsewhere = Overrides(store, Metrics(), 1.0), Overrides(store, Metrics(), 1.0)
    rewrite = Rewrite(routes, "cp-1", Override(backend="cloud", migration=None))
    await rewrite.undo()  # nothing has been written
    await rewrite.write()
    await elsewhere.set("cp-1", "third")
    await rewrite.undo()
    assert (await elsewhere.of("cp-1") or {}) == {"backend": "third", "migration": None}
    # And the other way round: what is written here while it is tried to take one back ends that.
    again = Rewrite(routes, "cp-1", None)
    await again.write()
    store.away = True
    undoing = asyncio.create_task(again.undo())
    await asyncio.sleep(0)
    store.away = False
    await routes.set("cp-1", "fourth")
    await undoing
    assert (await elsewhere.of("cp-1") or {}) == {"backend": "fourth", "migration": None}
    await routes.close()
