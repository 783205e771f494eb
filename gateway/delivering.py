"""What waits in the store for a backend (`when_down: buffer`) while its station is not connected: found, and delivered.

One node looks for all. A station that is connected anywhere is left alone: its own session delivers.
"""

import asyncio
import random
from math import inf
from typing import Any

import structlog

from gateway.cluster import NodeUnreachable
from gateway.config import Backend
from gateway.courier import Courier
from gateway.identity import identity_of
from gateway.node import Node
from gateway.store import StoreError
from gateway.tasks import ended
from gateway.tenure import Tenure
from gateway.upstream import DialError, StationDialler
from translators.outbox.queue import WAITS

_FIRST_SECONDS = 1.0
_LOOK_SECONDS, _LOOK_SECONDS_IF_NONE_BUFFERS = 20.0, 300.0
_AT_ONCE = 8
"""Stations of one backend."""
_FIRST_PAUSE, _LONGEST_PAUSE = 20.0, 600.0
"""For a station whose backend does not take what waits."""
_LEASE = "outbox"


class Deliverer:
    """One node's."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._task: asyncio.Task[None] | None = None
        self._pauses: dict[tuple[str, str], tuple[float, float]] = {}
        """Until when (loop time) one is left alone, and for how long the next time; by station and backend."""
        self._counted: set[str] = set()
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("outbox")

    def open(self) -> None:
        if self._node.config.store.kind != "memory":
            self._task = asyncio.get_running_loop().create_task(self._run(), name="deliverer")

    async def close(self) -> None:
        await ended(self._task)

    async def _run(self) -> None:
        pause = _FIRST_SECONDS
        while True:
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - spreads load, hides nothing
            buffers = any(one.when_down == "buffer" for one in self._node.config.backends.values())
            pause = _LOOK_SECONDS if buffers else _LOOK_SECONDS_IF_NONE_BUFFERS
            try:
                if not self._node.draining and await self._node.store.lease(_LEASE, self._node.id, 3 * pause):
                    await self._look()
                else:
                    self._count({})  # another one tells
            except StoreError as error:
                self._logger.info("outbox_not_looked_at", error=str(error))
            except Exception as error:
                self._logger.error("courier_failed", error=type(error).__name__, exc_info=error)

    async def _look(self) -> None:
        """Raises StoreError."""
        backends: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        found = await self._node.store.holding(WAITS)
        for key, name, who in found:
            backends.setdefault(name, []).append((key, who))
        self._count({name: len(stations) for name, stations in backends.items()})
        here = {(key, name) for key, name, _ in found}
        self._pauses = {place: pause for place, pause in self._pauses.items() if place in here}
        await asyncio.gather(*(self._deliver_to(name, stations) for name, stations in backends.items()))

    def _count(self, waiting: dict[str, int]) -> None:
        self._counted |= waiting.keys()
        for name in self._counted:
            self._node.metrics.outbox_stations.labels(name).set(waiting.get(name, 0))

    async def _deliver_to(self, name: str, stations: list[tuple[str, dict[str, Any]]]) -> None:
        """As long as the backend is there."""
        backend = self._node.config.backends.get(name)
        has_secrets = any("forward" in listener.auth for listener in self._node.config.listeners)
        if backend is None or (backend.auth == "forward" and has_secrets):
            # A station's own password is not kept: without the station its backend cannot be dialled.
            return
        left = iter(stations)

        async def one_after_another() -> None:
            nonlocal left
            for key, who in left:
                if not await self._deliver(key, who, backend):
                    left = iter(())

        await asyncio.gather(*(one_after_another() for _ in range(min(_AT_ONCE, len(stations)))))

    async def _deliver(self, key: str, who: dict[str, Any], backend: Backend) -> bool:
        """What waits for one station; whether the backend is there."""
        node, place, now = self._node, (key, backend.name), asyncio.get_running_loop().time()
        until, pause = self._pauses.get(place, (-inf, _FIRST_PAUSE))
        station, identity = node.roster.get(key), identity_of(who["identity"])
        if now < until or identity is None or who["version"] not in backend.subprotocols:
            return True
        if (station is not None and not station.enabled) or await node.is_live(key) or node.is_claimed(key):
            return True
        known = (station.csms_identity, station.csms_password) if station is not None else (None, None)
        dial = StationDialler(node.upstreams[backend.name], known[0] or identity, [who["version"]], None, known[1])
        refused, waiting = "", 0
        try:
            async with Tenure(node, key, "") as held:
                await held.begin(backend.name, needs_memory=True)
                if not held.holds:
                    return True  # it has just come
                limits = node.config.limits
                courier = Courier(identity.spelt, who["version"], backend, dial, held.ledger, limits, node.metrics)
                try:
                    await held.carry(courier)
                except DialError as error:
                    if error.status == 503:
                        return False
                    refused = str(error)
                waiting = courier.waiting
        except (StoreError, NodeUnreachable) as error:
            self._logger.info("outbox_not_looked_at", station=key, error=str(error))
            return True
        if refused or waiting:
            self._pauses[place] = now + pause, min(2 * pause, _LONGEST_PAUSE)
        if refused:
            self._logger.warning("courier_refused", station=key, backend=backend.name, why=refused)
        return True
