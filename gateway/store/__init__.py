"""What the gateway remembers of each station, beyond its connection.

Memory is a mapping of keys to values JSON can hold, by station and scope: the scope is a backend's configured name, or
`""` for what belongs to the station whichever backend it talks to.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from gateway.config import Config


class Change(NamedTuple):
    """One key's new value; None forgets it."""

    scope: str
    key: str
    value: Any


class StoreError(Exception):
    """The store cannot do it now: full, gone, or unreadable."""


class Store(Protocol):
    """`identity` is the canonical (case-folded) identity."""

    async def open(self) -> None:
        """Ready it for use. Raises StoreError."""

    async def close(self) -> None:
        """Everything written is durable when it returns."""

    async def load(self, identity: str, scopes: Sequence[str]) -> dict[str, Any]:
        """All keys of these scopes, those first remembered first. Sees every write before it. Raises StoreError."""

    def write(self, identity: str, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        """Put changes in order. The future is done when they are durable, and holds a StoreError when they are not;
        None: they are as durable as this store makes them."""

    async def ping(self) -> bool:
        """Whether it works now."""


def make_store(config: Config) -> Store:
    """The store the configuration names; the caller opens it."""
    if config.store.kind == "memory":
        from gateway.store.memory import MemoryStore

        return MemoryStore()
    from gateway.store.sqlite import SqliteStore

    assert config.store.path is not None
    return SqliteStore(config.store.path)
