"""The backends that operators gave to single stations, in the store: they are read before the rules, and before a backend is
dialled. While the store is away what this process knew last holds."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from gateway.metrics import Metrics
from gateway.store import Store, StoreError

KIND = "route"


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
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("routes")

    async def of(self, key: str) -> Override | None:
        """The station's own backend; the last known while the store is away."""
        try:
            async with asyncio.timeout(self._seconds):
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
        await self._store.put_all(KIND, overrides)
        for key, override in overrides.items():
            if override is None:
                self._known.pop(key, None)
            else:
                self._known[key] = override

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
