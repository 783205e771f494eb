"""A 1.6 station and a 1.6 CSMS with 2.0.1 between them: what both versions can say comes out as it went in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.translators.both16 import BEGAN, ENERGY, MOMENTS, SOME, TAGS, answered, drawn, meant, same, wire
from translators.frames import Payload
from translators.numbers import decimal_of
from translators.times import iso, normalise
from translators.words import IMPLIED_UNIT, MEASURAND, REGISTER, stop_reason_16, stopped_201


@SOME
@given(st.data())
def test_boot(data: st.DataObject) -> None:
    both = wire()
    call, answer = drawn(data, "BootNotification"), answered(data, "BootNotification")
    told = both.station("BootNotification", call, answer)
    assert same(told) == meant("BootNotification", answer, answer=True)
    said = {name: value.strip() for name, value in call.items() if isinstance(value, str) and value.strip()}
    number = said.get("chargePointSerialNumber", said.get("chargeBoxSerialNumber"))
    expected = {
        **{name: said.get(name, "Unknown") for name in ("chargePointVendor", "chargePointModel")},
        **{name: said[name] for name in ("firmwareVersion", "iccid", "imsi") if name in said},
        **({"chargePointSerialNumber": number} if number else {}),
    }
    assert both.last("csms", "BootNotification") == expected
    # What no 2.0.1 station has, and the reason that no 1.6 station tells.
    assert both.lost <= {"reason"}


@SOME
@given(st.data(), TAGS)
def test_authorize(data: st.DataObject, tag: str) -> None:
    both = wire()
    answer = answered(data, "Authorize")
    told = both.station("Authorize", {"idTag": tag}, answer)
    assert both.heard["csms"] == [("Authorize", {"idTag": tag})]
    info = meant("Authorize", answer, answer=True)["idTagInfo"]
    info["status"] = "Blocked" if info["status"] == "ConcurrentTx" else info["status"]  # 1.6 section 7.2
    assert told is not None
    assert same(told)["idTagInfo"] == info
    assert not both.lost


FREE = {"Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing"}


@SOME
@given(st.data(), MOMENTS)
def test_status(data: st.DataObject, at: str) -> None:
    """Of a connector without a transaction, which 2.0.1 calls Occupied whatever it waits for."""
    both = wire()
    both.answers["csms"]["StatusNotification"] = {}
    call = drawn(data, "StatusNotification", connectorId=data.draw(st.integers(0, 2)), timestamp=at)
    if call["connectorId"] == 0:
        call["status"] = data.draw(st.sampled_from(["Available", "Unavailable", "Faulted"]))
    assert both.station("StatusNotification", call) == {}
    told = both.last("csms", "StatusNotification")
    assert told["connectorId"] in (call["connectorId"], 0)  # some errors are of the station as a whole
    of_place = [payload for name, payload in both.heard["csms"] if payload.get("connectorId") == call["connectorId"]]
    assert of_place[-1]["status"] == ("Preparing" if call["status"] in FREE else call["status"])
    if call["errorCode"] != "NoError":
        assert told["errorCode"] == call["errorCode"]


SAMPLES = st.fixed_dictionaries(
    {"value": st.integers(-(10**9), 10**9).map(lambda value: str(value / 100))},
    optional={
        "context": st.sampled_from(["Sample.Clock", "Sample.Periodic", "Trigger", "Interruption.Begin", "Other"]),
        "measurand": st.sampled_from(sorted(MEASURAND.to_201)),
        "phase": st.sampled_from(["L1", "L2-N", "N", "L3-L1"]),
        "location": st.sampled_from(["Body", "Cable", "EV", "Inlet", "Outlet"]),
        "unit": st.sampled_from(["Wh", "kWh", "W", "kW", "A", "V", "Celsius", "Percent", "kvarh"]),
    },
)
VALUES = st.lists(
    st.tuples(MOMENTS, st.lists(SAMPLES, min_size=1, max_size=3)).map(
        lambda pair: {"timestamp": pair[0], "sampledValue": pair[1]}
    ),
    min_size=1,
    max_size=3,
)


def readings(values: list[Payload]) -> list[tuple[Any, ...]]:
    """Each sample with all that it means, in order: energy and Wh where it does not say of what (1.6 section 7.43)."""
    return [
        (
            normalise(value["timestamp"]),
            decimal_of(sample["value"]),
            measurand := sample.get("measurand") or (REGISTER if sample.get("unit", "Wh") in ("Wh", "kWh") else None),
            sample.get("unit") or ("Wh" if measurand == REGISTER else IMPLIED_UNIT.get(measurand)),
            *(sample.get(name) for name in ("context", "phase", "location")),
        )
        for value in values
        for sample in value["sampledValue"]
    ]


@SOME
@given(VALUES, st.integers(0, 2))
def test_meter_values_outside_a_transaction(values: list[Payload], number: int) -> None:
    both = wire()
    call = {"connectorId": number, "meterValue": values}
    assert both.station("MeterValues", call, {}) == {}
    told = both.last("csms", "MeterValues")
    assert (told["connectorId"], "transactionId" in told) == (number, False)
    assert readings(told["meterValue"]) == readings(values)
    assert not both.lost


REASONS = st.sampled_from(
    "DeAuthorized EmergencyStop EVDisconnected Local Other PowerLoss Reboot Remote HardReset SoftReset UnlockCommand".split()
)


@SOME
@given(
    st.fixed_dictionaries(
        {"connectorId": st.integers(1, 2), "idTag": TAGS, "meterStart": ENERGY, "timestamp": st.just(iso(BEGAN))},
        optional={"reservationId": st.integers(1, 2**31 - 1)},
    ),
    st.integers(-(2**31), 2**31 - 1),
    VALUES,
    st.tuples(ENERGY, MOMENTS, st.one_of(st.none(), REASONS), st.one_of(st.none(), VALUES)),
    st.booleans(),
)
def test_a_transaction(
    start: Payload, number: int, values: list[Payload], stop: tuple[int, str, str | None, Any], says_who: bool
) -> None:
    both = wire()
    both.answers["csms"] |= {"StatusNotification": {}, "Authorize": {"idTagInfo": {"status": "Accepted"}}}
    taken = {"idTagInfo": {"status": "Accepted"}, "transactionId": number}
    mine = both.station("StartTransaction", start, taken)
    assert mine is not None
    assert mine["idTagInfo"] == taken["idTagInfo"]
    # A start needs a car: the one that came without a status is told by its first charging state.
    both.station(
        "StatusNotification", {"connectorId": start["connectorId"], "errorCode": "NoError", "status": "Charging"}
    )
    assert same(both.last("csms", "StartTransaction")) == same(start)
    assert [name for name, _ in both.heard["csms"]].count("StartTransaction") == 1

    told_before = len(both.heard["csms"])
    call = {"connectorId": start["connectorId"], "transactionId": mine["transactionId"], "meterValue": values}
    assert both.station("MeterValues", call, {}) == {}
    told = [payload for name, payload in both.heard["csms"][told_before:] if name == "MeterValues"]
    assert {(one["connectorId"], one["transactionId"]) for one in told} == {(start["connectorId"], number)}
    assert readings([value for one in told for value in one["meterValue"]]) == readings(values)

    meter_stop, at, reason, data = stop
    ended = {
        "transactionId": mine["transactionId"],
        "meterStop": meter_stop,
        "timestamp": at,
        **({"reason": reason} if reason else {}),
        **({"transactionData": data} if data else {}),
        **({"idTag": start["idTag"]} if says_who else {}),
    }
    assert both.station("StopTransaction", ended, {"idTagInfo": {"status": "Accepted"}}) is not None
    last = both.last("csms", "StopTransaction")
    assert (last["transactionId"], last["meterStop"], last["timestamp"]) == (number, meter_stop, normalise(at))
    # No Reset was asked for and no unlocking: the station's word for it is what 2.0.1 makes of it without them.
    assert last["reason"] == stop_reason_16(stopped_201(reason, reset_pending=False).stopped_reason)
    # The register at the stop joins the data, for 2.0.1 has no other place for it.
    assert readings(last["transactionData"])[: len(readings(data or []))] == readings(data or [])
    names_who = says_who and reason in (None, "Local", "DeAuthorized", "EVDisconnected")
    assert last.get("idTag") == (start["idTag"] if names_who else None)
    assert not both.lost


@pytest.mark.parametrize("status", ["Downloaded", "DownloadFailed", "Downloading", "InstallationFailed", "Installing"])
def test_firmware_status(status: str) -> None:
    both = wire()
    assert both.station("FirmwareStatusNotification", {"status": status}, {}) == {}
    assert both.heard["csms"] == [("FirmwareStatusNotification", {"status": status})]


@pytest.mark.parametrize("status", ["Idle", "Uploaded", "UploadFailed", "Uploading"])
def test_diagnostics_status(status: str) -> None:
    both = wire()
    assert both.station("DiagnosticsStatusNotification", {"status": status}, {}) == {}
    assert both.heard["csms"] == [("DiagnosticsStatusNotification", {"status": status})]


TEXTS = st.fixed_dictionaries(
    {"vendorId": st.text(min_size=1, max_size=20)},
    optional={"messageId": st.text(min_size=1, max_size=20), "data": st.text(max_size=40)},
)


@SOME
@given(st.data(), TEXTS, st.booleans())
def test_data_transfer(data: st.DataObject, call: Payload, from_station: bool) -> None:
    both = wire()
    answer = answered(data, "DataTransfer")
    ask = both.station if from_station else both.csms
    assert ask("DataTransfer", call, answer) == answer
    assert both.heard["csms" if from_station else "station"] == [("DataTransfer", call)]
    assert not both.lost


@SOME
@given(MOMENTS, st.text(max_size=255))
def test_a_security_event(at: str, more: str) -> None:
    both = wire()
    call = {"type": "FirmwareUpdated", "timestamp": at, "techInfo": more}
    assert both.station("SecurityEventNotification", call, {}) == {}
    assert same(both.last("csms", "SecurityEventNotification")) == meant("SecurityEventNotification", call)
    assert not both.lost
