"""The little of RFC 6455 that the bench speaks: text frames, ping, pong, close. No extensions, no UTF-8 check.

It stands on its own, and does as little as it can: what the load generator burns is taken from the measurement.
"""

import base64
import hashlib
import struct

CONTINUATION, TEXT, CLOSE, PING, PONG = 0x0, 0x1, 0x8, 0x9, 0xA
_FIN, _MASKED = 0x80, 0x80
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def mask(payload: bytes, key: bytes) -> bytes:
    """`payload` XORed with the 4 byte `key`, repeated; its own inverse."""
    size = len(payload)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def build(payload: bytes, key: bytes | None = None, opcode: int = TEXT) -> bytes:
    """One final frame; masked, as a station must send it, where a 4 byte `key` is given."""
    size = len(payload)
    bit = _MASKED if key is not None else 0
    if size < 126:
        head = bytes((_FIN | opcode, bit | size))
    elif size < 65536:
        head = struct.pack("!BBH", _FIN | opcode, bit | 126, size)
    else:
        head = struct.pack("!BBQ", _FIN | opcode, bit | 127, size)
    return head + payload if key is None else head + key + mask(payload, key)


class Reader:
    """Bytes as they come from a socket in, whole messages out."""

    __slots__ = ("_buffer", "_parts")

    def __init__(self) -> None:
        self._buffer = b""
        self._parts: list[bytes] = []

    @property
    def idle(self) -> bool:
        """Nothing is kept: what comes next begins a message."""
        return not self._buffer and not self._parts

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The messages that `data` completes, as `(opcode, unmasked payload)`; the rest is kept for the next call.

        Fragments come out as one TEXT. Raises ValueError for an opcode that has no place here.
        """
        data = self._buffer + data if self._buffer else data
        messages: list[tuple[int, bytes]] = []
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1] & 0x7F, at + 2
            if size > 125:
                width = 2 if size == 126 else 8
                if end - start < width:
                    break
                size = int.from_bytes(data[start : start + width], "big")
                start += width
            key = b""
            if data[at + 1] & _MASKED:
                key = data[start : start + 4]
                start += 4
            if end - start < size:
                break
            payload = data[start : start + size]
            self._take(data[at], mask(payload, key) if key else payload, messages)
            at = start + size
        self._buffer = data[at:]
        return messages

    def _take(self, first: int, payload: bytes, messages: list[tuple[int, bytes]]) -> None:
        opcode = first & 0x0F
        if opcode in (CLOSE, PING, PONG):
            messages.append((opcode, payload))
        elif opcode in (CONTINUATION, TEXT):
            self._parts.append(payload)
            if first & _FIN:
                messages.append((TEXT, b"".join(self._parts)))
                self._parts.clear()
        else:
            raise ValueError(f"opcode {opcode:#x} has no place here")


def peek(data: bytes, size: int) -> bytes | None:
    """The first `size` bytes of the text that `data` carries, if `data` is one whole masked text frame and no more.

    None for anything else: the Reader takes it from there. Unmasking all of a long message costs more than answering it.
    """
    if len(data) < 8 or data[0] != _FIN | TEXT or not data[1] & _MASKED:
        return None
    length, start = data[1] & 0x7F, 2
    if length == 126:
        length, start = (data[2] << 8) + data[3], 4
    if length == 127 or len(data) != start + 4 + length:
        return None
    return mask(data[start + 4 : start + 4 + size], data[start : start + 4])


def upgrade_request(host: str, path: str, subprotocol: str) -> bytes:
    """The opening request of a station. The key is a constant: nothing caches between the two ends of a bench."""
    key = base64.b64encode(b"ocpp-gateway-bnc").decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {subprotocol}\r\n\r\n"
    ).encode()


def upgrade_answer(key: bytes, subprotocol: bytes) -> bytes:
    """The 101 to a request with this Sec-WebSocket-Key."""
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\nSec-WebSocket-Protocol: " + subprotocol + b"\r\n\r\n"
    )


def headers(head: bytes) -> dict[bytes, bytes]:
    """Header names in lower case to values, from the bytes before the empty line; the first line is left out."""
    pairs = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
