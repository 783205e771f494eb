"""Documents of the fleet and leases, the same on every store."""

import asyncio
from pathlib import Path

import pytest

from gateway.store import ConflictError, Store
from gateway.store.sqlite import SqliteStore
from tests.gateway.store.test_store import store  # noqa: F401 - the fixture: all stores

pytestmark = pytest.mark.usefixtures("store")


async def test_a_document_is_written_read_and_removed(store: Store) -> None:  # noqa: F811
    assert await store.document("route", "cp-1") is None
    assert await store.put("route", "cp-1", {"backend": "cloud"}) == 1
    assert await store.put("route", "cp-1", {"backend": "legacy"}) == 2
    found = await store.document("route", "cp-1")
    assert found == ("cp-1", 2, {"backend": "legacy"})
    assert await store.document("other", "cp-1") is None
    await store.put_all("route", {"cp-1": None})
    assert await store.document("route", "cp-1") is None


async def test_a_version_that_is_not_there_any_more_is_not_replaced(store: Store) -> None:  # noqa: F811
    assert await store.put("migration", "berlin", {"state": "running"}, 0) == 1
    with pytest.raises(ConflictError):
        await store.put("migration", "berlin", {"state": "running"}, 0)
    assert await store.put("migration", "berlin", {"state": "paused"}, 1) == 2
    with pytest.raises(ConflictError):
        await store.put("migration", "berlin", {"state": "done"}, 1)
    assert await store.document("migration", "berlin") == ("berlin", 2, {"state": "paused"})


async def test_many_are_written_in_one_go(store: Store) -> None:  # noqa: F811
    await store.put_all("migration/berlin", {f"cp-{number:04}": {"n": number} for number in range(1200)})
    found = await store.documents("migration/berlin")
    assert [one.name for one in found] == [f"cp-{number:04}" for number in range(1200)]
    assert found[700].value == {"n": 700}
    await store.put_all("migration/berlin", {"cp-0000": None, "cp-0001": {"n": "one"}})
    assert (await store.documents("migration/berlin"))[0] == ("cp-0001", 2, {"n": "one"})
    await store.remove_all("migration/berlin")
    assert await store.documents("migration/berlin") == []


async def test_one_holds_a_lease_until_it_gives_it_back_or_is_late(store: Store) -> None:  # noqa: F811
    assert await store.lease("migration", "north", 30.0)
    assert await store.lease("migration", "north", 30.0)
    assert not await store.lease("migration", "south", 30.0)
    await store.unlease("migration", "south")
    assert not await store.lease("migration", "south", 30.0)
    await store.unlease("migration", "north")
    assert await store.lease("migration", "south", 0.2)
    async with asyncio.timeout(10):
        while not await store.lease("migration", "north", 30.0):
            await asyncio.sleep(0.05)


async def test_documents_outlast_the_process_with_sqlite(tmp_path: Path) -> None:
    for expected in (None, ("cp-1", 1, {"backend": "cloud"})):
        durable = SqliteStore(tmp_path / "one.db")
        await durable.open()
        assert await durable.document("route", "cp-1") == expected
        if expected is None:
            await durable.put("route", "cp-1", {"backend": "cloud"})
        await durable.close()
