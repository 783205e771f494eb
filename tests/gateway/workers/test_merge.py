from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

from gateway.metrics import Metrics
from gateway.workers.merge import merged


def page(connected: int, store_up: int, seconds: float) -> str:
    registry = CollectorRegistry()
    Gauge("ocpp_gateway_stations_connected", "Stations", ["backend"], registry=registry).labels("b").set(connected)
    Gauge("ocpp_gateway_store_up", "Store", registry=registry).set(store_up)
    Gauge("ocpp_gateway_draining", "Draining", registry=registry).set(0)
    Counter("ocpp_gateway_messages_total", "Messages", ["action"], registry=registry).labels("Heartbeat").inc(connected)
    Histogram("ocpp_gateway_wait_seconds", "Wait", buckets=(0.1, 1), registry=registry).observe(seconds)
    return generate_latest(registry).decode()


def test_counts_are_added_up_and_the_worst_health_counts() -> None:
    lines = merged([page(3, 1, 0.05), page(4, 0, 0.5)]).decode().splitlines()
    assert 'ocpp_gateway_stations_connected{backend="b"} 7.0' in lines
    assert 'ocpp_gateway_messages_total{action="Heartbeat"} 7.0' in lines
    assert "ocpp_gateway_store_up 0.0" in lines
    assert "ocpp_gateway_draining 0.0" in lines
    buckets = [line for line in lines if line.startswith("ocpp_gateway_wait_seconds_")]
    assert buckets[:5] == [
        'ocpp_gateway_wait_seconds_bucket{le="0.1"} 1.0',
        'ocpp_gateway_wait_seconds_bucket{le="1.0"} 2.0',
        'ocpp_gateway_wait_seconds_bucket{le="+Inf"} 2.0',
        "ocpp_gateway_wait_seconds_count 2.0",
        "ocpp_gateway_wait_seconds_sum 0.55",
    ]
    assert lines.count("# TYPE ocpp_gateway_store_up gauge") == 1


def test_what_only_one_worker_has_is_there_and_the_supervisors_own() -> None:
    registry = CollectorRegistry()
    Counter("ocpp_gateway_takeovers_total", "Takeovers", ["reason"], registry=registry).labels("x").inc()
    workers = GaugeMetricFamily("ocpp_gateway_workers", "Workers", value=2)
    lines = merged([page(1, 1, 0.1), generate_latest(registry).decode()], [workers]).decode().splitlines()
    assert 'ocpp_gateway_takeovers_total{reason="x"} 1.0' in lines
    assert "ocpp_gateway_workers 2.0" in lines


def test_a_real_page_alone_comes_out_as_it_went_in() -> None:
    metrics = Metrics()
    metrics.started("uvloop")
    metrics.message("from_station", "ocpp1.6", "Heartbeat", "call").inc()
    whole = {line for line in metrics.page().decode().splitlines() if line.startswith("ocpp_gateway_")}
    assert {
        line for line in merged([metrics.page().decode()]).decode().splitlines() if line.startswith("ocpp_")
    } == whole
