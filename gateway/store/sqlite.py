"""The embedded store: SQLite in WAL mode behind one thread, which commits what has gathered in one go.

`synchronous=FULL`: a change that is reported durable survives a power cut, not only a crash of the process.
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gateway.store import Change, StoreError

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

_SCHEMA = """
CREATE TABLE IF NOT EXISTS memory (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (identity, scope, key)
);
"""
_UPSERT = (
    "INSERT INTO memory (identity, scope, key, value) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (identity, scope, key) DO UPDATE SET value = excluded.value"
)
_DELETE = "DELETE FROM memory WHERE identity = ? AND scope = ? AND key = ?"
_SCHEMA_VERSION = 1
_MOST_AT_ONCE = 512


class _Write(NamedTuple):
    rows: list[tuple[str, str, str, bytes | None]]
    done: "Future[None]"


class _Read(NamedTuple):
    run: Callable[[sqlite3.Connection], Any]
    done: "Future[Any]"


class SqliteStore:
    """Reads and writes go through the thread in the order they were asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._work: queue.SimpleQueue[_Write | _Read | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def open(self) -> None:
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="store", daemon=True)
        self._thread.start()
        await asyncio.wrap_future(ready)

    async def close(self) -> None:
        if self._thread is not None:
            self._work.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    async def load(self, identity: str, scopes: Sequence[str]) -> dict[str, Any]:
        marks = ",".join("?" * len(scopes))
        statement = f"SELECT key, value FROM memory WHERE identity = ? AND scope IN ({marks}) ORDER BY place"  # noqa: S608 - only marks

        def run(connection: sqlite3.Connection) -> dict[str, Any]:
            return {key: _decode(value) for key, value in connection.execute(statement, (identity, *scopes))}

        found: dict[str, Any] = await self._read(run)
        return found

    def write(self, identity: str, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        rows = [
            (identity, change.scope, change.key, None if change.value is None else _encode(change.value))
            for change in changes
        ]
        done: Future[None] = Future()
        self._work.put(_Write(rows, done))
        return asyncio.wrap_future(done)

    async def ping(self) -> bool:
        """Whether it takes a write now: a full disk still answers questions."""
        done: Future[None] = Future()
        self._work.put(_Write([("", "", "ping", b"0")], done))
        try:
            await asyncio.wrap_future(done)
        except StoreError:
            return False
        return True

    async def _read(self, run: Callable[[sqlite3.Connection], Any]) -> Any:
        done: Future[Any] = Future()
        self._work.put(_Read(run, done))
        return await asyncio.wrap_future(done)

    # -- on the thread ----------------------------------------------------------------------------------------------

    def _run(self, ready: "Future[None]") -> None:
        try:
            connection = self._connect()
        except (sqlite3.Error, OSError, StoreError) as error:
            ready.set_exception(StoreError(f"{self._path}: {error}"))
            return
        ready.set_result(None)
        while (item := self._work.get()) is not None:
            batch: list[_Write] = []
            while isinstance(item, _Write):
                batch.append(item)
                if len(batch) == _MOST_AT_ONCE:
                    break
                try:
                    item = self._work.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._commit(connection, batch)
            if isinstance(item, _Read):
                _settle(item.done, lambda item=item: item.run(connection))  # type: ignore[misc]
            elif item is None:
                break
        connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 2000")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            raise StoreError(f"was written by a newer ocpp-gateway (schema {version})")
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        return connection

    def _commit(self, connection: sqlite3.Connection, batch: list[_Write]) -> None:
        def run() -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for write in batch:
                    for identity, scope, key, value in write.rows:
                        if value is None:
                            connection.execute(_DELETE, (identity, scope, key))
                        else:
                            connection.execute(_UPSERT, (identity, scope, key, value))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

        committed: Future[None] = Future()
        _settle(committed, run)
        failure = committed.exception()
        for write in batch:
            if write.done.set_running_or_notify_cancel():
                if failure is None:
                    write.done.set_result(None)
                else:
                    write.done.set_exception(failure)


def _settle(done: "Future[Any]", run: Callable[[], Any]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(run())
    except Exception as error:
        # Whatever it is: without its thread the store would keep everybody waiting.
        done.set_exception(StoreError(f"{type(error).__name__}: {error}"))
