"""The identity is read once, strictly, before anything is looked up."""

import base64

import pytest

from gateway.identity import (
    BadCredentials,
    Basic,
    offered_subprotocols,
    read_basic,
    read_identity,
    segment_of,
)

PATTERNS = ("/{identity}", "/ocpp/{identity}")


@pytest.mark.parametrize("spelt", ["CP-1", "a" * 48, "RDAM|123", "x*_=+@.", "%43P-1", "CP%2D1"])
def test_identities(spelt: str) -> None:
    identity = read_identity(spelt)
    assert identity is not None
    assert identity.key == identity.spelt.casefold()


@pytest.mark.parametrize(
    "segment",
    [
        "",
        "a" * 49,
        "CP%2F1",
        "CP%00",
        "CP%0d%0aX: y",
        "CP%3A1",
        "CP:1",
        "CP 1",
        "CP%201",
        "é",
        "%C3%A9",
        "%FF",
        ".",
        "..",
        "%2e%2e",
        "CP%252F1",
    ],
)
def test_what_is_no_identity(segment: str) -> None:
    assert read_identity(segment) is None


def test_the_spelling_is_kept_for_the_backend_and_quoted_for_its_url() -> None:
    identity = read_identity("Rdam%7C12")
    assert identity is not None
    assert (identity.spelt, identity.key, identity.quoted) == ("Rdam|12", "rdam|12", "Rdam%7C12")


@pytest.mark.parametrize(
    ("target", "segment"),
    [
        ("/CP-1", "CP-1"),
        ("/ocpp/CP-1", "CP-1"),
        ("//ocpp///CP-1//", "CP-1"),
        ("///CP-1", "CP-1"),
        ("/ocpp/CP-1?token=x", "CP-1"),
        ("/ocpp/CP%2F1", "CP%2F1"),
        ("/other/CP-1", None),
        ("/ocpp/x/CP-1", None),
        ("/OCPP/CP-1", None),
        ("/ocpp", None),
        ("/ocpp/", None),
        ("/OCPP", "OCPP"),
        ("/", None),
        ("", None),
        ("http://gateway.example:8443/ocpp/CP-1?x=1", "CP-1"),
        ("WSS://gateway.example//CP-1", "CP-1"),
        ("http://gateway.example", None),
        ("ftp://gateway.example/CP-1", None),
    ],
)
def test_paths(target: str, segment: str | None) -> None:
    assert segment_of(target, PATTERNS) == segment


def _header(octets: bytes) -> str:
    return "Basic " + base64.b64encode(octets).decode()


def test_basic_credentials_hold_octets() -> None:
    assert read_basic(None) is None
    assert read_basic(_header(b"CP-1:\xff\x00:x")) == Basic("CP-1", b"\xff\x00:x")
    assert read_basic("basic " + base64.b64encode(b"CP-1:").decode()) == Basic("CP-1", b"")


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Bearer abc", _header(b"no colon")])
def test_bad_credentials(header: str) -> None:
    with pytest.raises(BadCredentials):
        read_basic(header)


@pytest.mark.parametrize(
    ("lines", "offered"),
    [
        (["ocpp1.6"], ["ocpp1.6"]),
        (["ocpp1.6, ocpp2.0.1"], ["ocpp1.6", "ocpp2.0.1"]),
        ([",ocpp2.0.1"], ["ocpp2.0.1"]),
        (["ocpp1.6", "ocpp1.5"], ["ocpp1.6", "ocpp1.5"]),
        ([], []),
        ([" , "], []),
    ],
)
def test_subprotocols(lines: list[str], offered: list[str]) -> None:
    assert offered_subprotocols(lines) == offered
