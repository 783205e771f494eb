"""The embedded store: SQLite in WAL mode behind one thread, which commits what has gathered in one go.

`synchronous=FULL`: a change that is reported durable survives a power cut, not only a crash of the process.
"""

import asyncio
import fcntl
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from gateway.store import Change, Claimed, Document, FencedError, Owner, StoreError, next_epoch
from gateway.store import sqlite_documents as papers
from gateway.store.memory import Leases

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
_HOLDING = "SELECT identity, scope, value FROM memory WHERE key = ? ORDER BY identity, scope"
_SCHEMA_VERSION = 1
_MOST_AT_ONCE = 512


class _Write(NamedTuple):
    identity: str
    epoch: int
    rows: list[tuple[str, str, bytes | None]]
    done: "Future[None]"


class _Read(NamedTuple):
    run: Callable[[sqlite3.Connection], Any]
    done: "Future[Any]"


class SqliteStore:
    """Reads and writes go through the thread in the order they were asked for. One process at a time: sessions of two
    would not hear of each other."""

    shared = False
    instant = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None
        self._work: queue.SimpleQueue[_Write | _Read | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._leases = Leases()
        self._owners: dict[str, Owner] = {}
        """The thread's own. Of no use to the next process: epochs go on with the time."""

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

    async def claim(self, identity: str, node: str, scopes: Sequence[str]) -> Claimed:
        def run(connection: sqlite3.Connection) -> Claimed:
            before = self._owners.get(identity)
            owner = self._owners[identity] = Owner(node, next_epoch(before.epoch if before is not None else 0))
            return Claimed(owner.epoch, _load(connection, identity, scopes), before)

        claimed: Claimed = await self._read(run)
        return claimed

    async def hold(self, identity: str, node: str, epoch: int) -> bool:
        held: bool = await self._read(lambda connection: self._own(identity, node, epoch))
        return held

    async def release(self, identity: str, epoch: int) -> None:
        await self._read(lambda connection: self._own(identity, "", epoch))

    async def owner(self, identity: str) -> Owner | None:
        owner: Owner | None = await self._read(lambda connection: self._owners.get(identity))
        return owner if owner is not None and owner.node else None

    async def load(self, identity: str, scopes: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = await self._read(lambda connection: _load(connection, identity, scopes))
        return found

    async def holding(self, key: str) -> list[tuple[str, str, Any]]:
        found: list[tuple[str, str, bytes]] = await self._read(
            lambda connection: connection.execute(_HOLDING, (key,)).fetchall()
        )
        return [(identity, scope, _decode(value)) for identity, scope, value in found]

    def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        rows = [
            (change.scope, change.key, None if change.value is None else _encode(change.value)) for change in changes
        ]
        done: Future[None] = Future()
        self._work.put(_Write(identity, epoch, rows, done))
        return asyncio.wrap_future(done)

    async def ping(self) -> bool:
        """Whether it takes a write now: a full disk still answers questions."""
        done: Future[None] = Future()
        self._work.put(_Write("", 0, [("", "ping", b"0")], done))
        try:
            await asyncio.wrap_future(done)
        except StoreError:
            return False
        return True

    async def document(self, kind: str, name: str) -> Document | None:
        found: Document | None = await self._read(lambda connection: papers.one(connection, kind, name))
        return found

    async def documents(self, kind: str) -> list[Document]:
        found: list[Document] = await self._read(lambda connection: papers.every(connection, kind))
        return found

    async def put(self, kind: str, name: str, value: Any, version: int | None = None) -> int:
        text = _encode(value)
        written: int = await self._read(lambda connection: papers.put(connection, kind, name, text, version))
        return written

    async def put_all(self, kind: str, values: Mapping[str, Any]) -> None:
        texts = [(name, None if value is None else _encode(value)) for name, value in values.items()]
        await self._read(lambda connection: papers.put_all(connection, kind, texts))

    async def remove_all(self, kind: str) -> None:
        await self._read(lambda connection: papers.remove_all(connection, kind))

    async def lease(self, name: str, holder: str, seconds: float) -> bool:
        return self._leases.take(name, holder, seconds)

    async def unlease(self, name: str, holder: str) -> None:
        self._leases.give_back(name, holder)

    async def _read(self, run: Callable[[sqlite3.Connection], Any]) -> Any:
        done: Future[Any] = Future()
        self._work.put(_Read(run, done))
        return await asyncio.wrap_future(done)

    # -- on the thread ----------------------------------------------------------------------------------------------

    def _run(self, ready: "Future[None]") -> None:
        try:
            connection = self._connect()
        except (sqlite3.Error, OSError, StoreError) as error:
            self._unlock()
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
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _connect(self) -> sqlite3.Connection:
        self._lock = os.open(f"{self._path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError("is in use by another ocpp-gateway; several share a Redis") from None
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 2000")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _SCHEMA_VERSION:
            raise StoreError(f"was written by a newer ocpp-gateway (schema {version})")
        connection.executescript(_SCHEMA + papers.SCHEMA)
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        return connection

    def _commit(self, connection: sqlite3.Connection, batch: list[_Write]) -> None:
        """Each write as if it were alone, all made durable by one commit."""
        outcomes: list[Exception | None] = []

        def run() -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                outcomes.extend(self._written(connection, write) for write in batch)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

        committed: Future[None] = Future()
        _settle(committed, run)
        failure = committed.exception()
        if failure is not None:
            outcomes = [StoreError(str(failure))] * len(batch)
        for write, outcome in zip(batch, outcomes, strict=True):
            if write.done.set_running_or_notify_cancel():
                if outcome is None:
                    write.done.set_result(None)
                else:
                    write.done.set_exception(outcome)

    def _written(self, connection: sqlite3.Connection, write: _Write) -> Exception | None:
        """What kept this write from being done, which is no matter to the others."""
        owner = self._owners.get(write.identity)
        if owner is not None and owner.epoch > write.epoch:
            return FencedError(f"a newer connection of {write.identity} writes")
        connection.execute("SAVEPOINT one")
        try:
            for scope, key, value in write.rows:
                if value is None:
                    connection.execute(_DELETE, (write.identity, scope, key))
                else:
                    connection.execute(_UPSERT, (write.identity, scope, key, value))
        except (UnicodeEncodeError, sqlite3.DataError, sqlite3.InterfaceError, OverflowError) as error:
            connection.execute("ROLLBACK TO one")
            return StoreError(f"{type(error).__name__}: {error}")
        finally:
            if connection.in_transaction:
                connection.execute("RELEASE one")
        return None

    def _own(self, identity: str, node: str, epoch: int) -> bool:
        owner = self._owners.get(identity)
        if owner is not None and owner.epoch > epoch:
            return False
        self._owners[identity] = Owner(node, epoch)
        return True


def _load(connection: sqlite3.Connection, identity: str, scopes: Sequence[str]) -> dict[str, Any]:
    marks = ",".join("?" * len(scopes))
    statement = f"SELECT key, value FROM memory WHERE identity = ? AND scope IN ({marks}) ORDER BY place"  # noqa: S608 - only marks
    return {key: _decode(value) for key, value in connection.execute(statement, (identity, *scopes))}


def _settle(done: "Future[Any]", run: Callable[[], Any]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(run())
    except StoreError as error:
        done.set_exception(error)
    except Exception as error:
        # Whatever it is: without its thread the store would keep everybody waiting.
        done.set_exception(StoreError(f"{type(error).__name__}: {error}"))
