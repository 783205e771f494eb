"""From `run` to readiness, and the memory of a gateway before its first station."""

from tests.bench.lab import Lab
from tests.bench.proxies import PASSTHROUGH


def measure(lab: Lab) -> None:
    """`starts/seconds` and `starts/memory` (MiB, PSS)."""
    with lab.part("starts"), lab.csms() as csms:
        for _ in range(lab.scale.starts):
            with lab.proxy(PASSTHROUGH, csms) as gateway:
                lab.figures.add("starts/seconds", gateway.ready_seconds, "s", "less")
                lab.figures.add("starts/memory", gateway.memory() / 1024, "MiB", "less")
                lab.tell(f"starts: ready after {gateway.ready_seconds:.2f} s")
