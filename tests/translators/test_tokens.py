"""Tags and tokens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators import schemas, tokens


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("04a1b2c3", "ISO14443"),
        ("04A1B2C3D4E5F6", "ISO14443"),
        ("04A1B2C3D4E5F6A7B8C9", "ISO14443"),
        ("E004010012345678", "ISO15693"),
        ("04A1B2C3\x03\x00", "ISO14443"),
        ("04A1B2C3D4", "Central"),
        ("BADCARD1", "Central"),
        ("APP-USER-9", "Central"),
        ("A1B2C3D4E5F6", "Central"),
        ("DE-8AA-C12345678-9", "Central"),
        ("", "NoAuthorization"),
        ("\x00", "NoAuthorization"),
        ("٠٤٠٤٠٤٠٤", "Central"),
    ],
)
def test_type_of_a_tag(tag: str, kind: str) -> None:
    assert tokens.type_of(tag) == kind


def test_types_that_must_be_asked_for() -> None:
    assert tokens.type_of("A1B2C3D4E5F6", mac=True) == "MacAddress"
    assert tokens.type_of("DE-8AA-C12345678-9", emaid=True) == "eMAID"
    assert tokens.type_of("DE8AA12345678", emaid=True) == "eMAID"
    assert tokens.type_of("04A1B2C3", policy="Central") == "Central"
    assert tokens.type_of("", policy="Central") == "NoAuthorization"


def test_trailing_control_bytes_are_no_part_of_a_tag() -> None:
    assert tokens.clean("12345678901234567890\x03\r") == "12345678901234567890"
    assert tokens.clean("\x03AB CD ") == "\x03AB CD "
    assert tokens.key("App-User-9\x00") == tokens.key("APP-USER-9")


def test_token_of_a_tag_keeps_its_spelling() -> None:
    assert tokens.id_token_for("04a1b2c3\x00", "ISO14443") == {"idToken": "04a1b2c3", "type": "ISO14443"}
    assert tokens.id_token_for("x" * 36, "Central") == {"idToken": "x" * 36, "type": "Central"}
    assert tokens.id_token_for("x" * 37, "Central") is None


def test_tag_of_a_token() -> None:
    assert tokens.id_tag_for({"idToken": "x" * 20, "type": "Central"}) == "x" * 20
    assert tokens.id_tag_for({"idToken": "3d5f8f8e-aaaa-4bbb-8ccc-0123456789ab", "type": "Central"}) is None
    assert tokens.id_tag_for({"idToken": "04a1B2c3", "type": "ISO14443"}, stand_in="FREE") == "04a1B2c3"
    assert tokens.id_tag_for({"idToken": "", "type": "NoAuthorization"}) is None
    assert tokens.id_tag_for({"idToken": "", "type": "NoAuthorization"}, stand_in="FREE") == "FREE"


def test_info_to_1_6() -> None:
    info = {
        "status": "Accepted",
        "cacheExpiryDateTime": "2026-11-21T23:00:00Z",
        "groupIdToken": {"idToken": "FLEET-7", "type": "Central"},
    }
    lost: list[str] = []
    becomes = tokens.id_tag_info(info, lost)
    assert list(becomes.items()) == [
        ("status", "Accepted"),
        ("expiryDate", "2026-11-21T23:00:00Z"),
        ("parentIdTag", "FLEET-7"),
    ]
    assert lost == []
    assert schemas.valid("ocpp1.6", "Authorize", {"idTagInfo": becomes}, answer=True)


def test_info_to_1_6_tells_what_it_lost() -> None:
    info: dict[str, Any] = {
        "status": "ConcurrentTx",
        "cacheExpiryDateTime": "soon",
        "chargingPriority": 1,
        "groupIdToken": {"idToken": "g" * 21, "type": "Central"},
        "personalMessage": {"format": "UTF8", "content": "hello"},
    }
    lost: list[str] = []
    assert tokens.id_tag_info(info, lost, start=True) == {"status": "ConcurrentTx"}
    assert lost == ["cacheExpiryDateTime", "groupIdToken", "chargingPriority", "personalMessage"]
    assert tokens.id_tag_info(info) == {"status": "Blocked"}


def test_info_to_2_0_1() -> None:
    lost: list[str] = []
    info = {"expiryDate": "2026-11-21T23:00:00+01", "parentIdTag": "FLEET-7", "status": "Accepted"}
    becomes = tokens.id_token_info(info, lost)
    assert list(becomes.items()) == [
        ("status", "Accepted"),
        ("cacheExpiryDateTime", "2026-11-21T22:00:00Z"),
        ("groupIdToken", {"idToken": "FLEET-7", "type": "Central"}),
    ]
    assert schemas.valid("ocpp2.0.1", "Authorize", {"idTokenInfo": becomes}, answer=True)
    assert tokens.id_token_info({"status": "Blocked", "expiryDate": "0", "parentIdTag": ""}, lost) == {
        "status": "Blocked"
    }
    assert lost == ["expiryDate"]


@given(
    st.fixed_dictionaries(
        {"status": st.sampled_from(["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"])},
        optional={
            "expiryDate": st.just("2026-11-21T23:00:00.5Z"),
            "parentIdTag": st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20),
        },
    )
)
def test_info_of_1_6_comes_back_whole(info: dict[str, Any]) -> None:
    lost: list[str] = []
    assert tokens.id_tag_info(tokens.id_token_info(info, lost), lost, start=True) == info
    assert lost == []


def test_an_alias_is_a_tag_and_the_same_for_every_spelling() -> None:
    token = "3d5f8f8e-aaaa-4bbb-8ccc-0123456789ab"
    # Written down here because operators enter it in their CSMS: it must never change.
    assert tokens.alias_of(token) == tokens.alias_of(token.upper()) == "ALIASFAUFEGEDJADLIOE"
    assert tokens.id_tag_for({"idToken": token, "type": "Central"}, alias=True) == tokens.alias_of(token)
    assert tokens.id_tag_for({"idToken": token, "type": "Central"}) is None
    assert tokens.id_tag_for({"idToken": "CARD1", "type": "Central"}, alias=True) == "CARD1"
    assert tokens.alias_of(token) != tokens.alias_of(token[:-1] + "c")


def test_a_group_has_an_alias_where_that_is_wanted() -> None:
    info = {"status": "Accepted", "groupIdToken": {"idToken": "G" * 21, "type": "Central"}}
    lost: list[str] = []
    assert tokens.id_tag_info(info, lost) == {"status": "Accepted"}
    assert lost == ["groupIdToken"]
    assert tokens.id_tag_info(info, alias=True)["parentIdTag"] == tokens.alias_of("G" * 21)
