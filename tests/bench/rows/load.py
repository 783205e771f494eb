"""Round trips at full load, and latency at a light one: every proxy beside every other.

All proxies run from the beginning to the end, idle but for their turns, and take turns window by window: a slow minute of
the machine hits all of them.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from tests.bench.lab import Csms, Lab
from tests.bench.machine import family
from tests.bench.peer import Answer, Peer, RowError
from tests.bench.processes import Running
from tests.bench.proof import prove
from tests.bench.proxies import PROXIES, Proxy

_LEAST_CPU = 0.01  # the kernel's tick
_PATIENCE_SECONDS = 8.0
Standing = dict[Proxy, Running]


@contextmanager
def standing(lab: Lab, csms: Csms, proxies: Iterable[Proxy], names: Sequence[str]) -> Iterator[Standing]:
    """Those of them that start; of one that does not, the figures that begin with these names and its own have failed."""
    with ExitStack() as stack:
        running = {}
        for proxy in lab.wanted(*proxies):
            try:
                running[proxy] = stack.enter_context(lab.proxy(proxy, csms))
            except RowError as error:
                for name in names:
                    lab.fail(f"{name}/{proxy.name}", error)
        yield running


def measure(lab: Lab) -> None:
    """Light load, then full load."""
    scale = lab.scale
    full = [f"full/{connections}" for connections in scale.connections]
    with lab.csms() as csms, standing(lab, csms, PROXIES, ["light", *full]) as running:
        turns = dict(running)
        for _ in range(scale.rounds):
            _light(lab, csms, turns)
        for connections in scale.connections:
            turns = {
                one: where for one, where in running.items() if connections <= (one.most_connections or connections)
            }
            for _ in range(scale.rounds):
                _full(lab, csms, turns, connections)


def _light(lab: Lab, csms: Csms, turns: Standing) -> None:
    """`light/PROXY/...`: p50 and p99, what of them the proxy adds to the direct connection of the same round, and its
    processor time for a round trip."""
    scale = lab.scale
    base: dict[str, float] = {}
    for proxy, running in list(turns.items()):
        name = f"light/{proxy.name}"
        try:
            report = window(lab, proxy, running, csms, scale.light_connections, scale.light_seconds, scale.light_rate)
        except RowError as error:
            lab.fail(name, error)
            del turns[proxy]
            continue
        us = report["us"]
        lab.distributions.setdefault(name, []).append(us)
        for which in ("50", "99"):
            lab.figures.add(f"{name}/p{which}", us[which], "us", "less")
            if base:
                lab.figures.add(f"{name}/added p{which}", us[which] - base[which], "us", "less")
        if running.pid is None:
            base = us
        else:
            lab.figures.add(f"{name}/cpu", report["cpu"] / report["round_trips"] * 1e6, "us", "less")
        lab.tell(f"{name}: p50 {us['50']:,.0f} us, p99 {us['99']:,.0f} us")


def _full(lab: Lab, csms: Csms, turns: Standing, connections: int) -> None:
    """`full/CONNECTIONS/PROXY/...`: RT/s per core, RT/s, the share of the core it used, memory, and p50 and p99 under
    that load."""
    for proxy, running in list(turns.items()):
        name = f"full/{connections}/{proxy.name}"
        try:
            report = window(lab, proxy, running, csms, connections, lab.scale.window)
        except RowError as error:
            lab.fail(name, error)
            del turns[proxy]
            continue
        rate = report["round_trips"] / report["seconds"]
        lab.figures.add(f"{name}/per second", rate, "RT/s")
        lab.figures.add(f"{name}/p50", report["us"]["50"], "us", "less")
        lab.figures.add(f"{name}/p99", report["us"]["99"], "us", "less")
        if running.pid is None:
            lab.tell(f"{name}: {rate:,.0f} RT/s")
            continue
        per_core, busy = report["round_trips"] / max(report["cpu"], _LEAST_CPU), report["cpu"] / report["seconds"]
        lab.figures.add(f"{name}/per core", per_core, "RT/s", "more")
        lab.figures.add(f"{name}/busy", busy, "core")
        lab.figures.add(f"{name}/memory", report["memory"] / 1024, "MiB", "less")
        lab.tell(f"{name}: {per_core:,.0f} RT/s per core, {busy:.2f} of it busy")


def window(
    lab: Lab, proxy: Proxy, running: Running, csms: Csms, connections: int, seconds: float, rate: float | None = None
) -> Answer:
    """One window: open, warm up, measure, close. The load's report, and `memory` (KiB) of the proxy, None without one. Raises RowError, also if the work was not done."""
    csms.tally()
    with lab.load(running.url, proxy.script) as load:
        load.ask("open", count=connections)
        load.ask("start", rate=rate)
        time.sleep(lab.scale.warmup)
        if rate is None:
            _await(load, 1, _PATIENCE_SECONDS)
        load.ask("record", pids=family(running.pid) if running.pid else [])
        time.sleep(seconds)
        if rate is None:
            _await(load, 3, _PATIENCE_SECONDS)
        report = load.ask("report")
        report["memory"] = running.memory() if running.pid else None
        answers = load.ask("stop")["round_trips_ever"]
        prove(proxy, report, answers, csms.tally())
        load.ask("cut")
    if running.admin:
        running.await_empty()  # what it does for those that have gone is not the next one's to bear
    return report


def _await(load: Peer, answers: float, seconds: float) -> None:
    """Until the stations have so many answers each, on average, or this long. All begin at the same moment, and go through
    the proxy as waves, at first only towards the CSMS: a window must hold whole ones."""
    end = time.monotonic() + seconds
    while load.ask("progress")["answers"] < answers and time.monotonic() < end:
        time.sleep(0.05)
