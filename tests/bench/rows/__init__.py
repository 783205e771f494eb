"""The rows of the bench: what is measured, one module for each kind, and how long each may take."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.lab import Lab
from tests.bench.rows import alone, claims, connects, crowd, idle, load, memory, starts, store, storm
from tests.bench.scale import Scale


@dataclass(frozen=True, slots=True)
class Row:
    """`what` it measures, for `--help`; `deadline`: seconds after which it has failed."""

    name: str
    what: str
    measure: Callable[[Lab], None]
    deadline: Callable[[Scale], float]


ROWS = (
    Row("starts", "from its start to readiness, and memory before the first station", starts.measure, lambda _: 90),
    Row(
        "load",
        "latency at light load, round trips per second and core at full load",
        load.measure,
        lambda scale: 150 + 350 * scale.rounds,
    ),
    Row(
        "idle",
        "latency and pauses beside thousands of idle pairs",
        idle.measure,
        lambda scale: 180 + 2 * scale.idle_seconds,
    ),
    Row("memory", "KiB per idle pair", memory.measure_slope, lambda _: 240),
    Row("churn", "memory after stations came and went, again and again", memory.measure_churn, lambda _: 600),
    Row("connects", "new connections per second and core", connects.measure, lambda scale: 60 + 60 * scale.rounds),
    Row("storm", "a fleet that comes back at once", storm.measure, lambda _: 600),
    Row("crowd", "many stations, and a worker that is killed", crowd.measure, lambda _: 600),
    Row("store", "commands to the store per message", store.measure, lambda _: 120),
    Row("claims", "what a fleet costs Redis", claims.measure, lambda _: 240),
    Row("alone", "a message without kernel, TLS and loop", alone.measure, lambda _: 180),
)
