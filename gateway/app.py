"""The only place where objects are put together: a process from its first socket to its last."""

import asyncio
import os
import signal
import ssl
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog

from gateway import lag, notify
from gateway.admin.api import Controls
from gateway.admin.server import AdminServer
from gateway.cluster import make_cluster
from gateway.collector import calm_collector, watch_pauses
from gateway.commands import Commands
from gateway.config import BackendTls, Config, ConfigError, ListenerTls, load, needs_restart
from gateway.contexts import LiveContext, follow, tell_expiries
from gateway.delivering import Deliverer
from gateway.draining import drain
from gateway.errors import StartError
from gateway.lines import Lines
from gateway.listener import ListenerServer
from gateway.metrics import Metrics
from gateway.migrating import Migrator
from gateway.node import Node
from gateway.opening import open_all
from gateway.reach import Reach
from gateway.runtime import Allocator, raise_descriptors, tidy, too_few_descriptors
from gateway.signals import let_go
from gateway.stations import Stations
from gateway.store import StoreError, make_store
from gateway.upstream import Upstream
from gateway.workers.worker import Worker

_LAST_SETTLE_SECONDS, _SETTLE_PAUSE = 10.0, 0.2
_LAST_SECONDS, _NO_SECONDS = 1.0, 0.05
"""For handshakes at work when the drain is over, and after the second signal."""
_HASTE_SECONDS = 3.0
"""For all that is still to be closed, after the second signal."""


def _nothing() -> None:
    return


