"""The handshake of one who dials: what is asked, which answers are right, however they are cut."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.handshakes import HandshakeError, accepted, is_key, read, refused, request

NONCE = bytes(range(16))
ACCEPT = base64.b64encode(
    hashlib.sha1(base64.b64encode(NONCE) + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest()
)
GOOD = (
    b"HTTP/1.1 101 Switching Protocols\r\nUPGRADE: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
)


def test_what_is_asked() -> None:
    asked = request("csms:9000", "/ocpp/CP-1", NONCE, ["ocpp2.0.1", "ocpp1.6"], "me", "Basic eA==").decode()
    assert asked.startswith("GET /ocpp/CP-1 HTTP/1.1\r\nHost: csms:9000\r\n")
    assert asked.endswith("\r\n\r\n")
    assert "\r\nSec-WebSocket-Protocol: ocpp2.0.1,ocpp1.6\r\n" in asked
    assert f"\r\nSec-WebSocket-Key: {base64.b64encode(NONCE).decode()}\r\n" in asked
    assert "\r\nAuthorization: Basic eA==\r\n" in asked
    assert "Authorization" not in request("csms", "/", NONCE, ["ocpp1.6"], "me", None).decode()


@pytest.mark.parametrize("more", ["\r\nX: y", "\n", "\0"])
def test_nothing_ends_a_header(more: str) -> None:
    with pytest.raises(ValueError, match="header"):
        request("csms", "/", NONCE, ["ocpp1.6"], "me", f"Basic eA=={more}")


@given(cut=st.integers(0, len(GOOD) - 1))
def test_an_answer_is_read_when_it_is_whole(cut: int) -> None:
    assert read(GOOD[:cut], NONCE) is None
    assert read(GOOD + b"\x81\x00", NONCE) == (101, True, "ocpp1.6", b"\x81\x00")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ACCEPT, b"x" + ACCEPT[1:]),
        (b"WebSocket\r\n", b"h2c\r\n"),
        (b"keep-alive, Upgrade", b"keep-alive"),
        (b"UPGRADE: WebSocket\r\n", b""),
    ],
)
def test_an_upgrade_that_is_none_is_not_accepted(old: bytes, new: bytes) -> None:
    answer = read(GOOD.replace(old, new), NONCE)
    assert answer is not None
    assert (answer.status, answer.accepted) == (101, False)


def test_refusals_and_what_comes_before_an_answer() -> None:
    assert read(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\nbody", NONCE) == (
        401,
        False,
        None,
        b"body",
    )
    assert read(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + GOOD, NONCE) == (101, True, "ocpp1.6", b"")
    assert read(b"HTTP/1.1 100 Continue\r\n\r\n", NONCE) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"SSH-2.0-x\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"x" * 20_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
    ],
)
def test_what_is_no_answer(octets: bytes) -> None:
    with pytest.raises(HandshakeError):
        read(octets, NONCE)


@given(octets=st.binary(max_size=400))
def test_whatever_comes_it_is_an_answer_or_none(octets: bytes) -> None:
    try:
        answer = read(octets, NONCE)
    except HandshakeError:
        return
    assert answer is None or not answer.accepted


@pytest.mark.parametrize(
    "text", [None, "", "x", "=", "AAAA", "é" * 24, "\udc80" * 24, base64.b64encode(bytes(15)).decode()]
)
def test_what_is_no_key(text: str | None) -> None:
    assert not is_key(text)


def test_what_is_accepted_is_what_one_who_dials_takes_for_it() -> None:
    nonce = bytes(range(16))
    key = base64.b64encode(nonce).decode()
    assert is_key(key)
    answer = read(accepted(key, "ocpp1.6", None) + b"more", nonce)
    assert answer is not None
    assert (answer.accepted, answer.subprotocol, answer.rest) == (True, "ocpp1.6", b"more")
    bare = accepted(key, None, "permessage-deflate; server_no_context_takeover")
    assert b"Protocol:" not in bare
    assert b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n" in bare


def test_a_refusal_has_its_length_also_where_its_text_stays_away() -> None:
    told = refused(503, "too many", {"Retry-After": "7"})
    head, _, body = told.partition(b"\r\n\r\n")
    assert body == b"too many\n"
    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    for line in (b"Content-Length: 9", b"Connection: close", b"Server: ocpp-gateway", b"Retry-After: 7"):
        assert line in head.split(b"\r\n")
    assert refused(503, "too many", {"Retry-After": "7"}, has_body=False) == head + b"\r\n\r\n"
    assert refused(499, "gone").startswith(b"HTTP/1.1 499 \r\n")
