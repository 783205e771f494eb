"""Where a station is, by what a trusted proxy says, and what a station cannot make us believe."""

import struct
from ipaddress import ip_address, ip_network

import pytest

from gateway.origin import NoProxyHeaderError, forwarded_for, is_trusted, missing, network_of, proxied

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
TRUSTED = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]


def header(source: str, command: int = 0x21, family: int | None = None, more: bytes = b"") -> bytes:
    address = ip_address(source)
    body = address.packed * 2 + struct.pack("!HH", 1, 2) + more
    kind = family if family is not None else (0x11 if address.version == 4 else 0x21)
    return SIGNATURE + bytes([command, kind]) + struct.pack("!H", len(body)) + body


def read(stream: bytes) -> tuple[str | None, bytes]:
    """As the door reads it: the address, and what is left for who comes after."""
    taken = 0
    while more := missing(stream[:taken]):
        taken += more
        assert taken <= len(stream), "it wants more than there is"
    return proxied(stream[:taken]), stream[taken:]


@pytest.mark.parametrize("source", ["192.0.2.7", "2001:db8::7"])
def test_proxy_header(source: str) -> None:
    for more in (b"", b"\x04\x00\x01x"):
        assert read(header(source, more=more) + b"GET") == (source, b"GET")


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("PROXY TCP4 192.0.2.7 192.0.2.8 4711 443", "192.0.2.7"),
        ("PROXY TCP4 1.1.1.1 2.2.2.2 1 1", "1.1.1.1"),
        ("PROXY TCP6 2001:db8::7 2001:db8::8 4711 65535", "2001:db8::7"),
        ("PROXY TCP6 " + " ".join(["ffff:" * 7 + "ffff"] * 2) + " 65535 65535", "ffff:" * 7 + "ffff"),
        ("PROXY UNKNOWN", None),
        ("PROXY UNKNOWN " + " ".join(["ffff:" * 7 + "ffff"] * 2) + " 65535 65535", None),
    ],
)
def test_the_line_of_version_1(line: str, source: str | None) -> None:
    assert read(f"{line}\r\n".encode() + b"\x16\x03\x01") == (source, b"\x16\x03\x01")


def test_proxy_headers_that_tell_nothing() -> None:
    for found in (header("192.0.2.7", command=0x20), header("192.0.2.7", family=0x00)):
        assert read(found) == (None, b"")


@pytest.mark.parametrize(
    "stream",
    [
        b"GET /CP-1 HTTP/1",
        SIGNATURE + b"\x11\x11\x00\x0c",
        SIGNATURE + b"\x22\x11\x00\x0c",
        SIGNATURE + b"\x21\x11\xff\xff",
        SIGNATURE + b"\x21\x11\x00\x04\x01\x02\x03\x04",
        b"PROXY TCP4 192.0.2.7 192.0.2.8 4711\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.8 4711 443 5\r\n",
        b"PROXY TCP4 192.0.2.7  192.0.2.8 4711 443\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.8 4711 65536\r\n",
        b"PROXY TCP4 192.0.2.7 192.0.2.8 4711 -443\r\n",
        b"PROXY TCP4 192.0.2.777 192.0.2.8 4711 443\r\n",
        b"PROXY TCP4 2001:db8::7 2001:db8::8 4711 443\r\n",
        b"PROXY TCP6 192.0.2.7 192.0.2.8 4711 443\r\n",
        b"PROXY TCP4 evil 192.0.2.8 4711 443\r\n",
        b"PROXY UDP4 192.0.2.7 192.0.2.8 4711 443\r\n",
        b"PROXY TCP4\n192.0.2.7 192.0.2.8 4711 443\r\n",
        b"PROXY " + b"x" * 200 + b"\r\n",
    ],
)
def test_no_proxy_header(stream: bytes) -> None:
    with pytest.raises(NoProxyHeaderError):
        read(stream)


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
