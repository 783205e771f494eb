"""Messages inside the data of a DataTransfer."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.inner import COST, PLUG_AND_CHARGE, is_from, message, packed, transfer, unpacked


def test_a_vendor_is_compared_without_case() -> None:
    assert is_from(COST, {"vendorId": " ORG.openchargealliance.CostMsg"})
    assert not is_from(COST, {"vendorId": PLUG_AND_CHARGE})


def test_what_is_packed_is_compact_and_comes_back() -> None:
    payload = {"certificate": "ü", "number": 1.5}
    assert packed(payload) == '{"certificate":"ü","number":1.5}'
    assert unpacked(packed(payload)) == payload
    assert transfer(COST, "RunningCost", {})["data"] == "{}"


@pytest.mark.parametrize("data", [None, "", "{", "[]", "17", '"text"', "[" * 5000, '{"a":"\\ud800"}', 5])
def test_what_is_no_object_is_nothing(data: object) -> None:
    assert unpacked(data) is None
    assert message(data, "TriggerMessage") is None


def test_an_object_that_was_not_made_a_text_is_taken_as_it_is() -> None:
    assert unpacked({"a": 1}) == {"a": 1}


def test_a_message_is_mended_as_any_other() -> None:
    assert message('{"requestedMessage":"signv2gcertificate","x":null,"y":1}', "TriggerMessage") == {
        "requestedMessage": "SignV2GCertificate"
    }


def test_what_is_too_long_to_be_sent_on_is_nothing() -> None:
    assert message(json.dumps({"csr": "x" * 5501}), "SignCertificate") is None
    assert message('{"status":"Perhaps"}', "SignCertificate", answer=True) is None


def test_nesting_is_no_way_in() -> None:
    deep = '{"requestedMessage":"SignV2GCertificate","customData":{"vendorId":"x","a":' + "[" * 900 + "]" * 900 + "}}"
    assert message(deep, "TriggerMessage") is None or isinstance(message(deep, "TriggerMessage"), dict)


@given(st.text())
def test_no_text_is_a_mishap(text: str) -> None:
    assert message(text, "Authorize") is None
