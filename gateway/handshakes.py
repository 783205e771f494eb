"""The WebSocket handshake of one who dials (RFC 6455 section 4.1), without a socket. PURE.

Of our own, because a general HTTP library takes longer for it than TLS for its part, and a fleet that comes back waits
for nothing else.
"""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha1
from typing import NamedTuple

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HEAD_BYTES = 16 * 1024
_WORD_BREAKERS = frozenset("\r\n\0")


class HandshakeError(Exception):
    """An answer that is none to a handshake."""


class Answer(NamedTuple):
    """What a backend answered. `accepted`: with 101, rightly; `subprotocol`: what it chose, as it spelt it; `rest`: what
    followed."""

    status: int
    accepted: bool
    subprotocol: str | None
    rest: bytes


def request(
    host: str, target: str, nonce: bytes, subprotocols: Sequence[str], agent: str, authorization: str | None
) -> bytes:
    """The request, as octets. `host`: with its port where that is not the scheme's; `nonce`: 16 unpredictable octets. Raises
    ValueError for what would end a header."""
    headers = {
        "Host": host,
        "User-Agent": agent,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": b64encode(nonce).decode(),
        "Sec-WebSocket-Protocol": ",".join(subprotocols),
    }
    if authorization is not None:
        headers["Authorization"] = authorization
    lines = [f"GET {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if any(not _WORD_BREAKERS.isdisjoint(line) for line in lines):
        raise ValueError("a header that ends another")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read(octets: bytes, nonce: bytes) -> Answer | None:
    """The answer that these octets begin with, None while they are not all of it. Raises HandshakeError."""
    begin = 0
    while True:
        end = octets.find(b"\r\n\r\n", begin, _HEAD_BYTES)
        if end < 0:
            if len(octets) >= _HEAD_BYTES:
                raise HandshakeError("an answer without an end")
            return None
        status_line, _, fields = octets[begin:end].decode("latin-1").partition("\r\n")
        begin = end + 4
        status = _status(status_line)
        if status == 101 or status >= 200:
            break
        # 100 and its kin come before an answer (RFC 9110 section 15.2).
    headers: dict[str, str] = {}
    for line in fields.split("\r\n"):
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().casefold(), value.strip())
    accept = b64encode(sha1(b64encode(nonce) + _GUID, usedforsecurity=False).digest()).decode()
    accepted = (
        status == 101
        and headers.get("upgrade", "").casefold() == "websocket"
        and "upgrade" in [word.strip().casefold() for word in headers.get("connection", "").split(",")]
        and headers.get("sec-websocket-accept") == accept
    )
    return Answer(status, accepted, headers.get("sec-websocket-protocol"), octets[begin:])


def _status(line: str) -> int:
    version, _, rest = line.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit() and len(code) == 3):
        raise HandshakeError("no HTTP answer")
    return int(code)
