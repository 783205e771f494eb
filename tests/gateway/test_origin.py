"""Where a station is, by what a trusted proxy says, and what a station cannot make us believe."""

import struct
from ipaddress import ip_address, ip_network

import pytest

from gateway.origin import NoProxyHeaderError, following, forwarded_for, is_trusted, network_of, proxied

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
TRUSTED = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]


def header(source: str, command: int = 0x21, family: int | None = None, more: bytes = b"") -> bytes:
    address = ip_address(source)
    body = address.packed * 2 + struct.pack("!HH", 1, 2) + more
    kind = family if family is not None else (0x11 if address.version == 4 else 0x21)
    return SIGNATURE + bytes([command, kind]) + struct.pack("!H", len(body)) + body


@pytest.mark.parametrize("source", ["192.0.2.7", "2001:db8::7"])
def test_proxy_header(source: str) -> None:
    for more in (b"", b"\x04\x00\x01x"):
        found = header(source, more=more)
        assert following(found[:16]) == len(found) - 16
        assert proxied(found[:16], found[16:]) == source


def test_proxy_headers_that_tell_nothing() -> None:
    for found in (header("192.0.2.7", command=0x20), header("192.0.2.7", family=0x00)):
        assert proxied(found[:16], found[16:]) is None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET /CP-1 HTTP/1",
        b"PROXY TCP4 192.0",
        SIGNATURE + b"\x11\x11\x00\x0c",
        SIGNATURE + b"\x22\x11\x00\x0c",
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_no_proxy_header(head: bytes) -> None:
    with pytest.raises(NoProxyHeaderError):
        following(head)


def test_a_proxy_header_that_is_too_short() -> None:
    with pytest.raises(NoProxyHeaderError):
        proxied(SIGNATURE + b"\x21\x11\x00\x04", b"\x01\x02\x03\x04")


@pytest.mark.parametrize(
    ("forwarded", "x_forwarded", "source"),
    [
        ([], ["192.0.2.7"], "192.0.2.7"),
        ([], ["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        ([], ["6.6.6.6", "192.0.2.7, 10.0.0.9"], "192.0.2.7"),
        ([], ["192.0.2.7:4711"], "192.0.2.7"),
        ([], ["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
        ([], ["6.6.6.6, unknown"], "10.0.0.1"),
        ([], [], "10.0.0.1"),
        (['for="[2001:db9::7]:4711";proto=https'], ["6.6.6.6"], "2001:db9::7"),
        (["for=6.6.6.6, For=192.0.2.7;by=10.0.0.1"], [], "192.0.2.7"),
        (["by=10.0.0.1"], ["6.6.6.6"], "10.0.0.1"),
    ],
)
def test_forwarding_headers(forwarded: list[str], x_forwarded: list[str], source: str) -> None:
    assert forwarded_for("10.0.0.1", forwarded, x_forwarded, TRUSTED) == source


def test_trust_and_networks() -> None:
    assert is_trusted("10.1.2.3", TRUSTED)
    assert is_trusted("::ffff:10.1.2.3", TRUSTED)
    assert not is_trusted("192.0.2.7", TRUSTED)
    assert not is_trusted("no address", TRUSTED)
    assert network_of("192.0.2.7") == network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff%eth0") != network_of("2001:db8:0:1::1")
    assert network_of("somewhere") == "somewhere"
