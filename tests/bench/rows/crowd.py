"""Many stations at once, and then one worker is killed."""

import os
import signal
import time
from contextlib import ExitStack

from tests.bench.lab import Lab, redis_url
from tests.bench.machine import descriptors, family
from tests.bench.peer import Answer, Peer, RowError
from tests.bench.proxies import PASSTHROUGH, Proxy

_LOADS = 2
_SOURCES = 4
"""Addresses that the stations come from: one has ports for 28,000 connections."""
_AT_ONCE = 200
_CALM_SECONDS = 5.0
_BACK_SECONDS = 120.0
_QUIET_SECONDS = 1.0


def measure(lab: Lab) -> None:
    """`crowd/STATIONS/...`: `seconds` until all were connected, `dropped` in the time after, `memory` (KiB a pair, all
    processes); after kill -9 of one worker: the stations it `held` (half the descriptors it has since), those that were `lost`, those
    of them that were not its own (`lost of others`), and the seconds until all were `back`."""
    if not lab.scale.crowd or not lab.wanted(PASSTHROUGH):
        return
    name = f"crowd/{lab.scale.crowd}"
    with lab.part(name):
        _measure(lab, PASSTHROUGH, name)


def _measure(lab: Lab, proxy: Proxy, name: str) -> None:
    scale, figures = lab.scale, lab.figures
    each = scale.crowd // _LOADS
    with ExitStack() as stack:
        redis = stack.enter_context(lab.redis())
        csms = stack.enter_context(lab.csms(2, pinned=False))
        running = stack.enter_context(
            lab.proxy(proxy, csms, workers=scale.crowd_workers, store=redis_url(redis), pinned=False)
        )
        loads = [
            stack.enter_context(lab.load(running.url, "idle-1.6", sources=_SOURCES, pinned=False))
            for _ in range(_LOADS)
        ]
        base = running.memory()
        assert running.pid
        before = {worker: descriptors(worker) for worker in family(running.pid)[1:]}
        began = time.perf_counter()
        for number, load in enumerate(loads):
            load.tell("open", count=each, first=number * each, at_once=_AT_ONCE, patient=True)
        retries = sum(load.heard()["retries"] for load in loads)
        figures.add(f"{name}/seconds", time.perf_counter() - began, "s", "less")
        figures.add(f"{name}/retries", retries, "retries", "less")
        lab.tell(f"{name}: open after {time.perf_counter() - began:.1f} s")
        for load in loads:
            load.ask("follow")
        time.sleep(min(_CALM_SECONDS, 5 * scale.window))
        figures.add(f"{name}/dropped", sum(load.ask("followed")["lost"] for load in loads), "stations", "less")
        figures.add(f"{name}/connected", running.stations(), "stations", "more")
        figures.add(f"{name}/memory", (running.memory() - base) / scale.crowd, "KiB", "less")
        worker = max(before, key=descriptors)
        held = (descriptors(worker) - before[worker]) / 2  # a pair has two sockets
        os.kill(worker, signal.SIGKILL)
        reports = _await_back(loads)
    lost = sum(report["lost"] for report in reports)
    back = max(report["seconds"] or 0.0 for report in reports)
    figures.add(f"{name}/held", held, "stations")
    figures.add(f"{name}/lost", lost, "stations", "less")
    figures.add(f"{name}/lost of others", max(0.0, lost - held), "stations", "less")
    figures.add(f"{name}/back", back, "s", "less")
    lab.tell(f"{name}: the worker had {held:,.0f} stations; {lost:,} were lost and back after {back:.1f} s")


def _await_back(loads: list[Peer]) -> list[Answer]:
    """Until every station that was lost is connected again, and no more are lost. Raises RowError."""
    end = time.monotonic() + _BACK_SECONDS
    while True:
        reports = [load.ask("followed") for load in loads]
        lost, back = (sum(report[what] for report in reports) for what in ("lost", "back"))
        if lost and lost == back:
            time.sleep(_QUIET_SECONDS)
            again = [load.ask("followed") for load in loads]
            if again == reports:
                return reports
        elif time.monotonic() > end:
            raise RowError(f"{lost} stations were lost and {back} came back in {_BACK_SECONDS:.0f} s")
        time.sleep(0.1)
