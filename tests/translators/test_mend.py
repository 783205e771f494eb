"""Read tolerantly, by rule, and name every mend."""

import copy
from typing import Any

import pytest

from translators import mend


def read(action: str, payload: dict[str, Any], version: str = "ocpp1.6", *, answer: bool = False) -> Any:
    before = copy.deepcopy(payload)
    result = mend.read(version, action, payload, answer=answer)
    assert payload == before
    return result


def sample(**more: Any) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "meterValue": [{"timestamp": "2026-11-21T10:00:00Z", "sampledValue": [{"value": "1", **more}]}],
    }


def test_what_fits_is_taken_as_it_is() -> None:
    payload = sample()
    assert mend.read("ocpp1.6", "MeterValues", payload) == (payload, [], None)
    assert mend.read("ocpp1.6", "MeterValues", payload)[0] is payload


@pytest.mark.parametrize(
    ("action", "given", "meant", "mend_named"),
    [
        ("Authorize", {"idTag": "A", "connectorId": 1}, {"idTag": "A"}, "unknown field connectorId"),
        ("Authorize", {"idTag": 1234}, {"idTag": "1234"}, "type of idTag"),
        (
            "StatusNotification",
            {"connectorId": "1", "errorCode": "NoError", "status": "Available"},
            {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
            "type of connectorId",
        ),
        (
            "StatusNotification",
            {"connectorId": 1.0, "errorCode": "NoError", "status": "available"},
            {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
            "enum of status",
        ),
        (
            "StatusNotification",
            {"connectorId": 1, "errorCode": "Error", "status": "Faulted"},
            {"connectorId": 1, "errorCode": "OtherError", "status": "Faulted"},
            "enum of errorCode",
        ),
        (
            "StopTransaction",
            {"transactionId": 1, "meterStop": 2, "timestamp": "x", "reason": "Tired"},
            {"transactionId": 1, "meterStop": 2, "timestamp": "x", "reason": "Other"},
            "enum of reason",
        ),
        (
            "StopTransaction",
            {"transactionId": 1, "meterStop": 2, "timestamp": "x", "reason": ""},
            {"transactionId": 1, "meterStop": 2, "timestamp": "x"},
            "enum of reason",
        ),
        (
            "StatusNotification",
            {"connectorId": 1, "status": "Faulted", "info": None},
            {"connectorId": 1, "status": "Faulted", "errorCode": "NoError"},
            "missing errorCode",
        ),
        (
            "BootNotification",
            {"chargePointModel": "X"},
            {"chargePointModel": "X", "chargePointVendor": "Unknown"},
            "missing chargePointVendor",
        ),
        (
            "StartTransaction",
            {"connectorId": 1, "idTag": "A", "timestamp": "x"},
            {"connectorId": 1, "idTag": "A", "timestamp": "x"},
            "missing meterStart",
        ),
        ("Authorize", {"idTag": "A" * 22}, {"idTag": "A" * 22}, "tolerated idTag: maxLength"),
    ],
)
def test_mends(action: str, given: Any, meant: Any, mend_named: str) -> None:
    payload, mends, offence = read(action, given)
    assert offence is None
    assert payload == meant
    assert mend_named in mends


def test_a_single_object_for_a_list_and_numbers_for_texts() -> None:
    payload, _, offence = read(
        "MeterValues", {"connectorId": 1, "meterValue": {"timestamp": "x", "sampledValue": {"value": 12.5}}}
    )
    assert offence is None
    assert payload["meterValue"] == [{"timestamp": "x", "sampledValue": [{"value": "12.5"}]}]


def test_an_optional_enum_without_meaning_is_dropped_the_sample_stays() -> None:
    payload, mends, offence = read("MeterValues", sample(context="CurrentMax", measurand="Voltage"))
    assert offence is None
    assert payload["meterValue"][0]["sampledValue"] == [{"value": "1", "measurand": "Voltage"}]
    assert mends == ["enum of context"]


@pytest.mark.parametrize("name", ["measurand", "unit", "phase", "location", "format"])
def test_what_says_which_reading_it_is_is_left_to_the_mapping(name: str) -> None:
    payload, mends, offence = read("MeterValues", sample(**{name: "Luminance"}))
    assert offence is None
    assert payload["meterValue"][0]["sampledValue"][0][name] == "Luminance"
    assert len(mends) == 1


@pytest.mark.parametrize(
    ("action", "payload", "keyword", "path"),
    [
        ("Authorize", {}, "required", ()),
        ("Authorize", {"idTag": None}, "required", ()),
        ("Authorize", {"idTag": {"a": 1}}, "type", ("idTag",)),
        ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Sleeping"}, "enum", ("status",)),
        ("StopTransaction", {"transactionId": 1, "meterStop": 5}, "required", ()),
        (
            "StartTransaction",
            {"connectorId": 1.5, "idTag": "A", "meterStart": 0, "timestamp": "x"},
            "type",
            ("connectorId",),
        ),
    ],
)
def test_what_cannot_be_meant_is_the_first_offence(action: str, payload: Any, keyword: str, path: Any) -> None:
    _, _, offence = read(action, payload)
    assert offence is not None
    assert (offence.keyword, offence.path) == (keyword, path)


def test_answers_are_read_the_same_way() -> None:
    payload, _, offence = read(
        "BootNotification",
        {"status": "accepted", "currentTime": "x", "heartbeatInterval": 5, "interval": "300"},
        answer=True,
    )
    assert offence is None
    assert payload == {"status": "Accepted", "currentTime": "x", "interval": 300}


def test_an_unknown_action_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        read("../../v201/schemas/HeartbeatRequest", {})


def test_numbers_that_are_none() -> None:
    for bad in ("nan", "inf", "1" * 50, True):
        _, _, offence = read("StatusNotification", {"connectorId": bad, "errorCode": "NoError", "status": "Available"})
        assert offence is not None


@pytest.mark.parametrize(
    ("action", "given", "meant"),
    [
        ("Authorize", {"IdTag": "A"}, {"idTag": "A"}),
        ("Authorize", {"idTag": "A", "IDTAG": "B"}, {"idTag": "A"}),
        ("StopTransaction", {"transactionId": "9223372036854775807", "meterStop": 5, "timestamp": "x"}, None),
        ("StopTransaction", {"transactionId": 5, "meterStop": "5.0", "timestamp": "x"}, None),
        ("StopTransaction", {"transactionId": 5.0, "meterStop": 5, "timestamp": "x", "idTag": "", "reason": ""}, None),
    ],
)
def test_names_and_numbers(action: str, given: Any, meant: Any) -> None:
    payload, mends, offence = read(action, given)
    assert offence is None
    assert mends
    if meant is None:
        number = 9223372036854775807 if len(str(given["transactionId"])) > 5 else 5
        meant = {"transactionId": number, "meterStop": 5, "timestamp": "x"}
    assert payload == meant
    assert all(type(value) is not float for value in payload.values())


@pytest.mark.parametrize("value", ["12,345", "1_000", "0x10", "1e3", "", "five", "1" * 40])
def test_numbers_that_could_be_others_are_no_reading(value: str) -> None:
    given = {"connectorId": 1, "idTag": "A", "meterStart": value, "timestamp": "x"}
    payload, mends, offence = read("StartTransaction", given)
    assert offence is None
    assert "meterStart" not in payload
    assert "missing meterStart" in mends


@pytest.mark.parametrize("tag", [12.5, 1e3, True])
def test_a_tag_is_never_made_of_what_was_no_text(tag: Any) -> None:
    _, mends, offence = read("Authorize", {"idTag": tag})
    assert offence is not None
    assert mends == []


def test_values_of_a_configuration_are_texts() -> None:
    given = {
        "configurationKey": [
            {"key": "A", "readonly": "False", "value": 5},
            {"key": "B", "readonly": 1, "value": True},
            {"key": "C", "readonly": 0, "value": 0.00001},
            {"key": "D", "readonly": True, "value": ""},
            {"key": "E", "readonly": True, "value": None},
        ],
        "unknownKey": "none",
    }
    payload, _, offence = read("GetConfiguration", given, answer=True)
    assert offence is None
    assert payload == {
        "configurationKey": [
            {"key": "A", "readonly": False, "value": "5"},
            {"key": "B", "readonly": True, "value": "true"},
            {"key": "C", "readonly": False, "value": "0.00001"},
            {"key": "D", "readonly": True, "value": ""},
            {"key": "E", "readonly": True},
        ]
    }


def test_a_201_boot_without_its_names() -> None:
    payload, mends, offence = read("BootNotification", {"chargingStation": {}}, "ocpp2.0.1")
    assert offence is None
    assert payload == {"reason": "Unknown", "chargingStation": {"model": "Unknown", "vendorName": "Unknown"}}
    assert len(mends) == 3


def test_a_value_that_breaks_two_rules_is_one_offence() -> None:
    _, _, offence = read("ChangeAvailability", {"operationalStatus": 0}, "ocpp2.0.1")
    assert offence is not None
    assert offence.path == ("operationalStatus",)


def test_what_is_a_vendors_keeps_its_nulls() -> None:
    given = {"vendorId": "V", "data": {"a": None}, "extra": 1, "customData": {"vendorId": "V", "b": None}}
    payload, _, offence = read("DataTransfer", given, "ocpp2.0.1")
    assert offence is None
    assert payload == {"vendorId": "V", "data": {"a": None}, "customData": {"vendorId": "V", "b": None}}


def test_mends_that_are_named_are_few() -> None:
    payload, mends, offence = read("Authorize", {"idTag": "A", **{f"x{number}" * 20: 1 for number in range(500)}})
    assert (payload, offence) == ({"idTag": "A"}, None)
    assert len(mends) == 20
    assert all(len(one) < 70 for one in mends)
