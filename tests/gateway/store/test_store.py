"""All stores, against one set of expectations; what is SQLite's own."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.config.values import read_store
from gateway.store import AbsentError, Change, FencedError, Owner, Store, StoreError
from gateway.store.memory import MemoryStore
from gateway.store.redis import RedisStore
from gateway.store.sqlite import SqliteStore

FAR = 10**15
"""An epoch above those of today's claims."""


def make(kind: str, request: pytest.FixtureRequest, folder: Path) -> Store:
    match kind:
        case "memory":
            return MemoryStore()
        case "sqlite":
            return SqliteStore(folder / "store.db")
        case _:
            return RedisStore(read_store(request.getfixturevalue(kind).url, folder), call_seconds=5.0)


@pytest.fixture(params=["memory", "sqlite", "redis", "cluster"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made = make(request.param, request, tmp_path)
    await made.open()
    yield made
    await made.close()


async def put(store: Store, identity: str, *changes: Change, epoch: int = FAR) -> None:
    """Written as whoever claimed it, or else as the first to do so."""
    try:
        durable = store.write(identity, epoch, changes)
        if durable is not None:
            await durable
    except AbsentError:
        assert await store.hold(identity, "north", epoch)
        await put(store, identity, *changes, epoch=epoch)


async def test_what_is_written_is_loaded(store: Store) -> None:
    await put(store, "cp-1", Change("", "boot", {"model": "AV-22"}), Change("legacy", "tx/1", {"seqNo": 0}))
    await put(store, "cp-2", Change("legacy", "tx/1", {"seqNo": 7}))
    assert await store.load("cp-1", ("", "legacy")) == {"boot": {"model": "AV-22"}, "tx/1": {"seqNo": 0}}
    assert await store.load("cp-1", ("", "cloud")) == {"boot": {"model": "AV-22"}}
    assert await store.load("cp-2", ("legacy",)) == {"tx/1": {"seqNo": 7}}
    assert await store.load("cp-3", ("",)) == {}


async def test_who_has_a_key_is_found_among_all(store: Store) -> None:
    assert await store.holding("waits") == []
    for number in range(700):
        await put(store, f"cp-{number:03}", Change("legacy", "tx/1", {}), Change("", "waits", 0))
    await put(store, "cp-007", Change("legacy", "waits", {"version": "ocpp1.6"}), Change("new one", "waits", 2))
    await put(store, "cp-600", Change("legacy", "waits", 3))
    await put(store, "cp-600", Change("", "waits", None), Change("legacy", "waits", None))
    found = await store.holding("waits")
    assert [one for one in found if one[1]] == [("cp-007", "legacy", {"version": "ocpp1.6"}), ("cp-007", "new one", 2)]
    assert sorted(identity for identity, scope, _ in found if not scope) == [
        f"cp-{number:03}" for number in range(700) if number != 600
    ]


async def test_order_is_that_of_the_first_remembering(store: Store) -> None:
    for key in ("b", "a", "c"):
        await put(store, "cp-1", Change("", key, 1))
    await put(store, "cp-1", Change("", "b", 2))
    assert list(await store.load("cp-1", ("",))) == ["b", "a", "c"]


async def test_forgetting(store: Store) -> None:
    await put(store, "cp-1", Change("", "a", 1), Change("", "a", None), Change("", "never", None))
    assert await store.load("cp-1", ("",)) == {}


async def test_a_loaded_value_is_nobody_elses(store: Store) -> None:
    value = {"list": [1]}
    await put(store, "cp-1", Change("", "a", value))
    value["list"].append(2)
    loaded = await store.load("cp-1", ("",))
    assert loaded == {"a": {"list": [1]}}


async def test_a_load_sees_every_write_before_it(store: Store) -> None:
    await store.hold("cp-1", "north", FAR)
    for number in range(100):
        store.write("cp-1", FAR, [Change("", "n", number)])
    assert await store.load("cp-1", ("",)) == {"n": 99}


async def test_a_claim_is_newer_than_all_before_it_and_finds_what_is_remembered(store: Store) -> None:
    first = await store.claim("cp-1", "north", ("", "legacy"))
    assert (first.memory, first.before) == ({}, None)
    durable = store.write("cp-1", first.epoch, [Change("legacy", "tx/1", 1), Change("cloud", "tx/1", 2)])
    if durable is not None:
        await durable
    second = await store.claim("cp-1", "south", ("", "legacy"))
    assert second.epoch > first.epoch
    assert (second.memory, second.before) == ({"tx/1": 1}, Owner("north", first.epoch))
    assert await store.owner("cp-1") == Owner("south", second.epoch)
    assert await store.owner("cp-2") is None


async def test_an_older_epoch_writes_nothing_and_lets_nothing_go(store: Store) -> None:
    older = await store.claim("cp-1", "north", ("",))
    newer = await store.claim("cp-1", "north", ("",))
    with pytest.raises(FencedError):
        await put(store, "cp-1", Change("", "key", "stale"), epoch=older.epoch)
    assert not await store.hold("cp-1", "north", older.epoch)
    await store.release("cp-1", older.epoch)
    assert await store.owner("cp-1") == Owner("north", newer.epoch)
    assert await store.load("cp-1", ("",)) == {}
    assert await store.hold("cp-1", "north", newer.epoch)
    await store.release("cp-1", newer.epoch)
    assert await store.owner("cp-1") is None
    assert (await store.claim("cp-1", "south", ("",))).epoch > newer.epoch


async def test_ping(store: Store) -> None:
    assert await store.ping()


async def test_sqlite_keeps_what_was_durable_through_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    program = f"""
import asyncio, sys
from pathlib import Path
from gateway.store import Change
from gateway.store.redis import RedisStore
from gateway.store.sqlite import SqliteStore
async def main():
    store = SqliteStore(Path({str(path)!r}))
    await store.open()
    number = 0
    while True:
        await store.write("cp-1", 10**15, [Change("", "n", number), Change("", f"k{{number % 5}}", number)])
        print(number, flush=True)
        number += 1
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(50)]
        os.kill(writer.pid, signal.SIGKILL)
        lines += writer.stdout.read().splitlines()
    told = int([line for line in lines if line.strip()][-1])
    store = SqliteStore(path)
    await store.open()
    kept = (await store.load("cp-1", ("",)))["n"]
    await store.close()
    # The last commit may have been cut off before it was told; never the other way round.
    assert kept in (told, told + 1)


async def test_sqlite_tells_when_it_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    await store.open()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    durable = store.write("cp-1", FAR, [Change("", "a", 1)])
    assert durable is not None
    with pytest.raises(StoreError, match="locked"):
        await durable
    holder.execute("ROLLBACK")
    holder.close()
    await put(store, "cp-1", Change("", "a", 2))
    assert await store.load("cp-1", ("",)) == {"a": 2}
    await store.close()


async def test_sqlite_refuses_a_store_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreError):
        await SqliteStore(path).open()
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer"):
        await SqliteStore(newer).open()


async def test_sqlite_belongs_to_one_process_at_a_time(tmp_path: Path) -> None:
    first, second = SqliteStore(tmp_path / "store.db"), SqliteStore(tmp_path / "store.db")
    await first.open()
    with pytest.raises(StoreError, match="in use by another"):
        await second.open()
    await first.close()
    await second.open()
    await second.close()


async def test_sqlite_commits_what_has_gathered_at_once(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    await store.open()
    writes = [store.write(f"cp-{number}", FAR, [Change("", "a", number)]) for number in range(500)]
    await asyncio.wait_for(asyncio.gather(*[write for write in writes if write is not None]), 10)
    assert await store.load("cp-499", ("",)) == {"a": 499}
    await store.close()


async def test_a_change_sqlite_cannot_take_ends_nobody_elses_writes(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "x.db")
    await store.open()
    async with asyncio.timeout(5):
        with pytest.raises(StoreError):
            await put(store, "a", Change("", "\ud800", 1))
        await put(store, "b", Change("", "key", 2))
        assert await store.load("b", ("",)) == {"key": 2}
        await store.close()
