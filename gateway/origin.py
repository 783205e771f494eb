"""Where a station is, when something stands in front of the gateway: PROXY protocol v2, forwarding headers. PURE.

Nothing here is believed by itself: the caller asks only for peers that are trusted proxies. Everybody else's headers are
ignored, and no header of a station's request ever reaches a backend.
"""

import struct
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from gateway.config import Network

HEAD_BYTES = 16
"""A PROXY v2 header begins with this many bytes, which tell how many follow."""

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_MOST_FOLLOWING = 2048
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_MOST_HOPS = 16


class NoProxyHeaderError(Exception):
    """What came first is no PROXY v2 header."""


def following(head: bytes) -> int:
    """How many bytes follow the first 16 of a PROXY v2 header. Raises NoProxyHeaderError."""
    if len(head) != HEAD_BYTES or head[:12] != _SIGNATURE or head[12] not in (_LOCAL, _PROXY):
        raise NoProxyHeaderError("no PROXY v2 header")
    (size,) = struct.unpack("!H", head[14:16])
    if size > _MOST_FOLLOWING:
        raise NoProxyHeaderError("the PROXY header is too long")
    return int(size)


def proxied(head: bytes, rest: bytes) -> str | None:
    """The address a PROXY v2 header tells; None: the proxy itself calls, or nothing is said. Raises
    NoProxyHeaderError."""
    if head[12] == _LOCAL:
        return None
    size = {_TCP4: 4, _TCP6: 16}.get(head[13])
    if size is None:
        return None
    if len(rest) < 2 * size + 4:
        raise NoProxyHeaderError("the PROXY header is too short")
    return str(ip_address(rest[:size]))


def is_trusted(address: str, trusted: Iterable[Network]) -> bool:
    """Whether the peer is one of these proxies."""
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
    """What one sender has: an IPv4 address, or a whole IPv6 network."""
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
