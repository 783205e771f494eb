"""What a collection costs is seen on the page."""

import gc
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
