"""`ocpp-gateway mapping` prints the tables the gateway runs on."""

import json

from tests.gateway.cli.run_command import ocpp_gateway
from translators import schemas
from translators.links import LINKS


def test_every_action_of_every_version_has_a_row() -> None:
    code, out, _ = ocpp_gateway("mapping", "--json")
    assert code == 0
    rows = json.loads(out)
    assert len(LINKS) == 4
    for station, csms in LINKS:
        mine = [row for row in rows if (row["station"], row["csms"]) == (station, csms)]
        assert {row["action"] for row in mine if row["caller"] == "station"} == schemas.STATION_ACTIONS[station]
        assert {row["action"] for row in mine if row["caller"] == "csms"} == schemas.csms_actions(csms)
        assert all(row["summary"] and row["outcome"] in ("translated", "answered", "unsupported") for row in mine)


def test_one_action_and_where_it_comes_from() -> None:
    rows = json.loads(ocpp_gateway("mapping", "transactionevent", "--json")[1])
    assert {"StartTransaction", "TransactionEvent"} <= {row["action"] for row in rows}
    assert "TransactionEvent" in ocpp_gateway("mapping", "StartTransaction")[1]


def test_an_action_nobody_knows() -> None:
    code, out, err = ocpp_gateway("mapping", "Teleport")
    assert (code, out) == (1, "")
    assert "Teleport" in err
