"""Where a station is, when something stands in front of the gateway: PROXY protocol v1 and v2, forwarding headers. PURE.

Nothing here is believed by itself: the caller asks only for peers that are trusted proxies. Everybody else's headers are
ignored, and no header of a station's request ever reaches a backend.
"""

from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from gateway.config import Network

_FIRST = 12
"""So many octets tell which version a PROXY header is of, and no header is shorter."""
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_HEAD = 16
"""Of a v2 header; then follows what it says."""
_MOST_FOLLOWING = 2048
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_WORD = b"PROXY "
_LONGEST_LINE = 107
"""Of v1, its end included."""
_LINE_FAMILIES: dict[str, type[IPv4Address | IPv6Address]] = {"TCP4": IPv4Address, "TCP6": IPv6Address}
_MOST_HOPS = 16


class NoProxyHeaderError(Exception):
    """What came first is no PROXY header."""


def missing(header: bytes) -> int:
    """How many octets of a PROXY header are certainly still to come after these; 0: it is whole. What stands behind it
    belongs to TLS or HTTP, so a reader asks for no more. Raises NoProxyHeaderError."""
    if len(header) < _FIRST:
        return _FIRST - len(header)
    if header.startswith(_WORD):
        return _missing_of_line(header)
    if not header.startswith(_SIGNATURE):
        raise NoProxyHeaderError("no PROXY header")
    if len(header) < _HEAD:
        return _HEAD - len(header)
    if header[12] not in (_LOCAL, _PROXY):
        raise NoProxyHeaderError("a PROXY header of another version")
    size = int.from_bytes(header[14:16], "big")
    if size > _MOST_FOLLOWING:
        raise NoProxyHeaderError("the PROXY header is too long")
    return _HEAD + size - len(header)


def _missing_of_line(header: bytes) -> int:
    if header.endswith(b"\r\n"):
        return 0
    if len(header) >= _LONGEST_LINE or b"\n" in header:
        raise NoProxyHeaderError("the PROXY line has no end")
    return 1 if header.endswith(b"\r") else 2


def proxied(header: bytes) -> str | None:
    """The address that a whole PROXY header tells; None: the proxy itself calls, or nothing is said. Raises
    NoProxyHeaderError."""
    if header.startswith(_WORD):
        return _told_in_line(header)
    if header[12] == _LOCAL:
        return None
    size = {_TCP4: 4, _TCP6: 16}.get(header[13])
    if size is None:
        return None
    rest = header[_HEAD:]
    if len(rest) < 2 * size + 4:
        raise NoProxyHeaderError("the PROXY header is too short")
    return str(ip_address(rest[:size]))


def _told_in_line(line: bytes) -> str | None:
    """Version 1: `PROXY TCP4 source destination port port`; what follows `UNKNOWN` is nobody's business."""
    words = line.removesuffix(b"\r\n").decode("latin-1").split(" ")
    if words[1] == "UNKNOWN":
        return None
    family = _LINE_FAMILIES.get(words[1])
    if family is None or len(words) != 6 or not all(_is_port(port) for port in words[4:]):
        raise NoProxyHeaderError("a PROXY line of no known form")
    try:
        source, _ = (family(address) for address in words[2:4])
    except ValueError:
        raise NoProxyHeaderError("a PROXY line without addresses") from None
    return str(source)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) < 65536


def is_trusted(address: str, trusted: Collection[Network]) -> bool:
    """Whether the peer is one of these proxies."""
    if not trusted:
        return False
    found = _address(address)
    return found is not None and any(found in network for network in trusted)


def forwarded_for(
    peer: str, forwarded: Sequence[str], x_forwarded_for: Sequence[str], trusted: Sequence[Network]
) -> str:
    """The last address that is not a trusted proxy's, by the header lines of a request whose peer is one. `Forwarded`
    (RFC 7239) goes before `X-Forwarded-For`. What stands left of an address that is not trusted is its own claim."""
    hops = _forwarded(forwarded) if forwarded else [hop.strip() for line in x_forwarded_for for hop in line.split(",")]
    source = peer
    for hop in reversed(hops[-_MOST_HOPS:]):
        address = _address(_without_port(hop))
        if address is None:
            break
        source = str(address)
        if not is_trusted(source, trusted):
            break
    return source


def network_of(source: str) -> str:
    """What one sender has: an IPv4 address, or a whole IPv6 network. `source`: as `accept` or this module tells it."""
    if ":" not in source:
        return source  # there is one way to write an IPv4 address
    address = _address(source)
    if address is None:
        return source
    return address.exploded[:19] if isinstance(address, IPv6Address) else str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _forwarded(lines: Sequence[str]) -> list[str]:
    found = []
    for line in lines:
        for element in line.split(","):
            for pair in element.split(";"):
                name, _, value = pair.strip().partition("=")
                if name.casefold() == "for":
                    found.append(value.strip().strip('"'))
    return found


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
