"""What fits its schema and says nothing."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.translators.generate import calls
from translators import mend, schemas
from translators.tidy import tidied


def tidy(action: str, payload: dict[str, Any], version: str = "ocpp1.6", *, answer: bool = False) -> dict[str, Any]:
    before = copy.deepcopy(payload)
    meant = tidied(version, action, payload, answer=answer)
    assert payload == before
    return meant


STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@pytest.mark.parametrize(
    "more",
    [
        {"info": ""},
        {"info": " \t"},
        {"info": "null", "vendorErrorCode": "NONE", "vendorId": ""},
        {"timestamp": ""},
        {"timestamp": "0"},
    ],
)
def test_a_status_that_says_nothing_more(more: dict[str, Any]) -> None:
    assert tidy("StatusNotification", {**STATUS, **more}) == STATUS
    # It is legal, so nobody is told.
    assert mend.read("ocpp1.6", "StatusNotification", {**STATUS, **more}) == (STATUS, [], None)


def test_what_says_something_is_the_same_object() -> None:
    payload = {**STATUS, "info": "none of these", "vendorErrorCode": "0", "timestamp": "2026-11-21T10:00:00Z"}
    assert tidied("ocpp1.6", "StatusNotification", payload) is payload


@pytest.mark.parametrize(
    ("action", "payload", "version", "answer"),
    [
        ("DataTransfer", {"vendorId": "V", "messageId": "", "data": ""}, "ocpp1.6", False),
        ("GetConfiguration", {"configurationKey": [{"key": "A", "readonly": True, "value": ""}]}, "ocpp1.6", True),
        ("BootNotification", {"chargePointVendor": "", "chargePointModel": ""}, "ocpp1.6", False),
        ("Authorize", {"idTag": ""}, "ocpp1.6", False),
        ("Authorize", {"idToken": {"idToken": "", "type": "NoAuthorization"}}, "ocpp2.0.1", False),
        ("Authorize", {"idTag": 5}, "ocpp1.6", False),
        ("StatusNotification", {"info": 5, "connectorId": []}, "ocpp1.6", False),
    ],
)
def test_what_is_required_a_vendors_or_odd_stays(action: str, payload: Any, version: str, answer: bool) -> None:
    assert tidied(version, action, payload, answer=answer) is payload


@pytest.mark.parametrize("tail", ["\x00", "\x10\x0e", "\r\n", "\x7f"])
def test_control_bytes_at_the_end_of_a_tag(tail: str) -> None:
    assert tidy("Authorize", {"idTag": "AB \x01CD" + tail}) == {"idTag": "AB \x01CD"}
    payload, mends, offence = mend.read("ocpp1.6", "Authorize", {"idTag": "A" * 20 + tail})
    assert (payload, mends, offence) == ({"idTag": "A" * 20}, ["tidied"], None)


def test_tags_in_answers_and_tokens() -> None:
    info = {"idTagInfo": {"status": "Accepted", "parentIdTag": "\x00", "expiryDate": ""}}
    assert tidy("Authorize", info, answer=True) == {"idTagInfo": {"status": "Accepted"}}
    token = {"idToken": {"idToken": "AB\x00", "type": "Central"}}
    assert tidy("Authorize", token, "ocpp2.0.1") == {"idToken": {"idToken": "AB", "type": "Central"}}


def test_whole_numbers_are_integers() -> None:
    told = {"timestamp": "x", "connectorStatus": "Occupied", "evseId": 1.0, "connectorId": 1}
    meant = tidy("StatusNotification", told, "ocpp2.0.1")
    assert type(meant["evseId"]) is int
    huge = {**told, "evseId": 1e300}
    assert tidied("ocpp2.0.1", "StatusNotification", huge) is huge


def test_an_empty_list_where_one_is_the_least_is_absent() -> None:
    event = {
        "eventType": "Updated",
        "timestamp": "x",
        "triggerReason": "Trigger",
        "seqNo": 1,
        "transactionInfo": {"transactionId": "T"},
    }
    assert tidy("TransactionEvent", {**event, "meterValue": []}, "ocpp2.0.1") == event
    required = {"evseId": 1, "meterValue": []}
    assert tidied("ocpp2.0.1", "MeterValues", required) is required


def test_a_rejected_schedule_holds_nothing() -> None:
    zeros = {"duration": 0, "chargingRateUnit": "", "chargingSchedulePeriod": [], "startSchedule": "0"}
    said = {"status": "Rejected", "connectorId": 0, "scheduleStart": "0", "chargingSchedule": zeros}
    payload, mends, offence = mend.read("ocpp1.6", "GetCompositeSchedule", said, answer=True)
    assert (payload, mends, offence) == ({"status": "Rejected", "connectorId": 0}, ["tidied"], None)
    _, _, offence = mend.read("ocpp1.6", "GetCompositeSchedule", {**said, "status": "Accepted"}, answer=True)
    assert offence is not None


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(schemas.VERSIONS))
def test_what_fits_its_schema_still_fits(data: st.DataObject, version: str) -> None:
    action = data.draw(st.sampled_from(sorted(schemas.STATION_ACTIONS[version])))
    payload = data.draw(calls(version, action))
    meant = tidy(action, payload, version)
    assert schemas.valid(version, action, meant, answer=False)
    assert tidied(version, action, meant) is meant


def test_fields_of_a_place() -> None:
    assert "idTag" in schemas.fields("ocpp1.6", "Authorize", (), answer=False)
    place = ("meterValue", 0, "sampledValue", 3, "unitOfMeasure")
    assert "unit" in schemas.fields("ocpp2.0.1", "MeterValues", place, answer=False)
    assert not schemas.fields("ocpp1.6", "Authorize", ("idTag", "x"), answer=False)
