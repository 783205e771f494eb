"""The load: stations that send meter values, one CALL in flight each, and a stop watch.

`python -m tests.bench.load --help`; prints one line of JSON, see `Load.report`.
"""

import argparse
import asyncio
import gc
import json
import ssl
import sys
import time
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import uvloop

from tests.bench.machine import cpu_seconds, family, pin, raise_file_limit, resident_kib
from tests.bench.station import Station, Watch

_TIMEOUT = 30.0  # seconds until all stations must be open
_GRACE = 0.5  # seconds for what is on its way when the window closes


class Load:
    """`connections` stations on `url`. Without a `rate` each sends as fast as it is answered; with one, all of them
    together send so many calls a second. `pid` is the proxy whose CPU time and memory are read."""

    def __init__(self, url: str, ca: str | None, connections: int, rate: float | None, pid: int | None) -> None:
        self._url, self._ca, self._connections, self._rate, self._pid = urlsplit(url), ca, connections, rate, pid
        self._watch = Watch(greedy=rate is None)
        self._stations: list[Station] = []
        self._tls: str | None = None

    async def run(self, warmup: float, seconds: float) -> dict[str, Any]:
        """Open, warm up, measure for `seconds`, close; the report. Raises ConnectionError, TimeoutError or OSError if
        the stations do not all get open."""
        await self._open()
        # The objects made so far stay, and the few that come make no cycles: no pause of ours in anybody's p99.
        gc.collect()
        gc.freeze()
        gc.disable()
        pacing = None
        if self._watch.greedy:
            for station in self._stations:
                station.meter()
        else:
            pacing = asyncio.create_task(self._pace())
        await asyncio.sleep(warmup)
        pids = family(self._pid) if self._pid else []
        before = [station.answers for station in self._stations]
        cpu, wall = cpu_seconds(pids), time.perf_counter()
        self._watch.recording = True
        await asyncio.sleep(seconds)
        self._watch.recording = False
        cpu, wall = cpu_seconds(pids) - cpu, time.perf_counter() - wall
        silent = sum(station.answers == n for station, n in zip(self._stations, before, strict=True))
        memory = resident_kib(pids)
        if pacing:
            pacing.cancel()
        self._watch.greedy = False
        await asyncio.sleep(_GRACE)
        if silent and (self._rate is None or self._rate * seconds > 2 * self._connections):
            self._watch.fail("station without an answer in the whole window", silent)
        self._watch.over = True
        for station in self._stations:
            station.close()
        return self.report(wall, cpu if pids else None, memory if pids else None)

    async def _open(self) -> None:
        context = None
        if self._url.scheme == "wss":
            context = ssl.create_default_context(cafile=self._ca)
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        loop, gate = asyncio.get_running_loop(), asyncio.Semaphore(16)
        host, port = self._url.hostname or "", self._url.port or 0

        async def one(number: int) -> None:
            path = f"{self._url.path}/BENCH-{number:05}"
            async with gate:
                transport, station = await loop.create_connection(
                    lambda: Station(self._watch, path, f"{host}:{port}"), host, port, ssl=context
                )
                self._stations.append(station)
                await station.opened
            session = transport.get_extra_info("ssl_object")
            if session and not self._tls:
                self._tls = f"{session.version()} {session.cipher()[0]}"

        async with asyncio.timeout(_TIMEOUT):
            await asyncio.gather(*(one(number) for number in range(self._connections)))

    async def _pace(self) -> None:
        """A call every 1/rate seconds, the stations in turn; one that still waits for its answer is passed over."""
        assert self._rate
        start, sent = time.perf_counter(), 0
        while True:
            await asyncio.sleep(start + sent / self._rate - time.perf_counter())
            station = self._stations[sent % self._connections]
            sent += 1
            if station.waiting:
                self._watch.fail("not answered when the next was due")
            else:
                station.meter()

    def report(self, wall: float, cpu: float | None, memory: int | None) -> dict[str, Any]:
        """Round trips in the window and since the start, seconds, p50 and p99 in microseconds, proxy CPU seconds and
        resident KiB (None without a proxy), errors by kind."""
        ordered = sorted(self._watch.latencies)
        n = len(ordered)
        return {
            "round_trips": n,
            "round_trips_ever": sum(station.answers for station in self._stations),
            "seconds": wall,
            "proxy_cpu_seconds": cpu,
            "proxy_rss_kib": memory,
            "p50_us": ordered[n // 2] * 1e6 if n else None,
            "p99_us": ordered[min(n - 1, n * 99 // 100)] * 1e6 if n else None,
            "tls": self._tls,
            "errors": self._watch.errors,
        }


def main() -> int:
    """`python -m tests.bench.load`."""
    parser = argparse.ArgumentParser(prog="tests.bench.load", description=__doc__)
    parser.add_argument("--url", required=True, help="ws:// or wss://, without the identity")
    parser.add_argument("--ca", help="file with the CA of the certificate of a wss:// url")
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--warmup", type=float, default=0.5)
    parser.add_argument("--rate", type=float, help="round trips a second, all stations together; default: all they can")
    parser.add_argument("--pid", type=int, help="the proxy")
    parser.add_argument("--core", type=int)
    options = parser.parse_args()
    pin(options.core)
    raise_file_limit()
    load = Load(options.url, options.ca, options.connections, options.rate, options.pid)
    with suppress(KeyboardInterrupt):
        try:
            print(json.dumps(uvloop.run(load.run(options.warmup, options.seconds))))
        except (OSError, TimeoutError) as error:
            print(f"load: {error or 'not all stations were open in time'}", file=sys.stderr)
            return 1
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
