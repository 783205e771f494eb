"""Both embedded stores, against one set of expectations."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store import Change, Store, StoreError
from gateway.store.memory import MemoryStore
from gateway.store.sqlite import SqliteStore


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "store.db")
    await made.open()
    yield made
    await made.close()


async def put(store: Store, identity: str, *changes: Change) -> None:
    durable = store.write(identity, changes)
    if durable is not None:
        await durable


async def test_what_is_written_is_loaded(store: Store) -> None:
    await put(store, "cp-1", Change("", "boot", {"model": "AV-22"}), Change("legacy", "tx/1", {"seqNo": 0}))
    await put(store, "cp-2", Change("legacy", "tx/1", {"seqNo": 7}))
    assert await store.load("cp-1", ("", "legacy")) == {"boot": {"model": "AV-22"}, "tx/1": {"seqNo": 0}}
    assert await store.load("cp-1", ("", "cloud")) == {"boot": {"model": "AV-22"}}
    assert await store.load("cp-2", ("legacy",)) == {"tx/1": {"seqNo": 7}}
    assert await store.load("cp-3", ("",)) == {}


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
    for number in range(100):
        store.write("cp-1", [Change("", "n", number)])
    assert await store.load("cp-1", ("",)) == {"n": 99}


async def test_ping(store: Store) -> None:
    assert await store.ping()


async def test_sqlite_keeps_what_was_durable_through_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    program = f"""
import asyncio, sys
from pathlib import Path
from gateway.store import Change
from gateway.store.sqlite import SqliteStore
async def main():
    store = SqliteStore(Path({str(path)!r}))
    await store.open()
    number = 0
    while True:
        await store.write("cp-1", [Change("", "n", number), Change("", f"k{{number % 5}}", number)])
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
    durable = store.write("cp-1", [Change("", "a", 1)])
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


async def test_sqlite_commits_what_has_gathered_at_once(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    await store.open()
    writes = [store.write(f"cp-{number}", [Change("", "a", number)]) for number in range(500)]
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
