"""What every row finds ready: cores, certificates, the mock CSMS, proxies and loads to start, and where figures go."""

import itertools
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tests.bench.certificates import Certificates
from tests.bench.figures import Figures
from tests.bench.machine import find
from tests.bench.peer import Answer, Peer, RowError
from tests.bench.processes import Running, Site
from tests.bench.proxies import Proxy
from tests.bench.scale import Scale
from tests.support import free_port

_SECONDS = 20.0


class Csms:
    """The mock CSMS: one process, or several that share a port."""

    def __init__(self, peers: list[Peer], port: int) -> None:
        self._peers = peers
        self.url = f"ws://127.0.0.1:{port}"

    def tally(self) -> Answer:
        """What came since the last time, see `tests.bench.csms.Tally.report`."""
        calls: Counter[str] = Counter()
        samples: list[list[str]] = []
        for peer in self._peers:
            report = peer.ask("report")
            calls.update(report["calls"])
            samples += report["samples"]
        return {"calls": dict(calls), "samples": samples}


@dataclass
class Lab:
    """One run. `failures`: why, by the name that the figures would have had. `distributions`: percentiles in
    microseconds, by name, a list with one for each round."""

    scale: Scale
    cores: tuple[int | None, int | None]
    certificates: Certificates
    scratch: Path
    only: frozenset[str]
    """Proxies to be measured; empty for all."""
    tell: Callable[[str], None]
    figures: Figures = field(default_factory=Figures)
    failures: dict[str, str] = field(default_factory=dict)
    distributions: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def wanted(self, *proxies: Proxy) -> list[Proxy]:
        """Those of them that are to be measured."""
        return [proxy for proxy in proxies if not self.only or proxy.name in self.only]

    def fail(self, name: str, error: RowError) -> None:
        """A figure, or all whose names begin so, that could not be measured."""
        self.failures.setdefault(name, str(error))
        self.tell(f"{name}: FAILED: {error}")

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """What goes wrong inside is the failure of `name`, and of nothing else."""
        try:
            yield
        except RowError as error:
            self.fail(name, error)

    def directory(self, name: str) -> Path:
        """An empty one."""
        path = self.scratch / f"{name.replace(' ', '-')}-{next(self._numbers)}"
        path.mkdir()
        return path

    @contextmanager
    def csms(self, count: int = 1, *, pinned: bool = True) -> Iterator[Csms]:
        """The mock CSMS, on the load's core."""
        core = self.cores[0] if pinned else None
        with ExitStack() as stack:
            first = stack.enter_context(Peer("csms", core))
            port = first.heard()["port"]
            peers = [first, *(stack.enter_context(Peer("csms", core, "--port", str(port))) for _ in range(1, count))]
            for peer in peers[1:]:
                peer.heard()
            yield Csms(peers, port)

    @contextmanager
    def proxy(
        self, proxy: Proxy, csms: Csms, *, workers: int = 1, store: str = "memory:", pinned: bool = True
    ) -> Iterator[Running]:
        """It, ready. Raises RowError."""
        core = self.cores[1] if pinned else None
        site = Site(self.directory(proxy.name), csms.url, self.certificates, core, workers, store)
        with proxy.running(site) as running:
            yield running

    @contextmanager
    def load(self, url: str, script: str, *, sources: int = 0, pinned: bool = True) -> Iterator[Peer]:
        """A load generator for this address."""
        with Peer("load", self.cores[0] if pinned else None) as load:
            load.ask("at", url=url, script=script, name=f"BENCH-{next(self._numbers)}", sources=sources)
            yield load

    @contextmanager
    def redis(self) -> Iterator[Redis]:
        """A Redis server that keeps nothing on disk, on the load's core's side of the machine."""
        program = find("redis-server")
        if program is None:
            raise RowError("redis-server is missing")
        port = free_port()
        options = [
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
            "--loglevel",
            "warning",
        ]
        process = subprocess.Popen(
            [program, *options, "--dir", str(self.directory("redis"))], stdout=subprocess.DEVNULL
        )
        client = Redis(port=port, socket_timeout=10)
        try:
            end = time.monotonic() + _SECONDS
            while True:
                with suppress(RedisError):
                    if client.ping():
                        break
                if process.poll() is not None or time.monotonic() > end:
                    raise RowError("redis-server does not answer")
                time.sleep(0.02)
            yield client
        finally:
            client.close()
            process.kill()
            process.wait()


def redis_url(client: Redis) -> str:
    """The store's name in a gateway's configuration."""
    return f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}/0"


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raises RowError in what runs longer, wherever it waits, and again after each further quarter of the time: a row may
    go on with the next proxy, which may hang as well. In the main thread only."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise RowError(f"not done after {seconds:.0f} s")

    before: Any = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds / 4)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
