"""The fleet's documents in SQLite. Every function runs on the store's thread, and what it writes is durable after it."""

import sqlite3
from collections.abc import Sequence

import msgspec

from gateway.store import ConflictError, Document

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
"""
_UPSERT = (
    "INSERT INTO documents (kind, name, version, value) VALUES (?, ?, 1, ?)"
    " ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value, version = version + 1"
)
_DELETE = "DELETE FROM documents WHERE kind = ? AND name = ?"

_decode = msgspec.json.Decoder().decode


def one(connection: sqlite3.Connection, kind: str, name: str) -> Document | None:
    found = connection.execute(
        "SELECT version, value FROM documents WHERE kind = ? AND name = ?", (kind, name)
    ).fetchone()
    return Document(name, found[0], _decode(found[1])) if found is not None else None


def every(connection: sqlite3.Connection, kind: str) -> list[Document]:
    rows = connection.execute("SELECT name, version, value FROM documents WHERE kind = ? ORDER BY name", (kind,))
    return [Document(name, version, _decode(value)) for name, version, value in rows]


def put(connection: sqlite3.Connection, kind: str, name: str, value: bytes, version: int | None) -> int:
    """Only this thread writes: between the look and the write nobody comes. Raises ConflictError."""
    found = connection.execute("SELECT version FROM documents WHERE kind = ? AND name = ?", (kind, name)).fetchone()
    now: int = found[0] if found is not None else 0
    if version not in (None, now):
        raise ConflictError(f"{kind} {name} is version {now}, not {version}")
    connection.execute(_UPSERT, (kind, name, value))
    return now + 1


def put_all(connection: sqlite3.Connection, kind: str, values: Sequence[tuple[str, bytes | None]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.executemany(_DELETE, [(kind, name) for name, value in values if value is None])
        connection.executemany(_UPSERT, [(kind, name, value) for name, value in values if value is not None])
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def remove_all(connection: sqlite3.Connection, kind: str) -> None:
    connection.execute("DELETE FROM documents WHERE kind = ?", (kind,))
