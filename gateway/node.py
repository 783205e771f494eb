"""What all listeners of a process share: configuration, stations, backends, live sessions."""

import secrets
import socket

from gateway.attempts import Attempts
from gateway.bridge import Bridge
from gateway.config import Config
from gateway.logins import Logins
from gateway.metrics import Metrics
from gateway.ownership import Ownership
from gateway.places import Crowd, Places
from gateway.ratelimit import Bucket
from gateway.stations import Roster, Stations
from gateway.store import Store
from gateway.upstream import Upstream


class Claim:
    """A connection's claim to be the one of its station. The newest holds; a claim that does not must not begin."""

    def __init__(self, claims: "dict[str, Claim]", key: str) -> None:
        self._claims = claims
        self._key = key
        claims[key] = self

    @property
    def holds(self) -> bool:
        return self._claims.get(self._key) is self

    def release(self) -> None:
        if self.holds:
            del self._claims[self._key]


class Node:
    """One process. `sessions` and claims are kept by canonical identity."""

    def __init__(self, config: Config, stations: Stations, store: Store, metrics: Metrics) -> None:
        self.config = config
        self.roster = Roster(stations, metrics)
        self.logins = Logins()
        self.store = store
        self.id = f"{socket.gethostname()}-{secrets.token_hex(3)}"
        self.ownership = Ownership(store, self.id, metrics)
        self.metrics = metrics
        self.upstreams: dict[str, Upstream] = {}
        self.sessions: dict[str, Bridge] = {}
        self.draining = False
        self.connects = Bucket(config.limits.connects_per_second, config.limits.connects_per_second, 0.0)
        # A quarter of a second's worth at once: handshakes are work, and nobody's ping waits for more of it.
        accepts = config.limits.accepts_per_second
        self.accepts = Bucket(accepts, max(1.0, accepts / 4), 0.0)
        self.crowd = Crowd()
        self.places = Places()
        self.attempts = Attempts()
        self._claims: dict[str, Claim] = {}

    def claim(self, key: str) -> Claim:
        """A new claim, which the older one loses to at once."""
        return Claim(self._claims, key)
