"""Memory of idle pairs: the slope over their number, and what is left of it after many came and went."""

import time

from tests.bench.lab import Lab
from tests.bench.peer import RowError
from tests.bench.processes import Running
from tests.bench.proxies import HAPROXY, NGINX, PASSTHROUGH, TRANSLATE, Proxy

_SETTLE_SECONDS = 1.0
_FIRST = 10
_STEADY = 5
"""From this round on memory should be flat."""


def measure_slope(lab: Lab) -> None:
    """`memory/PROXY/pair`: KiB for each pair between the least and the greatest number of them, each of a station that
    booted and began a transaction."""
    steps = lab.scale.memory
    with lab.csms() as csms:
        for proxy in lab.wanted(HAPROXY, NGINX, PASSTHROUGH, TRANSLATE):
            name = f"memory/{proxy.name}"
            try:
                with lab.proxy(proxy, csms) as running, lab.load(running.url, proxy.script) as load:
                    levels, open_now = [], 0
                    for step in steps:
                        load.ask("open", count=step - open_now, first=open_now)
                        open_now = step
                        time.sleep(_SETTLE_SECONDS)
                        levels.append(running.memory())
            except RowError as error:
                lab.fail(name, error)
                continue
            pair = (levels[-1] - levels[0]) / (steps[-1] - steps[0])
            lab.figures.add(f"{name}/pair", pair, "KiB", "less")
            lab.tell(f"{name}: {pair:.1f} KiB a pair")


def measure_churn(lab: Lab) -> None:
    """`churn/PROXY/pair`: KiB above what there was before all, for each station open in the last round of connecting and
    cutting; `growth`: percent between the fifth round and the last; `open`: MiB, one value a round."""
    scale = lab.scale
    if not scale.churn:
        return
    for proxy in lab.wanted(HAPROXY, PASSTHROUGH, TRANSLATE):
        name = f"churn/{proxy.name}"
        with lab.part(name):
            _churn(lab, proxy, name)


def _churn(lab: Lab, proxy: Proxy, name: str) -> None:
    scale = lab.scale
    with lab.csms() as csms, lab.proxy(proxy, csms) as running, lab.load(running.url, proxy.script) as load:
        load.ask("open", count=_FIRST)  # what is loaded with the first station belongs to none of them
        load.ask("cut")
        _empty(running)
        base = running.memory()
        levels = []
        for _ in range(scale.churn_rounds):
            load.ask("open", count=scale.churn)
            time.sleep(_SETTLE_SECONDS / 4)
            levels.append(running.memory())
            lab.figures.add(f"{name}/open", levels[-1] / 1024, "MiB")
            load.ask("cut")
            _empty(running)
    pair = (levels[-1] - base) / scale.churn
    steady = levels[min(_STEADY, len(levels)) - 1]
    growth = 100 * (levels[-1] - steady) / steady
    lab.figures.add(f"{name}/pair", pair, "KiB", "less")
    lab.figures.add(f"{name}/growth", growth, "%", "less")
    lab.tell(f"{name}: {pair:.1f} KiB a pair after {scale.churn_rounds} rounds, {growth:+.1f} % since the fifth")


def _empty(running: Running) -> None:
    """Until it has no station any more; of one that cannot be asked it is assumed after a moment. Raises RowError."""
    if running.admin:
        running.await_empty()
    else:
        time.sleep(_SETTLE_SECONDS)
