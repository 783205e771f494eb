"""Which session writes a station's memory: claims in the store, and what is done while the store is away.

A session that ended while the store was away leaves what it could not write here, parked: for the station's next
session, or for the store once it is back.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple

import structlog

from gateway.cluster import Message
from gateway.ledger import Ledger
from gateway.metrics import Metrics
from gateway.remembered import Place
from gateway.store import Claimed, Owner, Store, StoreError, next_epoch
from gateway.turns import CrowdedError, Turns

_MOST_PARKED = 20_000
_AT_ONCE = 200
_SETTLE_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_MOST_REFUSED = 3
_CLAIMS_AT_ONCE = 32
"""What one round trip of the store takes of them twice over: more would only wait in another place."""
_BLIP_SECONDS, _BLIP_PAUSE = 1.0, 0.2
"""How long the store may grant no claim until who needs one is turned away, and how often it is tried till then: one that is
away for a moment turns nobody away."""


class Held(NamedTuple):
    """A station that is ours: its epoch, what is remembered of it, what the store does not know of that yet, and the
    owner before us."""

    epoch: int
    memory: dict[str, Any]
    unwritten: dict[Place, Any]
    before: Owner | None


class Ownership:
    """The claims of one node. `node` is its id."""

    def __init__(self, store: Store, node: str, metrics: Metrics, patience: float = 5.0) -> None:
        """`patience`: the seconds a station at the door waits for its turn to be claimed."""
        self.node = node
        self._turns = Turns(_CLAIMS_AT_ONCE, patience)
        self._refused_since: float | None = None
        """Since when the store has granted no claim (loop time)."""
        self._store = store
        self._metrics = metrics
        self._parked: OrderedDict[str, Ledger] = OrderedDict()
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("ownership")

    async def claim(self, identity: str, backend: str, *, needs_memory: bool) -> Held:
        """Own the station from here on. While the store is away, a session that needs no memory goes on without, and one
        whose predecessor was here goes on with what that knew. Raises StoreError."""
        parked = self._parked.pop(identity, None)
        try:
            claimed = await self._claimed(identity, backend, needs_memory=needs_memory)
        except StoreError as error:
            self._metrics.store_up.set(0)
            if parked is not None and parked.backend == backend:
                epoch, memory, unwritten = parked.epoch, dict(parked.memory), parked.unwritten
            elif needs_memory:
                if parked is not None:
                    self._parked[identity] = parked
                raise
            else:
                epoch, memory, unwritten = 0, {}, {}
                if parked is not None:
                    epoch, memory, unwritten = parked.epoch, parked.shared_memory(), parked.unwritten
            self._logger.warning("store_bypassed", station=identity, error=str(error))
            self._metrics.store_bypassed.inc()
            return Held(next_epoch(epoch), memory, unwritten, None)
        self._metrics.store_up.set(1)
        memory, unwritten = claimed.memory, {}
        if parked is not None and (claimed.before is None or claimed.before.epoch <= parked.epoch):
            # Nobody has owned it since: what could not be written still holds.
            unwritten = parked.unwritten
            for (scope, key), value in unwritten.items():
                if scope not in ("", backend):
                    continue
                if value is None:
                    memory.pop(key, None)
                else:
                    memory[key] = value
        return Held(claimed.epoch, memory, unwritten, claimed.before)

    def crowded(self, now: float) -> bool:
        """Whether a station that came at `now` (loop time) might wait in vain for its turn to be claimed."""
        return self._turns.crowded(now)

    async def _claimed(self, identity: str, backend: str, *, needs_memory: bool) -> Claimed:
        """So many at a time. While the store's trouble is new it is tried again, and others have their turn between. Raises
        StoreError."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with self._turns:
                    claimed = await self._store.claim(identity, self.node, ("", backend))
            except CrowdedError as error:
                raise StoreError(str(error)) from None
            except StoreError:
                now = loop.time()
                if self._refused_since is None:
                    self._refused_since = now
                if not needs_memory or now + _BLIP_PAUSE > self._refused_since + _BLIP_SECONDS:
                    raise
                await asyncio.sleep(random.uniform(_BLIP_PAUSE / 2, _BLIP_PAUSE))  # noqa: S311 - spreads load
            else:
                self._refused_since = None
                return claimed

    def park(self, ledger: Ledger) -> None:
        """Keep what a session could not write, until the store is back or the station is."""
        self._parked[ledger.identity] = ledger
        while len(self._parked) > _MOST_PARKED:
            identity, _ = self._parked.popitem(last=False)
            self._logger.error("parked_dropped", station=identity)

    def hand_over(self, identity: str, epoch: int) -> Message | None:
        """What a session of an older epoch could not write, for the node that owns the station now: its `epoch`, and
        `unwritten` as `[scope, key, value]` each."""
        ledger = self._parked.get(identity)
        if ledger is None or ledger.epoch >= epoch:
            return None
        del self._parked[identity]
        return {"epoch": ledger.epoch, "unwritten": [[*place, value] for place, value in ledger.unwritten.items()]}

    @property
    def parked(self) -> int:
        """Stations of which the store does not know everything."""
        return len(self._parked)

    async def watch(self) -> None:
        """For ever: notice that the store is back, and write what was parked."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._parked and await self._store.ping():
                await self.settle()

    async def settle(self) -> None:
        """The store is back: write what was parked. One that it will not take is in nobody's way but for a moment."""
        refused = 0
        for identity, ledger in list(self._parked.items()):
            if not await ledger.close(_SETTLE_SECONDS):
                if self._parked.get(identity) is ledger:
                    self._parked.move_to_end(identity)
                refused += 1
                if refused == _MOST_REFUSED:
                    return
            elif self._parked.get(identity) is ledger:
                del self._parked[identity]

    async def assert_all(self, ledgers: Iterable[Ledger]) -> None:
        """The store was away, or has lost what it knew: every live session says again that it owns its station."""
        every = list(ledgers)
        for first in range(0, len(every), _AT_ONCE):
            done = await asyncio.gather(
                *(ledger.assert_again() for ledger in every[first : first + _AT_ONCE]), return_exceptions=True
            )
            failed = [error for error in done if isinstance(error, BaseException)]
            if failed:
                self._logger.warning("assert_failed", sessions=len(failed), error=str(failed[0]))
