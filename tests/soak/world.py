"""Everything a scenario plays with: gateway nodes, a store, a backend, fleets, faults, and what became of it all."""

import asyncio
import itertools
import random
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gateway.certificates import init_ca, issue_server
from gateway.passwords import hash_password
from tests.soak.checker import Limits
from tests.soak.dialects import V16, V201
from tests.soak.fleet import Fleet
from tests.soak.fproxy import Proxy
from tests.soak.history import Event, History, merged
from tests.soak.parts import BackendProcess, Node
from tests.soak.policy import CANARY, Policy
from tests.soak.redis import Redis, Sentinels
from tests.support import configuration

MODES = {"16": (V16, V16), "16-201": (V16, V201), "201-16": (V201, V16)}
"""The version of the stations and of the backend."""

NEWCOMERS = [f"N-{number:04d}" for number in range(1, 201)]
"""Stations that the gateway knows of and no fleet has."""

_CONNECT_SECONDS = 60.0
_SERVER_FILES = {"certificate": "crt", "key": "key"}
_RSS_MIB, _FDS, _SERIES = 64.0, 16.0, 200.0
"""How much more than before is still the same: Python gives memory back late, a series comes with its first event."""
_KEPT_MIB = 4 / 1024
"""What a translated transaction may take besides: it is kept for a day after its end, for messages that come again."""


@dataclass(frozen=True)
class Setup:
    """What a scenario needs around it. The dictionaries change the gateway's configuration."""

    nodes: int = 1
    store: str = "sqlite"
    """sqlite, memory, redis behind a fault proxy for each node, or sentinel: two Redis and three Sentinels."""
    proxied: bool = False
    """A fault proxy between gateway and backend."""
    policy: dict[str, Any] = field(default_factory=dict)
    fleets: tuple[dict[str, Any], ...] = ({},)
    """One fleet for each, with this over `policy`."""
    backend: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    password: str = ""
    """Stations log in with it."""
    tls: bool = False
    """Stations come by wss and check the gateway's certificate."""
    files: dict[str, str] = field(default_factory=dict)
    """In the world's folder before a gateway starts."""
    environment: dict[str, str] = field(default_factory=dict)
    """Of the gateways' processes; `{folder}` stands for the world's."""
    check: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Size:
    stations: int
    """All fleets together."""
    rounds: int
    """Of whatever the scenario repeats."""
    seconds: float = 1.0
    """Of whatever the scenario lets last."""


@dataclass(frozen=True)
class Scenario:
    name: str
    proves: str
    about: str
    run: Callable[["World"], Awaitable[None]]
    short: Size
    full: Size
    setup: Setup = field(default_factory=Setup)
    short_setup: Setup | None = None
    """For the short form, with shorter times of the gateway; as `setup` when None."""
    modes: tuple[str, ...] = tuple(MODES)
    short_modes: tuple[str, ...] = tuple(MODES)


