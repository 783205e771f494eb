import math

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from gateway.demo import measure


def test_quantiles_are_linear_within_their_bucket():
    buckets = {0.001: 50.0, 0.01: 90.0, 0.1: 100.0, math.inf: 100.0}
    assert measure.quantile(buckets, 0.5) == pytest.approx(0.001)
    assert measure.quantile(buckets, 0.25) == pytest.approx(0.0005)
    assert measure.quantile(buckets, 0.7) == pytest.approx(0.0055)


def test_beyond_the_last_bound_it_is_that_bound():
    assert measure.quantile({0.1: 0.0, math.inf: 4.0}, 0.99) == 0.1


def test_without_observations_there_is_no_quantile():
    assert math.isnan(measure.quantile({0.1: 0.0, math.inf: 0.0}, 0.5))
    assert math.isnan(measure.quantile({}, 0.5))


def test_a_page():
    registry = CollectorRegistry()
    name = "ocpp_gateway_forward_duration_seconds"
    inside = Histogram(name, "inside", ["direction"], registry=registry, buckets=(0.001, 0.01))
    for seconds in (0.0001, 0.0002, 0.005):
        inside.labels("from_station").observe(seconds)
    losses = Counter(
        "ocpp_gateway_translation_losses_total", "lost", ["from", "to", "action", "field"], registry=registry
    )
    losses.labels("ocpp2.0.1", "ocpp1.6", "BootNotification", "reason").inc(2)
    losses.labels("ocpp2.0.1", "ocpp1.6", "BootNotification", "modem").inc(0)
    found = measure.read(generate_latest(registry).decode())
    assert found.inside["from_station"].frames == 3
    assert found.inside["from_station"].p99 == pytest.approx(0.01, abs=0.0005)
    assert found.losses == [measure.Loss("ocpp2.0.1 → ocpp1.6", "BootNotification", "reason", 2)]
