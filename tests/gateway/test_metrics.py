"""The series, their names and their labels."""

from prometheus_client.parser import text_string_to_metric_families

from gateway.metrics import Metrics, action_label, code_label

CONTRACT = {
    "build_info": {"version", "python", "loop"},
    "stations_connected": {"subprotocol", "backend"},
    "transactions_open": {"backend"},
    "connections": {"subprotocol"},
    "connections_rejected": {"reason"},
    "messages": {"direction", "subprotocol", "action", "type"},
    "translations": {"from", "to", "action", "outcome"},
    "translation_losses": {"from", "to", "action", "field"},
    "forward_duration_seconds": {"direction"},
    "call_duration_seconds": {"peer", "action"},
    "call_errors": {"peer", "action", "code"},
    "call_timeouts": {"peer", "action"},
    "backend_up": {"backend"},
    "backend_connections": {"backend"},
    "backend_dials": {"backend", "outcome"},
    "takeovers": {"reason"},
    "store_up": set(),
    "store_duration_seconds": {"operation"},
    "certificate_expiry_timestamp_seconds": {"certificate"},
    "rate_limited": {"reason"},
    "guarded_calls": {"action"},
}


def test_every_series_of_the_public_surface_is_declared_with_its_labels() -> None:
    metrics = Metrics()
    declared = {
        collector._name: set(collector._labelnames)
        for collector in (getattr(one, "metric", one) for one in vars(metrics).values())
        if hasattr(collector, "_labelnames") and not collector._labelvalues
    }
    for name, labels in CONTRACT.items():
        assert declared[f"ocpp_gateway_{name}"] == labels, name


def test_the_page_is_read_by_prometheus_own_parser() -> None:
    metrics = Metrics()
    metrics.started("uvloop")
    metrics.message("from_station", "ocpp1.6", "Heartbeat", "call").inc()
    metrics.waited("csms", "Heartbeat", 0.02)
    families = {family.name: family for family in text_string_to_metric_families(metrics.page().decode())}
    assert families["ocpp_gateway_build_info"].samples[0].value == 1
    assert families["ocpp_gateway_messages"].samples[0].labels["action"] == "Heartbeat"
    assert "ocpp_gateway_messages_created" not in families
    assert all(family.documentation for family in families.values())


def test_labels_from_the_wire_are_bounded() -> None:
    assert action_label("Heartbeat") == "Heartbeat"
    assert action_label("../../v201/schemas/HeartbeatRequest") == "other"
    assert code_label("FormationViolation") == "FormationViolation"
    assert code_label("x" * 1000) == "other"
