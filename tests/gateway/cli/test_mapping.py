"""`ocpp-gateway mapping` prints the tables the gateway runs on."""

import json

from gateway.cli.mapping import fields_lost
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


def test_what_an_action_loses() -> None:
    rows = json.loads(ocpp_gateway("mapping", "SecurityEventNotification", "--json")[1])
    (row,) = (row for row in rows if (row["station"], row["csms"]) == ("ocpp2.0.1", "ocpp1.6"))
    assert {"field": "techInfo", "part": "call", "why": "cut to 255 characters"} in row["losses"]
    assert [len(fields) for _, _, fields in fields_lost(row)] == [1] * len(row["losses"])
    out = ocpp_gateway("mapping", "SecurityEventNotification")[1]
    assert "securityEvent" in out
    assert "what may be lost" in out


def test_fields_lost_in_one_way_stand_together() -> None:
    losses = [{"field": field, "part": "call", "why": "left out"} for field in ("a", "b")]
    told = fields_lost({"losses": [*losses, {"field": "a", "part": "answer", "why": "left out"}]})
    assert told == [("call", "left out", ["a", "b"]), ("answer", "left out", ["a"])]


def test_an_action_nobody_knows() -> None:
    code, out, err = ocpp_gateway("mapping", "Teleport")
    assert (code, out) == (1, "")
    assert "Teleport" in err
    assert "did you mean 'MeterValues'?" in ocpp_gateway("mapping", "MeterValue")[2]
