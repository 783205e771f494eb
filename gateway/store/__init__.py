"""What the gateway remembers of each station, beyond its connection, and which node may write it.

Memory is a mapping of keys to values JSON can hold, by station and scope: the scope is a backend's configured name, or
`""` for what belongs to the station whichever backend it talks to.

A station's newest connection owns it, under an epoch that only rises; whoever holds an older one is refused. So a
session that was replaced, on this node or another, cannot write over what its successor did.
"""

import asyncio
from collections.abc import Mapping, Sequence
from time import time
from typing import Any, NamedTuple, Protocol

from gateway.config import Config


class Change(NamedTuple):
    """One key's new value; None forgets it."""

    scope: str
    key: str
    value: Any


class Owner(NamedTuple):
    """Who holds a station: the id of a node, and the epoch it was claimed under."""

    node: str
    epoch: int


class Claimed(NamedTuple):
    """A claim that was granted: its epoch, what is remembered, and who was the owner until then."""

    epoch: int
    memory: dict[str, Any]
    before: Owner | None


class Document(NamedTuple):
    """A small document of the fleet. `version` rises with every write of it, from 1."""

    name: str
    version: int
    value: Any


class StoreError(Exception):
    """The store cannot do it now: full, gone, or unreadable."""


class FencedError(StoreError):
    """A newer epoch owns the station: what an older one writes is refused, for ever."""


class AbsentError(StoreError):
    """The store knows of no claim to this station: it was emptied. `hold` claims it again under the same epoch."""


class ConflictError(StoreError):
    """The document is not the version that was to be replaced."""


class Store(Protocol):
    """`identity` is the canonical (case-folded) identity, `node` the id of a running gateway process."""

    shared: bool
    """Whether other processes use it at the same time."""
    instant: bool
    """Whether `write` has done it when it returns."""

    async def open(self) -> None:
        """Ready it for use. Raises StoreError."""

    async def close(self) -> None:
        """Everything written is durable when it returns."""

    async def claim(self, identity: str, node: str, scopes: Sequence[str]) -> Claimed:
        """Make `node` the owner, under a new epoch above all before it. The memory of these scopes is as it stands once
        no older epoch can write any more, those keys first that were remembered first. Raises StoreError."""

    async def hold(self, identity: str, node: str, epoch: int) -> bool:
        """Say again that `node` owns the station under this epoch; False when a newer one does. Raises StoreError."""

    async def release(self, identity: str, epoch: int) -> None:
        """The station has gone. Nothing happens when a newer epoch owns it. Raises StoreError."""

    async def owner(self, identity: str) -> Owner | None:
        """Who holds the station now. Raises StoreError."""

    async def load(self, identity: str, scopes: Sequence[str]) -> dict[str, Any]:
        """All keys of these scopes, those first remembered first. Sees every write before it. Raises StoreError."""

    async def holding(self, key: str) -> list[tuple[str, str, Any]]:
        """Every station and scope whose memory has this key, and its value. Reads much: not for a frame's way. Raises
        StoreError."""

    def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        """Put changes in order, if no newer epoch owns the station. The future is done when they are durable, and holds
        a StoreError when they are not; None: they are as durable as this store makes them. Raises FencedError at once
        where that can be known."""

    async def ping(self) -> bool:
        """Whether it works now."""

    # Documents of the fleet, by kind and name, beside the memory of stations. All raise StoreError.

    async def document(self, kind: str, name: str) -> Document | None: ...

    async def documents(self, kind: str) -> list[Document]:
        """All of a kind, by name."""

    async def put(self, kind: str, name: str, value: Any, version: int | None = None) -> int:
        """Write one, durably; its new version. `version`: only if it is this one now, 0: only if there is none. Raises
        ConflictError."""

    async def put_all(self, kind: str, values: Mapping[str, Any]) -> None:
        """Write many of a kind in one go, durably, whatever they are now; None removes one."""

    async def remove_all(self, kind: str) -> None:
        """Forget a kind."""

    async def lease(self, name: str, holder: str, seconds: float) -> bool:
        """Take it for this long, or renew it; False while another one holds it."""

    async def unlease(self, name: str, holder: str) -> None:
        """Give it back, if it is this holder's."""


def next_epoch(before: int) -> int:
    """The epoch of a new claim: Unix milliseconds, and above the one before. So it rises even over a store that was
    emptied, and a claim made while the store is away can be compared with those made in it."""
    return max(before + 1, int(time() * 1000))


def make_store(config: Config) -> Store:
    """The store the configuration names; the caller opens it."""
    if config.store.kind == "memory":
        from gateway.store.memory import MemoryStore

        return MemoryStore()
    if config.store.kind != "sqlite":
        from gateway.store.redis import RedisStore

        return RedisStore(config.store)
    from gateway.store.sqlite import SqliteStore

    assert config.store.path is not None
    return SqliteStore(config.store.path)
