"""The backends that operators gave to single stations, in the store: they are read before the rules, and before a backend is
dialled. While the store is away what this process knew last holds."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from gateway.metrics import Metrics
from gateway.silence import silence
from gateway.store import Store, StoreError
from gateway.tasks import ended

KIND = "route"
_UNDO_SECONDS = 2.0
"""For which whoever takes a route back waits; it is tried for ever."""
_PAUSE_SECONDS = 0.5


class Override(dict[str, Any]):
    """`backend`; `migration`: the name of the migration that wrote it, None for an operator; `due`: the station was not
    connected then, and has not been since."""

    @property
    def backend(self) -> str:
        return str(self["backend"])


class Overrides:
    """By canonical identity."""

    def __init__(self, store: Store, metrics: Metrics, seconds: float) -> None:
        """`seconds`: how long a station at the door waits for the store."""
        self._store = store
        self._metrics = metrics
        self._seconds = seconds
        self._known: dict[str, Override] = {}
        self._undoing: dict[str, asyncio.Task[None]] = {}
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("routes")

    async def of(self, key: str) -> Override | None:
        """The station's own backend; the last known while the store is away."""
        if key in self._undoing:
            return self._known.get(key)
        try:
            async with silence(self._seconds):
                found = await self._store.document(KIND, key)
        except (StoreError, TimeoutError) as error:
            self._metrics.store_up.set(0)
            self._logger.warning("route_not_read", station=key, error=str(error) or "no answer in time")
            return self._known.get(key)
        if found is None:
            self._known.pop(key, None)
            return None
        self._known[key] = Override(found.value)
        return self._known[key]

    async def set(self, key: str, backend: str, migration: str | None = None) -> None:
        """Raises StoreError."""
        await self.set_all({key: Override(backend=backend, migration=migration)})

    async def clear(self, key: str) -> None:
        """The rules hold again. Raises StoreError."""
        await self.set_all({key: None})

    async def set_all(self, overrides: Mapping[str, Override | None]) -> None:
        """Raises StoreError."""
        await ended(*(self._undoing.pop(key, None) for key in overrides))
        await self._store.put_all(KIND, overrides)
        self._know(overrides)

    def _know(self, overrides: Mapping[str, Override | None]) -> None:
        for key, override in overrides.items():
            if override is None:
                self._known.pop(key, None)
            else:
                self._known[key] = override

    async def written(self, key: str) -> Override | None:
        """What the store holds. Raises StoreError."""
        found = await self._store.document(KIND, key)
        return Override(found.value) if found is not None else None

    async def take_back(self, key: str, wrong: Override | None, before: Override | None) -> None:
        """`wrong` was written, or may have been: `before` holds again, unless somebody has written anew. When the store
        cannot do it now it is tried until it can, and `before` holds in this process meanwhile."""
        self._know({key: before})
        undoing = asyncio.get_running_loop().create_task(self._take_back(key, wrong, before), name=f"route {key}")
        self._undoing[key] = undoing
        undoing.add_done_callback(lambda _: self._undone(key, undoing))
        await asyncio.wait([undoing], timeout=_UNDO_SECONDS)
        if not undoing.done():
            self._logger.error("route_not_taken_back", station=key, backend=wrong.backend if wrong else "the rules")

    async def _take_back(self, key: str, wrong: Override | None, before: Override | None) -> None:
        while True:
            try:
                if await self.written(key) == wrong:
                    await self._store.put_all(KIND, {key: before})
                return
            except StoreError:
                await asyncio.sleep(_PAUSE_SECONDS)

    def _undone(self, key: str, undoing: "asyncio.Task[None]") -> None:
        if self._undoing.get(key) is undoing:
            del self._undoing[key]

    async def close(self) -> None:
        """Nothing is tried any more."""
        await ended(*self._undoing.values())

    async def found_by(self, key: str, override: Override) -> None:
        """A station that was not connected when its route was written has come by it: whoever wrote it hears of it."""
        migration = override.get("migration")
        if not override.get("due") or migration is None:
            return
        try:
            await self._store.put(f"arrived/{migration}", key, {})
            await self.set(key, override.backend, migration)
        except StoreError as error:
            # It says so again with its next connection.
            self._logger.warning("arrival_not_told", station=key, error=str(error))

    async def every(self) -> dict[str, Override]:
        """Raises StoreError."""
        return {found.name: Override(found.value) for found in await self._store.documents(KIND)}


class Rewrite:
    """The route of one station, written in the course of a switch, and taken back where that comes to nothing."""

    def __init__(self, overrides: Overrides, key: str, override: Override | None) -> None:
        """`override`: what is to be written; None: the rules hold again."""
        self._overrides = overrides
        self._key = key
        self._override = override
        self._before: Override | None = None
        self._writing: asyncio.Task[None] | None = None

    async def write(self) -> None:
        """Durably. Raises StoreError. It goes on when its caller has no time any more: `undo` waits for it."""
        self._before = await self._overrides.written(self._key)
        writing = self._overrides.set_all({self._key: self._override})
        self._writing = asyncio.get_running_loop().create_task(writing, name=f"route {self._key}")
        await asyncio.shield(self._writing)

    async def undo(self) -> None:
        """As it was, if a write was begun."""
        if self._writing is None:
            return
        await asyncio.wait([self._writing])
        if not self._writing.cancelled():
            self._writing.exception()  # whoever wrote knows
        await self._overrides.take_back(self._key, self._override, self._before)
