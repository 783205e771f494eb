"""A connection's time as the one of its station: taken from the one before, wherever that is, and given back."""

from contextlib import suppress
from time import perf_counter
from typing import Any

from gateway.bridge import Bridge, Ending
from gateway.cluster import NodeFailed, NodeUnreachable
from gateway.courier import Courier
from gateway.ledger import Ledger
from gateway.node import Node
from gateway.ownership import Held
from gateway.tracing import Trace

_GOODBYE_SECONDS = 0.5
"""For which another node may finish with the station. What it writes later is refused in any case."""
_LAST_WRITE_SECONDS = 1.0


class Tenure:
    """The time of a connection from the address `source` as the one of the station `key`: `async with` it; `begin` takes the
    station over."""

    __slots__ = ("_claim", "_key", "_ledger", "_node", "_source")

    def __init__(self, node: Node, key: str, source: str) -> None:
        self._node = node
        self._key = key
        self._source = source
        self._claim = node.claim(key)
        self._ledger: Ledger | None = None

    async def __aenter__(self) -> "Tenure":
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self.end()

    @property
    def holds(self) -> bool:
        """Whether no newer connection has come since, here or on a node that has told."""
        return self._claim.holds

    @property
    def memory(self) -> dict[str, Any]:
        return self.ledger.memory

    @property
    def ledger(self) -> Ledger:
        assert self._ledger is not None
        return self._ledger

    async def begin(self, backend: str, *, needs_memory: bool) -> None:
        """The newest connection wins; the older is told, and writes nothing any more when this returns. Raises
        StoreError."""
        node = self._node
        older = await self._claim.predecessor_gives_way()
        if older is not None:
            if not older.saved:
                # Here and now, not when its sockets are closed: the claim below is to find it.
                older.saved = True
                node.ownership.park(older.ledger)
            node.flapped(self._key, older.about.source, self._source)
        began = perf_counter()
        held = await node.ownership.claim(self._key, backend, needs_memory=needs_memory)
        node.metrics.store_claim.observe(perf_counter() - began)
        self._claim.epoch = held.epoch
        self._ledger = Ledger(
            node.store,
            self._key,
            node.id,
            held.epoch,
            backend,
            held.memory,
            node.config.limits.store_seconds,
            node.metrics,
            held.unwritten,
        )
        await self._take_from_elsewhere(held)

    async def live(self, session: Bridge) -> Ending:
        """Run the session as the station's one, to its end."""
        sessions = self._node.sessions
        self._claim.session = sessions[self._key] = session
        self._node.taps.begin(self._key, session)
        if self._node.tracing is not None:
            session.trace = Trace(session, self._node.tracing)
        try:
            return await session.run()
        finally:
            # A newer session may stand here already: only the own entry is taken out.
            if sessions.get(self._key) is session:
                del sessions[self._key]
            session.tap = None  # the two hold each other
            if session.trace is not None:
                session.trace.close()
                session.trace = None
            if not session.saved:
                self._node.ownership.park(self.ledger)

    async def carry(self, courier: Courier) -> None:
        """Let it deliver in the station's place, which counts as connected no more than before. Raises what that does."""
        couriers = self._node.couriers
        self._claim.session = couriers[self._key] = courier
        try:
            await courier.run()
        finally:
            if couriers.get(self._key) is courier:
                del couriers[self._key]
            if not courier.saved:
                self._node.ownership.park(self.ledger)

    async def end(self) -> None:
        """Give the station back, unless a newer connection has it. Nothing is done twice."""
        ledger, self._ledger = self._ledger, None
        try:
            if ledger is not None and self._claim.session is None and not await ledger.close(_LAST_WRITE_SECONDS):
                self._node.ownership.park(ledger)
        finally:
            self._claim.release()

    async def _take_from_elsewhere(self, held: Held) -> None:
        """The node that had the station closes its session at once, and hands over what it had not written yet; one that
        cannot be reached finds out by itself."""
        node, before = self._node, held.before
        if before is None or before.node in ("", node.id):
            return
        node.flapped(self._key, None, self._source)
        message = {"verb": "fenced", "station": self._key, "epoch": held.epoch, "source": self._source}
        with suppress(NodeUnreachable, NodeFailed):
            left = await node.cluster.ask(before.node, message, _GOODBYE_SECONDS)
            # Only the owner before this one knows the newest; anybody older was fenced by others. One that owned the
            # station while the store was away has an epoch that the store never heard of.
            if left is not None and left["epoch"] >= before.epoch:
                self.ledger.adopt({(scope, key): value for scope, key, value in left["unwritten"]})
