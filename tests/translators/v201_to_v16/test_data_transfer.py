"""The conventions inside DataTransfers: whatever fits comes out fitting, whatever the other side makes of it."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.translators.generate import answers, calls
from tests.translators.v201_to_v16.test_rows import Wire
from translators.frames import Call, Result
from translators.inner import COST, PLUG_AND_CHARGE, transfer
from translators.options import Options

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
ACTIONS = ("CertificateSigned", "DeleteCertificate", "InstallCertificate", "SignCertificate")
FORWARD = Options(guard=dict.fromkeys(ACTIONS, "forward"))
CHARGE: dict[str, Any] = {"tx/one": {"connector": 1, "transactionId": 5, "at": "2026-11-18T11:00:00Z"}}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-10, 10)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aB1"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2),
    max_leaves=4,
)


class Talking(Wire):
    """The CSMS answers what stands in the data, more often than not."""

    def reply(self, side: str, call: Call) -> None:
        is_inner = call.action == "DataTransfer" and call.payload["vendorId"] == PLUG_AND_CHARGE
        if is_inner and self.data.draw(st.booleans(), label="inner"):
            inner = self.data.draw(answers("ocpp2.0.1", call.payload["messageId"]), label="answer")
            self.now += 0.5
            answer = {"status": "Accepted", "data": json.dumps(inner)}
            self.take(self.session.from_csms(Result(call.message_id, answer), self.now))
        else:
            super().reply(side, call)


@pytest.mark.parametrize("action", ["Authorize", "SignCertificate", "Get15118EVCertificate", "GetCertificateStatus"])
def test_plug_and_charge_of_a_station(action: str) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        wire = Talking(data, {}, Options(connectors={1: (1, 1)}))
        wire.call("station", action, data.draw(calls("ocpp2.0.1", action), label="call"), "s1")
        assert "SignCertificate" not in [call.action for _, call in wire.sent]

    holds()


@pytest.mark.parametrize("options", [Options(), FORWARD], ids=["guarded", "forwarded"])
@pytest.mark.parametrize(
    "message",
    ["CertificateSigned", "DeleteCertificate", "GetInstalledCertificateIds", "InstallCertificate", "TriggerMessage"],
)
def test_plug_and_charge_of_a_csms(message: str, options: Options) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        inner = data.draw(calls("ocpp2.0.1", message), label="call")
        wire = Wire(data, {}, options)
        wire.call("csms", "DataTransfer", transfer(PLUG_AND_CHARGE, message, inner), "c1")
        for _, call in wire.sent:
            assert call.payload.get("certificateType") not in ("CSMSRootCertificate", "ChargingStationCertificate")
        _, reply = wire.answers[-1]
        assert isinstance(reply, Result)
        assert ("data" in reply.payload) == (reply.payload["status"] == "Accepted")

    holds()


@QUICK
@given(st.data(), st.sampled_from(["RunningCost", "FinalCost", "SetUserPrice"]))
def test_costs(data: st.DataObject, message: str) -> None:
    known = {
        "transactionId": st.sampled_from([5, 6, "5"]) | JSON,
        "cost": st.sampled_from([0, 1.345, "2.50", 1e300, -1]) | JSON,
        "idToken": st.sampled_from(["AA", "x" * 50]) | JSON,
        "priceText": st.sampled_from(["0.40", "x" * 600]) | JSON,
        "priceTextExtra": st.lists(st.fixed_dictionaries({}, optional={"content": JSON, "format": JSON})) | JSON,
        "chargingPrice": JSON,
    }
    inner = data.draw(st.fixed_dictionaries({}, optional=known), label="inner")
    wire = Wire(data, json.loads(json.dumps(CHARGE)), Options(connectors={1: (1, 1)}))
    wire.call("csms", "DataTransfer", transfer(COST, message, inner), "c1")
    authorize = {"idToken": {"idToken": "AA", "type": "Central"}}
    wire.call("station", "Authorize", authorize, "s1")
