"""The WebSocket handshake (RFC 6455 section 4), without a socket: of one who dials, and the answer to one who did. PURE.

Of our own, because a general HTTP library takes longer for it than TLS for its part, and a fleet that comes back waits
for nothing else.
"""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from hashlib import sha1
from http import HTTPStatus
from typing import NamedTuple

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HEAD_BYTES = 16 * 1024
_WORD_BREAKERS = frozenset("\r\n\0")
_SERVER = "ocpp-gateway"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


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
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {host}",
        f"User-Agent: {agent}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {b64encode(nonce).decode()}",
        f"Sec-WebSocket-Protocol: {','.join(subprotocols)}",
    ]
    if authorization is not None:
        lines.append(f"Authorization: {authorization}")
    if not _WORD_BREAKERS.isdisjoint("".join(lines)):
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
    accepted = (
        status == 101
        and headers.get("upgrade", "").casefold() == "websocket"
        and "upgrade" in [word.strip().casefold() for word in headers.get("connection", "").split(",")]
        and headers.get("sec-websocket-accept") == _proof(b64encode(nonce))
    )
    return Answer(status, accepted, headers.get("sec-websocket-protocol"), octets[begin:])


def is_key(text: str | None) -> bool:
    """Whether it is what `Sec-WebSocket-Key` has to be (section 4.2.1)."""
    try:
        return text is not None and len(b64decode(text)) == 16
    except (Error, ValueError):
        return False


def accepted(key: str, subprotocol: str | None, extension: str | None) -> bytes:
    """The answer to a handshake that is accepted, as octets (section 4.2.2). `key`: what `is_key` said yes to; `extension`:
    its `Sec-WebSocket-Extensions`."""
    text = (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        f"Sec-WebSocket-Accept: {_proof(key.encode())}\r\nServer: {_SERVER}\r\n"
    )
    if subprotocol is not None:
        text += f"Sec-WebSocket-Protocol: {subprotocol}\r\n"
    if extension is not None:
        text += f"Sec-WebSocket-Extensions: {extension}\r\n"
    return (text + "\r\n").encode()


def refused(status: int, text: str, headers: Mapping[str, str] = {}, *, has_body: bool = True) -> bytes:
    """The answer to a request that is none to be accepted, as octets. `text`: for people; without `has_body` its length alone
    is told, as HEAD asks for."""
    body = f"{text}\n".encode()
    head = {
        "Connection": "close",
        "Content-Length": str(len(body)),
        "Content-Type": "text/plain; charset=utf-8",
        "Server": _SERVER,
        **headers,
    }
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}", *(f"{name}: {value}" for name, value in head.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body if has_body else b"")


def _proof(key: bytes) -> str:
    return b64encode(sha1(key + _GUID, usedforsecurity=False).digest()).decode()


def _status(line: str) -> int:
    version, _, rest = line.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or not (code.isascii() and code.isdigit() and len(code) == 3):
        raise HandshakeError("no HTTP answer")
    return int(code)
