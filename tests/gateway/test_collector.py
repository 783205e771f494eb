"""What a collection costs is seen on the page."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from gateway.collector import watch_pauses
from gateway.metrics import Metrics


@pytest.fixture(autouse=True)
def callbacks() -> Iterator[None]:
    before = list(gc.callbacks)
    yield
    gc.callbacks[:] = before


def test_a_collection_is_counted_by_its_generation() -> None:
    metrics = Metrics()
    watch_pauses(metrics)
    gc.collect(0)
    gc.collect(2)
    gc.collect(2)
    page = metrics.page().decode()
    assert 'ocpp_gateway_collector_pause_seconds_count{generation="0"} ' in page
    full = next(
        line
        for line in page.splitlines()
        if line.startswith("ocpp_gateway_collector_pause_seconds_count{gen") and '"2"' in line
    )
    assert float(full.split()[-1]) >= 2
    total = next(
        line
        for line in page.splitlines()
        if line.startswith('ocpp_gateway_collector_pause_seconds_sum{generation="2"}')
    )
    assert 0 < float(total.split()[-1]) < 60


def test_a_collection_that_was_under_way_is_left_out() -> None:
    metrics = Metrics()
    watch_pauses(metrics)
    gc.callbacks[-1]("stop", {"generation": 2})
    assert 'collector_pause_seconds_count{generation="2"} 0.0' in metrics.page().decode()


def alone(code: str) -> str:
    """What this prints, in a process of its own: settings of an interpreter are for all tests in it."""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return found.stdout.strip()


def test_what_outlives_one_look_is_looked_at_no_more() -> None:
    code = """
import gc
from gateway.collector import calm_collector
calm_collector()
before = gc.get_freeze_count()
kept = [[] for _ in range(120_000)]
print(gc.get_freeze_count() - before > 90_000, gc.get_stats()[2]["collections"])
"""
    looked, full = alone(code).split()
    assert looked == "True"
    assert int(full) <= 1, "the one of calm_collector"


def test_what_is_kept_for_good_is_freed_by_its_last_user() -> None:
    code = """
import gc, weakref
from gateway.collector import calm_collector
class One: ...
calm_collector()
one = One()
kept = [[] for _ in range(120_000)]
gone = weakref.ref(one)
del one
print(gone() is None)
"""
    assert alone(code) == "True"
