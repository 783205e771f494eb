"""A worker full of stations that hardly ever say anything: what the few messages wait, and how long its garbage collector
keeps everybody waiting."""

import re
import time

from tests.bench.lab import Lab
from tests.bench.peer import RowError
from tests.bench.proxies import HAPROXY, PASSTHROUGH, TRANSLATE, Proxy

_SETTLE_SECONDS = 3.0
_PEER_SECONDS = 20.0
LONG = "0.01"
"""Seconds above which a pause is told, a bucket of the histogram."""


def measure(lab: Lab) -> None:
    """`idle/PAIRS/PROXY/...`: p50 and p99 in ms, and of a gateway `pauses` above 10 ms, `pause` (ms, the upper end of the
    longest's bucket) and `full collections`."""
    scale = lab.scale
    if not scale.idle:
        return
    for proxy in lab.wanted(HAPROXY, PASSTHROUGH, TRANSLATE):
        name = f"idle/{scale.idle}/{proxy.name}"
        # The translating one is watched for long: it makes the most objects.
        seconds = scale.idle_seconds if proxy is TRANSLATE else min(scale.idle_seconds, _PEER_SECONDS)
        with lab.part(name):
            _measure(lab, proxy, name, seconds)


def _measure(lab: Lab, proxy: Proxy, name: str, seconds: float) -> None:
    scale = lab.scale
    with lab.csms() as csms, lab.proxy(proxy, csms) as running, lab.load(running.url, proxy.script) as load:
        load.ask("open", count=scale.idle, at_once=64)
        load.ask("start", rate=scale.idle_rate)
        time.sleep(min(_SETTLE_SECONDS, seconds))
        before = running.metrics() if running.admin else ""
        load.ask("record")
        time.sleep(seconds)
        report = load.ask("report")
        after = running.metrics() if running.admin else ""
        if report["errors"]:
            raise RowError(str(report["errors"]))
    us = report["us"]
    lab.distributions.setdefault(name, []).append(us)
    lab.figures.add(f"{name}/p50", us["50"] / 1000, "ms", "less")
    lab.figures.add(f"{name}/p99", us["99"] / 1000, "ms", "less")
    told = f"{name}: p50 {us['50'] / 1000:.2f} ms, p99 {us['99'] / 1000:.2f} ms over {seconds:g} s"
    if running.admin:
        pauses = {bound: count - _pauses(before).get(bound, 0) for bound, count in _pauses(after).items()}
        longest = next((bound for bound in sorted(pauses, key=float) if pauses[bound] == pauses["+Inf"]), "+Inf")
        lab.figures.add(f"{name}/pauses", pauses["+Inf"] - pauses[LONG], "pauses", "less")
        lab.figures.add(f"{name}/pause", float(longest) * 1000 if pauses["+Inf"] else 0.0, "ms", "less")
        lab.figures.add(f"{name}/watched", seconds, "s")
        told += f", {pauses['+Inf']:.0f} collections, the longest up to {float(longest) * 1000:g} ms"
    lab.tell(told)


def _pauses(page: str) -> dict[str, float]:
    """Collections of all generations that took no longer than each bound."""
    found: dict[str, float] = {}
    for bound, count in re.findall(
        r'^ocpp_gateway_collector_pause_seconds_bucket\{[^}]*le="([^"]+)"\} (\S+)$', page, re.M
    ):
        found[bound] = found.get(bound, 0.0) + float(count)
    return found
