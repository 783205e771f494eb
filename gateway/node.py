"""What all listeners of a process share: configuration, stations, backends, live sessions."""

import asyncio
import secrets
import socket
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from gateway.attempts import Attempts
from gateway.bridge import About, Bridge
from gateway.cluster import Cluster, LocalCluster, Message, NodeUnreachable
from gateway.comparison import Mirror
from gateway.config import BackendTls, Config, ListenerTls
from gateway.contexts import LiveContext
from gateway.damping import HOLD_SECONDS, Damping
from gateway.gates import Gate
from gateway.ledger import Ledger
from gateway.logins import Logins
from gateway.metrics import Metrics
from gateway.overrides import Overrides
from gateway.ownership import Ownership
from gateway.places import Crowd, Places
from gateway.ratelimit import Bucket
from gateway.stations import Roster, Stations
from gateway.store import Store, StoreError
from gateway.taps import Taps
from gateway.tracing import Tracing
from gateway.upstream import Upstream


class Incumbent(Protocol):
    """Who has a station's place: its session, or who delivers what waits for its backend."""

    about: About
    saved: bool
    ledger: Ledger

    async def replace(self, by: str) -> dict[tuple[str, str], Any]:
        """It is another's now; when this returns, nothing more is written. What was not, by scope and key."""


class Claim:
    """A connection's claim to be the one of its station. The newest holds; a claim that does not must not begin."""

    __slots__ = ("_before", "_claims", "_key", "_newest", "_quiet", "epoch", "session")

    def __init__(self, claims: "dict[str, Claim]", key: str) -> None:
        self._claims = claims
        self._key = key
        self._before = claims.get(key)
        self._quiet = Gate()
        self._newest = 0
        self.session: Incumbent | None = None
        self.epoch = 0
        """What the store granted it; 0 until it has."""
        claims[key] = self

    @property
    def holds(self) -> bool:
        return self._claims.get(self._key) is self and (self.epoch == 0 or self.epoch >= self._newest)

    def fence(self, epoch: int) -> None:
        """Another node owns the station under this epoch."""
        self._newest = max(self._newest, epoch)

    async def predecessor_gives_way(self) -> Incumbent | None:
        """When this returns, the claim that lost to this one writes nothing any more; the session that ended for it."""
        before, self._before = self._before, None
        if before is None:
            return None
        if before.session is None:
            # It has not begun and will not; what it holds of the station's memory, it has to give back.
            await before._quiet.passed()
        else:
            await before.session.replace("newer_connection")
        return before.session

    def release(self) -> None:
        """The station is left to others; what was remembered of it is written."""
        self._quiet.open()
        if self._claims.get(self._key) is self:
            del self._claims[self._key]


class Node:
    """One process. `sessions` and claims are kept by canonical identity."""

    def __init__(self, config: Config, stations: Stations, store: Store, metrics: Metrics) -> None:
        """Raises StartError where calls are to be traced and cannot."""
        self.config = config
        self.roster = Roster(stations, metrics)
        self.logins = Logins()
        self.store = store
        self.id = f"{socket.gethostname()}-{secrets.token_hex(3)}"
        self.ownership = Ownership(store, self.id, metrics, config.limits.store_seconds)
        self.overrides = Overrides(store, metrics, min(1.0, config.limits.store_seconds))
        self.metrics = metrics
        self.upstreams: dict[str, Upstream] = {}
        self.mirrors: dict[str, Mirror] = {}
        """What followers have answered, by the names of their backends."""
        self.sessions: dict[str, Bridge] = {}
        self.couriers: dict[str, Incumbent] = {}
        """Those that deliver in the place of stations that are not connected."""
        self.taps = Taps(self.id, self.sessions, config.log.redact)
        self.contexts: Callable[[], list[LiveContext[ListenerTls] | LiveContext[BackendTls]]] = list
        """Every TLS context that handshakes are done with."""
        self.tracing = Tracing(config.tracing, self.id) if config.tracing is not None else None
        self.draining = False
        self.connects = Bucket(config.limits.connects_per_second, config.limits.connects_per_second, 0.0)
        # A quarter of a second's worth at once: handshakes are work, and nobody's ping waits for more of it.
        accepts = config.limits.accepts_per_second
        self.accepts = Bucket(accepts, max(1.0, accepts / 4), 0.0)
        self.crowd = Crowd()
        self.places = Places()
        self.attempts = Attempts()
        self.damping = Damping()
        self.cluster: Cluster = LocalCluster(self.id)
        self._claims: dict[str, Claim] = {}
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("node")

    def claim(self, key: str) -> Claim:
        """A new claim, which the older one loses to at once."""
        return Claim(self._claims, key)

    def is_claimed(self, key: str) -> bool:
        """Whether a connection of this station is here, or on its way in."""
        return key in self._claims

    async def fence(self, key: str, epoch: int, source: str) -> Message | None:
        """Another node owns the station under this epoch, for a connection from the address `source`: an older one here
        must not begin, or ends, and writes nothing any more when this returns. The `epoch` of a session that ended, and
        what it had not written: `[scope, key, value]` each."""
        claim = self._claims.get(key)
        session: Incumbent | None = self.sessions.get(key) or self.couriers.get(key)
        if claim is not None:
            claim.fence(epoch)
        if session is None:
            return self.ownership.hand_over(key, epoch)
        if session.ledger.epoch >= epoch:
            return None
        self.flapped(key, session.about.source, source)
        unwritten = await session.replace("other_node")
        left = [[scope, name, value] for (scope, name), value in unwritten.items()]
        return {"epoch": session.ledger.epoch, "unwritten": left}

    async def is_live(self, key: str) -> bool:
        """Whether a station is connected, to this node or to another one that lives."""
        if key in self.sessions:
            return True
        try:
            owner = await self.store.owner(key)
            if owner is None or owner.node == self.id:
                return False
            return any(owner.node == node["id"] for node in await self.cluster.nodes())
        except (StoreError, NodeUnreachable):
            return False

    def flapped(self, key: str, before: str | None, by: str) -> None:
        """A connection from the address `by` took a station over from one at `before` (None: on another node). A courier
        has no address, and makes no war."""
        if "" not in (before, by) and self.damping.taken(key, before, by, asyncio.get_running_loop().time()):
            self.metrics.takeover_wars.inc()
            self._logger.error("takeover_war", station=key, remote=by, held_seconds=HOLD_SECONDS)