class App:
    """One gateway process."""

    def __init__(
        self,
        config: Config,
        stations: Stations,
        loop_name: str,
        worker: Worker | None = None,
        lines: Lines | None = None,
    ) -> None:
        """`worker`: the part of this process in a tree of several. `lines`: where its log goes."""
        self._worker = worker
        self.config = self._started = config
        self.metrics = Metrics()
        self.metrics.started(loop_name)
        self._last_words = lines.stop if lines is not None else _nothing
        if lines is not None:
            lines.dropped = self.metrics.log_lines_dropped.inc
        self.node = Node(config, stations, make_store(config), self.metrics)
        self.node.cluster = make_cluster(config, self.node.id)
        self.node.contexts = self._contexts
        self.commands = Commands(self.node, worker.number if worker is not None else None)
        self.migrator = Migrator(self.node, Reach(self.node))
        self.deliverer = Deliverer(self.node)
        self.admin = AdminServer(self.node, Controls(self._drain_all, self._reload_and_tell))
        self.listeners: list[ListenerServer] = []
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("app")
        self._retired: list[Upstream] = []
        self._reloading: asyncio.Task[list[str]] | None = None
        self._beside: list[asyncio.Task[None]] = []
        """What goes on until the end."""
        self._allocator = Allocator()
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT and the drain that follows. Raises StartError."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._terminate)
        # At a terminal every process gets the interrupt, and the supervisor passes it on.
        loop.add_signal_handler(signal.SIGINT, self._terminate if self._worker is None else lambda: None)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        try:
            await self._open()
            await self._stop.wait()
            await self._drain()
        finally:
            await self._close_in_time()
            let_go(self._last_words)

    async def _open(self) -> None:
        config = self.config
        self._allocator.settle()
        few = too_few_descriptors(raise_descriptors(), config.limits.max_connections)
        if few is not None:
            self._logger.warning("descriptors_few", why=few)
        try:
            await self.node.store.open()
        except StoreError as error:
            raise StartError(f"store: {error}") from None
        self.node.upstreams = await self._opened_backends(config)
        if self._worker is not None:
            self._begin(self._stop_when_orphaned(self._worker), "orphaned")
        await open_all(self.admin, self.node, self.listeners, self._worker)
        self.commands.addresses += [server.address for server in self.listeners]
        await self.node.cluster.open(self.commands)
        self.migrator.open()
        self.deliverer.open()
        self._begin(follow(self._contexts, self.metrics), "contexts")
        self._begin(self.node.ownership.watch(), "ownership")
        self._begin(lag.watch(self.metrics.loop_lag.labels()), "lag")
        self._begin(tidy(self._allocator, lambda: self.node.places.left), "tidy")
        calm_collector()
        watch_pauses(self.metrics)
        self.admin.listeners_up = True
        if self._worker is not None:
            self._worker.ready_path.touch()
        notify.tell(notify.READY, os.environ)
        self._logger.info("gateway_ready", pid=os.getpid())

    def _begin(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._beside.append(asyncio.get_running_loop().create_task(work, name=name))

    async def _opened_backends(self, config: Config) -> dict[str, Upstream]:
        """Ready to dial, by name. Raises StartError."""
        made: dict[str, Upstream] = {}
        for name, backend in config.backends.items():
            made[name] = Upstream(backend, config.limits, self.metrics)
            try:
                await made[name].open()
            except (OSError, ssl.SSLError, ValueError) as error:
                raise StartError(f"backend {name}: {error}") from None
        return made

    async def _drain(self) -> None:
        """Not ready, 503 for who comes, and the stations go one after another (1012) within the time given."""
        node = self.node
        node.draining = True
        self.metrics.draining.set(1)
        notify.tell(notify.STOPPING, os.environ)
        await drain(node, self._hurry)

    async def _close_in_time(self) -> None:
        """As long as it takes, or until somebody is in a hurry."""
        closing, hurry = asyncio.ensure_future(self._close()), asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait((closing, hurry), return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not closing.done():
            await asyncio.wait((closing,), timeout=_HASTE_SECONDS)
        if not closing.done():
            self._logger.warning("closed_in_haste", parked=self.node.ownership.parked)
            closing.cancel()
            await asyncio.wait((closing,), timeout=1.0)
        if closing.done() and not closing.cancelled():
            closing.result()

    async def _close(self) -> None:
        for task in self._beside:
            task.cancel()
        await self.deliverer.close()
        for listener in self.listeners:
            await listener.close(_NO_SECONDS if self._hurry.is_set() else _LAST_SECONDS)
        await self.admin.close()
        await self.commands.passing.close()
        self.node.logins.close()
        await self.node.overrides.close()
        await self.migrator.close()
        await self.node.cluster.close()
        await self._settle_parked()
        await self.node.store.close()
        if self.node.tracing is not None:
            await self.node.tracing.close()

    async def _settle_parked(self) -> None:
        """What sessions could not write is tried for a last time, and again while there is time: nobody else knows it."""
        ownership = self.node.ownership
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_SETTLE_SECONDS):
                while ownership.parked:
                    await ownership.settle()
                    await asyncio.sleep(_SETTLE_PAUSE if ownership.parked else 0)
        if ownership.parked:
            self._logger.error("parked_lost", stations=ownership.parked)

    # -- signals ----------------------------------------------------------------------------------------------------

    def _terminate(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def _drain_all(self) -> None:
        """As the signal: of the supervisor, where there is one, for it would start this process again."""
        if not self._stop.is_set():  # the second signal means: at once
            os.kill(os.getpid() if self._worker is None else os.getppid(), signal.SIGTERM)

    async def _stop_when_orphaned(self, worker: Worker) -> None:
        await worker.orphaned()
        self._logger.error("supervisor_gone")
        self._terminate()

    def _reload(self) -> None:
        """SIGHUP: the file again, the stations file, and every certificate. A mistake changes nothing."""
        self._reloading = asyncio.get_running_loop().create_task(self._reload_now(self._reloading))
        self._reloading.add_done_callback(self._reload_ended)

    async def _reload_and_tell(self) -> list[str]:
        self._reload()
        assert self._reloading is not None
        reloading = self._reloading
        await asyncio.wait([reloading])
        return reloading.result()

    def _reload_ended(self, task: "asyncio.Task[list[str]]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._logger.error("reload_refused", why=f"failed half-way: {error!r}", exc_info=error)

    async def _reload_now(self, before: "asyncio.Task[list[str]] | None") -> list[str]:
        """Everything that can go wrong is tried before anything is changed. One after another: what was read first must
        not come into force last. What is wrong, if anything is."""
        if before is not None:
            await asyncio.wait([before])
        try:
            config = load(self.config.path, os.environ)
            certificates = [(live, live.prepare(tls)) for live, tls in self._certificates_of(config)]
            roster = self.node.roster
            another = config.stations_file != roster.stations.path
            stations = await roster.read(config.stations_file) if another else None
            upstreams = await self._opened_backends(config)
        except ConfigError as error:
            for line in error.mistakes:
                self._logger.error("reload_refused", why=line)
            return list(error.mistakes)
        except (OSError, ssl.SSLError, ValueError, StartError) as error:
            self._logger.error("reload_refused", why=str(error))
            return [str(error)]
        for live, made in certificates:
            live.use(made)
        if stations is not None:
            roster.use(stations)
        else:
            await roster.reload()
        # Live connections stay with the one that dialled them; only new dials go through the new ones.
        self._retired += self.node.upstreams.values()
        self.node.upstreams = upstreams
        changed = needs_restart(self._started, config)
        if changed:
            self._logger.warning("reload_needs_restart", why=f"read at the start only: {', '.join(changed)}")
        self.config = self.node.config = config
        tell_expiries(self._contexts(), self.metrics)
        self._logger.info("reloaded")
        return []

    def _certificates_of(self, config: Config) -> list[tuple[LiveContext[ListenerTls], ListenerTls]]:
        """The live contexts with the files that the new configuration names for their address."""
        named = {str(listener.bind): listener.tls for listener in config.listeners}
        found = [(server.context, named.get(str(server.listener.bind))) for server in self.listeners]
        return [(context, tls) for context, tls in found if context is not None and tls is not None]

    def _contexts(self) -> list[LiveContext[ListenerTls] | LiveContext[BackendTls]]:
        """Every TLS context that handshakes are done with."""
        upstreams = [*self.node.upstreams.values(), *self._retired]
        served = [server.context for server in self.listeners]
        dialled = [upstream.context for upstream in upstreams]
        return [context for context in (*served, *dialled) if context is not None]
