"""The garbage collector's pauses, measured: while it walks the objects of all sessions, nobody is served."""

import gc
from time import perf_counter
from typing import Any

from gateway.metrics import Metrics


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
