"""The page of a busy process: short to make, small however many stations there are, and clean by promtool."""

import subprocess
from collections import Counter
from time import process_time

import pytest
import structlog

from gateway.metrics import Metrics
from gateway.observer import Observer
from gateway.workers.front import Front
from gateway.workers.merge import merged
from translators import schemas
from translators.effects import Answered, Note
from translators.frames import Call

_PAIRS = [("ocpp1.6", "ocpp2.0.1"), ("ocpp2.0.1", "ocpp1.6"), ("ocpp2.1", "ocpp2.0.1"), ("ocpp1.6", "ocpp1.6")]
_EVERYDAY = ("Heartbeat", "StatusNotification", "MeterValues")


def busy(stations: int) -> Metrics:
    """A process that has seen this many stations do every call of their version, and some that nobody knows."""
    metrics = Metrics()
    metrics.started("uvloop")
    logger = structlog.get_logger().bind()
    for number in range(stations):
        station, csms = _PAIRS[number % len(_PAIRS)]
        observer = Observer(metrics, logger, station, csms, f"backend-{number % 8}")
        metrics.connections.labels(station).inc()
        metrics.stations_connected.labels(station, f"backend-{number % 8}").inc()
        everything = [*schemas.actions(station), *schemas.actions(csms)] if number < 40 else _EVERYDAY
        for action in (*everything, f"Own{number}"):
            facts = {"action": action, "from": station, "to": csms, "outcome": "translated", "seconds": 0.01}
            observer.received("station", Call(f"{number}", action, {}))
            for peer in ("station", "csms"):
                observer.answered(Answered(peer, action, 0.01))
                observer.note(Note("call_error", {**facts, "peer": peer, "code": f"code {number}"}))
            observer.note(Note("translated", facts))
            observer.note(Note("withheld", {**facts, "why": ""}) if number < 20 else Note("translated", facts))
        metrics.forward_from_station.observe(0.001)
    return metrics


def series(page: bytes) -> Counter[str]:
    lines = (line for line in page.decode().splitlines() if not line.startswith("#"))
    return Counter(line.split("{")[0].split(" ")[0] for line in lines)


def test_the_page_of_10000_stations_is_as_long_as_that_of_100_and_quick_to_make() -> None:
    small, large = busy(100), busy(10_000)
    assert series(large.page()) == series(small.page())
    assert "Own" not in large.page().decode()
    seconds = []
    for _ in range(5):
        began = process_time()
        large.page()
        seconds.append(process_time() - began)
    assert min(seconds) < 0.2, f"{min(seconds):.3f} s for {sum(series(large.page()).values())} samples"


@pytest.mark.parametrize("workers", [1, 2])
def test_promtool_finds_nothing_wrong_with_the_page(workers: int) -> None:
    page = busy(8).page()
    if workers > 1:
        page = merged([page.decode()] * workers, Front(list, workers).own_metrics(workers))
        assert series(page)["ocpp_gateway_worker_restarts_total"] == 1
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()
