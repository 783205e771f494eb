"""The garbage collector: kept short, and its pauses measured. While it walks over objects, nobody is served.

What outlives a look at the youngest is kept for good, and is freed by its last user like everything else. A full collection
would walk every object of every session: there is none. So whatever ends has to break its own cycles; tests watch it.
"""

import gc
from time import perf_counter
from typing import Any

from gateway.metrics import Metrics

_YOUNGEST, _NEVER = 50_000, 1_000_000_000
"""Objects to be looked at in one go: some milliseconds. More than what hundreds of calls that wait for their answers are made
of (50 each): they die young, and to look at them at every wave would be a tenth of what a translated message costs."""


def calm_collector() -> None:
    """To be called when all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNGEST, _NEVER, _NEVER)
    if _keep not in gc.callbacks:
        gc.callbacks.append(_keep)


def _keep(phase: str, info: dict[str, Any]) -> None:
    if phase == "stop" and info["generation"] == 0:
        gc.freeze()


def watch_pauses(metrics: Metrics) -> None:
    """Put every collection of this process from now on into `collector_pause_seconds`, by generation. Twice the same
    metrics count twice."""
    pauses = [metrics.collector_pause.labels(str(generation)) for generation in range(3)]
    began = 0.0

    def note(phase: str, info: dict[str, Any]) -> None:
        # Runs inside the collection: it takes no lock and makes nothing that the collector would have to look at.
        nonlocal began
        if phase == "start":
            began = perf_counter()
        elif began:
            pauses[info["generation"]].observe(perf_counter() - began)

    gc.callbacks.append(note)
