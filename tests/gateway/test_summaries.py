"""What lists say of a station."""

from typing import Any, cast

from gateway.store.memory import MemoryStore
from gateway.summaries import summary
from tests.gateway.nodes import node_on
from tests.gateway.sessions import listed


def test_it_says_what_lists_show() -> None:
    node = node_on(MemoryStore())
    one = listed(
        node, "CP-1", memory={"station/boot": {"call": {"chargePointVendor": "Acme", "chargePointModel": "One"}}}
    )
    one.reports(0, "Available")
    one.reports(1, "Charging")
    told = summary(node, "cp-1", cast(Any, one))
    assert told == {
        "identity": "CP-1",
        "key": "cp-1",
        "connected": True,
        "node": node.id,
        "subprotocol": "ocpp1.6",
        "backend": "legacy",
        "upstream_subprotocol": "ocpp2.0.1",
        "backend_away": False,
        "remote": "192.0.2.1",
        "connected_since": 100.0,
        "vendor": "Acme",
        "model": "One",
        "tags": [],
        # Number 0 is the station as a whole.
        "statuses": ["Charging"],
        "transactions_open": 0,
    }