class World:
    def __init__(self, setup: Setup, mode: str, size: Size, seed: int, folder: Path) -> None:
        self.setup, self.mode, self.size, self.folder = setup, mode, size, folder
        self.station_version, self.backend_version = MODES[mode]
        self.random = random.Random(f"{seed}/{mode}")
        self.seed = seed
        self.history, self.fleet_history = History("test"), History("fleet")
        self.backend = BackendProcess(self.history, folder, self.backend_version)
        self.nodes: list[Node] = []
        self.fleets: list[Fleet] = []
        self.redis: Redis | None = None
        self.between: Proxy | None = None
        self.sentinels: Sentinels | None = None
        self.before_store: list[Proxy] = []
        """One for each node: a node can be cut off from a store that the others reach."""
        self.tls: ssl.SSLContext | None = None
        """What stations check a gateway by."""
        self.figures: dict[str, float] = {}
        self._gauges: dict[str, float] = {}
        self._strangers = itertools.count(1)

    # -- the parts --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def running(self) -> AsyncIterator["World"]:
        """All parts started and every station connected."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            await self._start()
            yield self
        finally:
            for fleet in self.fleets:
                await fleet.close()
            await asyncio.gather(*(node.stop() for node in self.nodes))
            await self.backend.stop()
            if self.redis is not None:
                await self.redis.stop()
            if self.sentinels is not None:
                await self.sentinels.stop()
            for proxy in (self.between, *self.before_store):
                if proxy is not None:
                    await proxy.stop()

    async def _start(self) -> None:
        setup = self.setup
        await self.backend.start()
        if setup.tls:
            init_ca(self.folder / "certs")
            issue_server(self.folder / "certs", ["127.0.0.1"])
            self.tls = ssl.create_default_context(cafile=self.folder / "certs/ca.crt")
        if setup.proxied:
            self.between = await Proxy.start(self.backend.port)
        if setup.store == "redis":
            self.redis = Redis(
                self.history, self.folder / "redis", "--save", "", "--appendonly", "yes", "--appendfsync", "always"
            )
            await self.redis.start()
            self.before_store = [await Proxy.start(self.redis.port) for _ in range(setup.nodes)]
        elif setup.store == "sentinel":
            self.sentinels = Sentinels(self.history, self.folder)
            await self.sentinels.start()
        for name in setup.files:
            (self.folder / name).write_text(setup.files[name])
        for number in range(setup.nodes):
            folder = self.folder / f"node{number}"
            environment = {name: value.format(folder=self.folder) for name, value in setup.environment.items()}
            self.nodes.append(Node(self.history, folder, self._configuration(number, folder), environment))
        await asyncio.gather(*(node.start() for node in self.nodes))
        each = self.size.stations // len(setup.fleets)
        for number, more in enumerate(setup.fleets):
            prefix = chr(ord("A") + number)
            self.fleets.append(self.fleet(prefix, each, **more))
        for fleet in self.fleets:
            await fleet.start()
        await self._until(lambda: all(station.came for station in self.stations), _CONNECT_SECONDS)
        await asyncio.sleep(0.3)
        await self._gauge("before")

    def fleet(self, prefix: str, stations: int, **policy: Any) -> Fleet:
        """A fleet on all nodes that writes into the fleets' history; not started."""
        urls = [node.url for node in self.nodes]
        # Not more than a machine that runs everything can carry: some 200 messages a second, whatever the size.
        pace = max(0.2, self.size.stations / 200)
        given = {"password": self.setup.password, "pace": pace, **self.setup.policy, **policy}
        chosen = Policy(self.station_version, **given)
        return Fleet(urls, chosen, self.fleet_history, stations=stations, seed=self.seed, prefix=prefix, tls=self.tls)

    def _configuration(self, number: int, folder: Path) -> dict[str, Any]:
        setup = self.setup
        port = self.between.port if self.between is not None else self.backend.port
        url = f"ws://127.0.0.1:{port}/ocpp"
        backend: Any = SimpleNamespace(url=url, subprotocols=(self.backend_version,))
        config = configuration(("only", backend), **setup.config)
        config["store"] = self._store(number, folder)
        config["backends"]["only"] |= setup.backend
        config["limits"] = {"connects_per_second": 1000, "frames_per_second": 500, **setup.limits}
        if setup.tls:
            files = {name: str(self.folder / f"certs/server.{end}") for name, end in _SERVER_FILES.items()}
            config["listeners"][0]["tls"] = files
        if setup.password:
            config |= self._stations_file(setup.password)
            config["listeners"][0]["auth"] = "basic"
        return config

    def _store(self, number: int, folder: Path) -> str:
        if self.sentinels is not None:
            return self.sentinels.url
        if self.before_store:
            return f"redis://127.0.0.1:{self.before_store[number].port}/0"
        return "memory:" if self.setup.store == "memory" else f"sqlite:{folder / 'state.db'}"

    def _stations_file(self, password: str) -> dict[str, Any]:
        path, one = self.folder / "stations.yaml", hash_password(password.encode())
        names = [f"A-{number:04d}" for number in range(1, self.size.stations + 1)] + NEWCOMERS
        path.write_text("".join(f"{name}: {{password_hash: '{one}'}}\n" for name in names))
        return {"stations_file": str(path)}

    # -- what scenarios do ------------------------------------------------------------------------------------------

    @property
    def stations(self) -> list[Any]:
        return [station for fleet in self.fleets for station in fleet.stations]

    @property
    def connected(self) -> int:
        return sum(fleet.connected for fleet in self.fleets)

    async def all_connected(self, seconds: float = _CONNECT_SECONDS) -> float:
        """Wait until every station is; seconds it took. Raises AssertionError when it takes too long."""
        began = time.monotonic()
        await self._until(lambda: self.connected == len(self.stations), seconds)
        return time.monotonic() - began

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not condition():
                    await asyncio.sleep(0.02)
        assert condition(), f"{self.connected} of {len(self.stations)} stations connected"

    def fault(self, what: str) -> Event:
        return self.history.note("fault", what=what)

    def healed(self) -> Event:
        return self.history.note("healed")

    def expect(self, condition: bool, what: str, *evidence: Event) -> None:
        """What only this scenario promises."""
        if not condition:
            self.history.note("unmet", what=what, evidence=[event.line() for event in evidence[:5]])

    def figure(self, name: str, value: float) -> None:
        """Keeps the largest."""
        self.figures[name] = max(value, self.figures.get(name, value))

    def since(self, mark: Event, *kinds: str) -> list[Event]:
        """What the fleets saw after a mark."""
        return [event for event in self.fleet_history.events if event.t >= mark.t and event.kind in kinds]

    def stranger(self) -> str:
        """An identity no fleet has."""
        return f"X-{next(self._strangers):04d}"

    # -- how it ended -----------------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """The fault is over: everybody finishes, and what was before is again."""
        healed = self.healed()
        limit = self.setup.check.recover_seconds * 2
        whole = await asyncio.gather(*(fleet.settle(limit) for fleet in self.fleets))
        if all(whole):
            settled = self.history.note("settled")
            self.figure("recover", settled.t - healed.t)
        for fleet in self.fleets:
            for zombie in fleet.zombies:
                await zombie.close()
        await self._gauge("after")
        self._read_logs()

    async def _gauge(self, when: str) -> None:
        starts = {event.tx for event in self.fleet_history.events if event.kind == "queued"}
        kept = 0.0 if self.mode == "16" else _KEPT_MIB * len(starts)
        for number, node in enumerate(self.nodes):
            usage = {**node.usage(), "series": await node.series()}
            for (name, value), more in zip(usage.items(), (_RSS_MIB + kept, _FDS, _SERIES), strict=True):
                full = f"{name}/{number}"
                before = self._gauges.setdefault(full, value)
                limit = max(1.1 * before, before + more) if when == "after" else value
                self.history.note("gauge", when=when, name=full, value=value, limit=limit)
                if when == "after":
                    self.figure(name, value)

    def _read_logs(self) -> None:
        for node in self.nodes:
            for line in node.log:
                if CANARY in line:
                    self.history.note("leak", where="log", text=line)
                if "Traceback" in line or '"session_failed"' in line:
                    self.history.note("leak", where="log", text="a defect: " + line)

    def events(self) -> list[Event]:
        return merged(self.history.events, self.fleet_history.events, self.backend.events())
