"""A fleet that comes back at once while other stations go on charging."""

import time

from tests.bench.lab import Lab, redis_url
from tests.bench.peer import RowError
from tests.bench.proxies import NGINX, PASSTHROUGH, TRANSLATE, Proxy

_WORKERS = 2
AT_ONCE = 1000
"""Handshakes that the fleet has under way at a time; the rest wait in the load, as they would in the kernel's queue."""
_LIVE_RATE = 200.0
_FIRST_OF_FLEET = 100_000


def measure(lab: Lab) -> None:
    """`storm/STATIONS/PROXY/...`: `seconds` from the cut until every station is connected again and its boot is answered;
    `live p99` (ms) of the stations that stayed, all the while; `retries` of stations that failed at first."""
    scale = lab.scale
    if not scale.storm:
        return
    for proxy in lab.wanted(NGINX, PASSTHROUGH, TRANSLATE):
        name = f"storm/{scale.storm}/{proxy.name}"
        with lab.part(name):
            _measure(lab, proxy, name)


def _measure(lab: Lab, proxy: Proxy, name: str) -> None:
    scale = lab.scale
    # Two workers have both cores; the load and the CSMS live on them as well.
    with (
        lab.redis() as redis,
        lab.csms(2, pinned=False) as csms,
        lab.proxy(proxy, csms, workers=_WORKERS, store=redis_url(redis), pinned=False) as running,
        lab.load(running.url, "meter-1.6", pinned=False) as live,
        lab.load(running.url, "idle-1.6", pinned=False) as fleet,
    ):
        live.ask("open", count=scale.storm_live)
        fleet.ask("open", count=scale.storm, first=_FIRST_OF_FLEET, at_once=AT_ONCE, patient=True)
        live.ask("start", rate=min(_LIVE_RATE, scale.storm_live))
        time.sleep(scale.warmup)
        live.ask("record")
        began = time.perf_counter()
        fleet.ask("cut")
        report = fleet.ask("open", count=scale.storm, first=_FIRST_OF_FLEET, at_once=AT_ONCE, patient=True)
        seconds = time.perf_counter() - began
        seen = live.ask("report")
        if seen["errors"]:
            raise RowError(f"stations that stayed: {seen['errors']}")
    lab.figures.add(f"{name}/seconds", seconds, "s", "less")
    lab.figures.add(f"{name}/retries", report["retries"], "retries", "less")
    if seen["us"]:
        lab.figures.add(f"{name}/live p50", seen["us"]["50"] / 1000, "ms", "less")
        lab.figures.add(f"{name}/live p99", seen["us"]["99"] / 1000, "ms", "less")
        lab.distributions.setdefault(name, []).append(seen["us"])
        lab.tell(f"{name}: all back after {seconds:.1f} s; p99 of the others {seen['us']['99'] / 1000:.0f} ms")
