"""The load: stations that send meter values, one CALL in flight each, and a stop watch.

`python -m tests.bench.load [--core N]` does what it is told on stdin, see `Load`.
"""

import argparse
import asyncio
import gc
import random
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

import uvloop

from tests.bench.figures import percentiles
from tests.bench.machine import cpu_seconds, pin, raise_file_limit
from tests.bench.messages import SCRIPTS
from tests.bench.peer import Answer, obey
from tests.bench.resuming import Context
from tests.bench.station import Station, Watch

_TRY_SECONDS = 30.0
_GRACE = 0.5  # seconds for what is on its way when a window closes
_LONGEST_PAUSE = 0.5
_PLENTY = 5  # calls for each station in a window: then none of them may have had no answer at all


class Load:
    """Stations on one address, and what they are told to do. Every method whose name does not begin with `_` is a word
    that the conductor may say, with its arguments."""

    def __init__(self) -> None:
        self._watch = Watch()
        self._stations: list[Station] = []
        self._pacing: asyncio.Task[None] | None = None
        self._url: SplitResult
        self._name = ""
        self._script = SCRIPTS["meter-1.6"]
        self._context: Context | None = None
        self._sources = 0
        self._tls: str | None = None
        self._window = 0.0
        self._before: list[int] = []
        self._pids: list[int] = []
        self._cpu = 0.0
        self._losses: list[float] = []
        self._returns: list[float] = []
        self._returning: set[asyncio.Task[None]] = set()
        self._retries = 0

    async def do(self, command: Answer) -> Answer:
        """One word."""
        answer: Answer | None = await getattr(self, command.pop("do"))(**command)
        return answer or {}

    async def at(self, url: str, script: str, name: str, sources: int = 0) -> None:
        """Where the stations connect from now on, what they say, and how their names begin: what one that was here before
        sends again would be recognised. `sources`: so many addresses of this machine to connect from, for more connections
        than one has ports."""
        self._name = name
        self._url, self._script, self._sources = urlsplit(url), SCRIPTS[script], sources
        self._context = Context() if self._url.scheme == "wss" else None

    async def open(self, count: int, first: int = 0, at_once: int = 32, patient: bool = False) -> Answer:
        """`count` more stations, numbers `first` and up, at most so many handshakes at a time: `seconds` until all were
        open. `patient`: who fails tries again until it is open, counted in `retries`; otherwise it is an error."""
        began, self._retries = time.perf_counter(), 0
        gate = asyncio.Semaphore(at_once)

        async def one(number: int) -> Station:
            async with gate:
                return await self._connected(number, patient)

        tasks = [asyncio.ensure_future(one(first + number)) for number in range(count)]
        try:
            self._stations += await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        seconds = time.perf_counter() - began
        for place, station in enumerate(self._stations):
            station.place = place
        # The objects made so far stay, and the few that come make no cycles: no pause of ours in anybody's p99.
        gc.collect()
        gc.freeze()
        gc.disable()
        return {"seconds": seconds, "retries": self._retries, "open": len(self._stations)}

    async def _connected(self, number: int, patient: bool) -> Station:
        while True:
            try:
                async with asyncio.timeout(_TRY_SECONDS):
                    return await self._connect(number)
            except (OSError, TimeoutError):
                if not patient:
                    raise
                self._retries += 1
                await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))

    async def _connect(self, number: int) -> Station:
        host, port = self._url.hostname or "", self._url.port or 0
        path = f"{self._url.path}/{self._name}-{number:06}"
        transport, station = await asyncio.get_running_loop().create_connection(
            lambda: Station(self._watch, self._script, path, f"{host}:{port}"),
            host,
            port,
            ssl=self._context,
            local_addr=(f"127.0.0.{2 + number % self._sources}", 0) if self._sources else None,
        )
        try:
            await station.opened
        except BaseException:
            transport.abort()
            raise
        session: Any = station.session()
        if session is not None and not self._tls:
            self._tls = f"{session.version()} {session.cipher()[0]}"
        return station

    async def start(self, rate: float | None = None) -> None:
        """Without a `rate` each station sends as fast as it is answered; with one all together send so many a second."""
        self._watch.greedy = rate is None
        if rate is None:
            for station in self._stations:
                station.send()
        else:
            self._pacing = asyncio.create_task(self._pace(rate))

    async def _pace(self, rate: float) -> None:
        """A call every 1/rate seconds, the stations in turn; one that still waits for its answer is passed over."""
        start, sent = time.perf_counter(), 0
        while True:
            await asyncio.sleep(start + sent / rate - time.perf_counter())
            while sent < (time.perf_counter() - start) * rate:
                for _ in range(len(self._stations)):
                    station = self._stations[sent % len(self._stations)]
                    sent += 1
                    if not station.waiting:
                        station.send()
                        break
                else:
                    break

    async def progress(self) -> Answer:
        """Answers for each station, since it is open."""
        return {"answers": sum(station.answers for station in self._stations) / max(1, len(self._stations))}

    async def record(self, pids: list[int] | None = None) -> None:
        """Open the window. `pids`: the proxy's processes, whose processor time is read here, at the very moment."""
        self._pids = pids or []
        self._before = [station.answers for station in self._stations]
        self._watch.latencies.clear()
        self._cpu = cpu_seconds(self._pids)
        self._window = time.perf_counter()
        self._watch.recording = True

    async def report(self) -> Answer:
        """Close the window: round trips in it, its seconds, the proxy's seconds of processor time, percentiles in
        microseconds, errors by kind. Raises OSError: the proxy has died."""
        self._watch.recording = False
        seconds, cpu = time.perf_counter() - self._window, cpu_seconds(self._pids) - self._cpu
        silent = sum(station.answers == n for station, n in zip(self._stations, self._before, strict=True))
        if silent and self._watch.greedy and len(self._watch.latencies) > _PLENTY * len(self._stations):
            self._watch.fail("station without an answer in the whole window", silent)
        return {
            "round_trips": len(self._watch.latencies),
            "seconds": seconds,
            "cpu": cpu,
            "us": percentiles([latency * 1e6 for latency in self._watch.latencies]),
            "tls": self._tls,
            "errors": self._watch.errors,
        }

    async def stop(self) -> Answer:
        """No more calls; the answers that there ever were, once what was on its way is in."""
        if self._pacing:
            self._pacing.cancel()
        self._watch.greedy = False
        async with asyncio.timeout(_GRACE * 10):
            while any(station.waiting for station in self._stations):
                await asyncio.sleep(_GRACE / 10)
        return {"round_trips_ever": sum(station.answers for station in self._stations)}

    async def cut(self) -> None:
        """Every connection, without a word."""
        self._watch.over = True
        for station in self._stations:
            station.close()
        await asyncio.gather(*(station.gone for station in self._stations))
        self._stations.clear()
        self._watch.over = False

    async def connects(self, seconds: float, at_once: int = 32, resume: bool = False) -> Answer:
        """Connect, upgrade, close, and again; how many that were in how many seconds, and how many of them with the TLS
        session of an earlier one."""
        assert self._context is not None
        self._context.resumes = resume
        self._watch.over = True
        began, numbers, done, resumed = time.perf_counter(), iter(range(1_000_000)), 0, 0

        async def again() -> None:
            nonlocal done, resumed
            while time.perf_counter() - began < seconds:
                station = await self._connect(next(numbers))
                session: Any = station.session()
                resumed += bool(session.session_reused)
                assert self._context is not None
                self._context.keep(session)
                station.close()
                done += 1

        async with asyncio.timeout(seconds + _TRY_SECONDS):
            await asyncio.gather(*(again() for _ in range(at_once)))
        return {"connects": done, "resumed": resumed, "seconds": time.perf_counter() - began}

    async def follow(self) -> None:
        """From now on a station whose connection is lost comes back, after a moment, and is noted."""
        self._watch.lost = self._come_back
        gc.enable()

    def _come_back(self, station: Station) -> None:
        self._losses.append(time.perf_counter())
        task = asyncio.ensure_future(self._back(station))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    async def _back(self, station: Station) -> None:
        await asyncio.sleep(random.uniform(0, _LONGEST_PAUSE))
        number = int(station.path.rpartition("-")[2])
        returned = self._stations[station.place] = await self._connected(number, patient=True)
        returned.place = station.place
        self._returns.append(time.perf_counter())

    async def followed(self) -> Answer:
        """Who was `lost` since, who is `back`, and the seconds between the first loss and the last return."""
        lost, back = self._losses, self._returns
        return {"lost": len(lost), "back": len(back), "seconds": max(back) - min(lost) if back and lost else None}


def main() -> None:
    """`python -m tests.bench.load`."""
    parser = argparse.ArgumentParser(prog="tests.bench.load", description=__doc__)
    parser.add_argument("--core", type=int)
    pin(parser.parse_args().core)
    raise_file_limit()
    uvloop.run(obey(Load().do))


if __name__ == "__main__":
    main()
