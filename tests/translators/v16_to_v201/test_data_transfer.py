"""The conventions inside DataTransfers: whatever fits comes out fitting, whatever the other side makes of it."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.translators.generate import answers, calls
from tests.translators.v16_to_v201.wire import Wire
from translators.frames import Call, Result
from translators.inner import COST, PLUG_AND_CHARGE, transfer
from translators.options import Options

QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
FORWARD = Options(
    guard=dict.fromkeys(("CertificateSigned", "DeleteCertificate", "InstallCertificate", "SignCertificate"), "forward")
)
TX = "7f3f0a5e-6a0c-5c7e-9d53-2f6f5b1a9c11"
CHARGE: dict[str, Any] = {
    "tx/5": {
        "int": 5,
        "uuid": TX,
        "mark": "m",
        "connector": 1,
        "idTag": "AA",
        "started": "2026-11-18T11:00:00Z",
        "seqNo": 1,
        "chargingState": "Charging",
        "at": 1_795_000_000.0,
        "waiting": [],
        "startAnswer": {"idTagInfo": {"status": "Accepted"}, "transactionId": 5},
    }
}


class Talking(Wire):
    """The station answers what stands in the data, more often than not."""

    def reply(self, side: str, call: Call) -> None:
        is_inner = call.action == "DataTransfer" and call.payload["vendorId"] == PLUG_AND_CHARGE
        if is_inner and self.data.draw(st.booleans(), label="inner"):
            inner = self.data.draw(answers("ocpp2.0.1", call.payload["messageId"]), label="answer")
            self.now += 0.5
            self.feed(side, Result(call.message_id, {"status": "Accepted", "data": json.dumps(inner)}))
        else:
            super().reply(side, call)


@pytest.mark.parametrize("message", ["Authorize", "SignCertificate", "Get15118EVCertificate", "GetCertificateStatus"])
def test_a_station_with_plug_and_charge_hears_no_error(message: str) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        inner = data.draw(calls("ocpp2.0.1", message), label="call")
        wire = Wire(data, {}, Options())
        reply = wire.call("station", "DataTransfer", transfer(PLUG_AND_CHARGE, message, inner), "s1")
        assert isinstance(reply, Result)
        assert ("data" in reply.payload) == (reply.payload["status"] == "Accepted")

    holds()


@pytest.mark.parametrize("options", [Options(), FORWARD], ids=["guarded", "forwarded"])
@pytest.mark.parametrize(
    "action", ["CertificateSigned", "DeleteCertificate", "GetInstalledCertificateIds", "InstallCertificate"]
)
def test_certificates(action: str, options: Options) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        call = data.draw(calls("ocpp2.0.1", action), label="call")
        wire = Talking(data, {}, options)
        wire.call("csms", action, call, "c1")
        if options is not FORWARD:
            assert "CertificateSigned" not in [sent.action for sent in wire.sent]
            installs = [sent.payload for sent in wire.sent if sent.action == "InstallCertificate"]
            assert all(one["certificateType"] != "CentralSystemRootCertificate" for one in installs)

    holds()


@QUICK
@given(st.data(), st.sampled_from([None, "true", "False"]))
def test_costs(data: st.DataObject, shown: str | None) -> None:
    memory: dict[str, Any] = json.loads(json.dumps(CHARGE)) | (
        {} if shown is None else {"station/keys": {"CustomDisplayCostAndPrice": shown}}
    )
    wire = Wire(data, memory, Options())
    call = {**data.draw(calls("ocpp2.0.1", "CostUpdated"), label="call"), "transactionId": TX}
    wire.call("csms", "CostUpdated", call, "c1")
    values = {**data.draw(calls("ocpp1.6", "MeterValues"), label="values"), "connectorId": 1, "transactionId": 5}
    wire.call("station", "MeterValues", values, "s1")
    if not wire.closed:
        stop = {**data.draw(calls("ocpp1.6", "StopTransaction"), label="stop"), "transactionId": 5}
        wire.call("station", "StopTransaction", stop, "s2")
    told = [sent.payload for sent in wire.sent if sent.action == "DataTransfer"]
    assert all(one["vendorId"] == COST and json.loads(one["data"])["transactionId"] == 5 for one in told)
    assert shown != "False" or not told
