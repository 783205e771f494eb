"""What stands before the WebSocket parser: the frames are looked at as they arrive (RFC 6455 section 5). PURE.

The parser of aiohttp reads unmasked frames of a station and masked ones of a backend, hands pings over to whoever reads
messages, and has no measure for frames that carry next to nothing. The gate refuses the former and answers pings at
once, even while nobody reads messages. It walks over the headers; payloads are the parser's.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

PROTOCOL_ERROR, POLICY = 1002, 1008
_CONTINUATION, _TEXT, _BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_FIN, _RESERVED, _OPCODE, _MASK, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_CONTROL_BYTES = 125
_EMPTY_FRAMES_PER_SECOND, _EMPTY_FRAMES_AT_ONCE = 256, 1024
"""Control frames, fragments and empty texts: 1 MiB in fragments of 1 KiB is within it."""
_REFUSED_BY_THE_PARSER = b"\xf0\x00"
"""A header with all reserved bits: what the parser meets in place of the frame that is refused, in its order."""
_BEGINNINGS = frozenset({_TEXT, _BINARY, _FIN | _TEXT, _FIN | _BINARY})
_CONTINUATIONS = frozenset({_CONTINUATION, _FIN | _CONTINUATION})
_CONTROLS = frozenset({_FIN | CLOSE, _FIN | PING, _FIN | PONG})
_WRONG = (
    frozenset(range(256)) - _CONTROLS - _BEGINNINGS,
    frozenset(range(256)) - _CONTROLS - _CONTINUATIONS,
)
"""First octets that no frame may have: between messages, and within one."""
_ASSIGNED = frozenset({*range(1000, 1004), *range(1007, 1015)})


class Parser(Protocol):
    """aiohttp's `WebSocketReader`: whether it failed, and what it did not read."""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]: ...
    def feed_eof(self) -> None: ...


class Refusal(NamedTuple):
    """The close code for the peer, and why."""

    code: int
    why: str


class Gate:
    """One direction of one connection, in front of its parser, which it takes the place of.

    masked: whether the peer has to mask its frames, as those who dialled do. clock: seconds. refusal: why nothing more
    is let through, None while all is well. heard_at: when a frame began or ended last.
    """

    def __init__(self, parser: Parser, clock: Callable[[], float], *, masked: bool) -> None:
        self._parser = parser
        self._clock = clock
        self._masked = _MASK if masked else 0
        self._mask_bytes = 4 if masked else 0
        self._held = b""
        self._payload_left = 0
        self._fragmented = False
        self._allowance: float = _EMPTY_FRAMES_AT_ONCE
        self._earned_at = clock()
        self._pong: Callable[[bytes], None] | None = None
        self._owed: bytes | None = None
        self.refusal: Refusal | None = None
        self.heard_at = self._earned_at

    def answer_with(self, pong: Callable[[bytes], None] | None) -> None:
        """Who writes pongs from now on; None: nobody any more. A ping that came before is answered now."""
        self._pong = pong
        self._answer()

    def feed_eof(self) -> None:
        self._parser.feed_eof()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """As the parser's: whether it failed, and what it did not read. Never raises, whatever the octets."""
        if self.refusal is not None:
            return True, b""
        if self._payload_left >= len(data) and not self._held:
            self._payload_left -= len(data)
            if not self._payload_left:
                self.heard_at = self._clock()
            return self._parser.feed_data(data)
        self.heard_at = self._clock()
        if self._held:
            data, self._held = self._held + data, b""
        passed = self._walk(data)
        if self._owed is not None:
            self._answer()
        return self._parser.feed_data(passed) if passed else (False, b"")

    def _walk(self, data: bytes) -> bytes:
        """What the parser is to see of it: all but pings, pongs, and what is not complete enough to judge."""
        end, place, copied = len(data), self._payload_left, 0
        head, mask, wrong = 2 + self._mask_bytes, self._masked, _WRONG[self._fragmented]
        ping: tuple[int, int] | None = None
        parts: list[bytes] = []
        while place + 2 <= end:
            first, second = data[place], data[place + 1]
            if second & _MASK != mask or first in wrong:
                self._refuse(PROTOCOL_ERROR, self._fault(first, second))
                break
            length = second & _LENGTH
            after = place + head + length
            if first >= _FIN | CLOSE:
                if length > _CONTROL_BYTES:
                    self._refuse(PROTOCOL_ERROR, "a control frame too long")
                    break
                if after > end:
                    break
                if first == _FIN | CLOSE:
                    code = int.from_bytes(self._unmasked(data, place + 2, after)[:2], "big")
                    if length >= 2 and not _may_be_sent(code):
                        self._refuse(PROTOCOL_ERROR, "not a close code")
                        break
                else:
                    # Only the latest ping needs an answer (RFC 6455 section 5.5.3).
                    ping = (place + 2, after) if first == _FIN | PING else ping
                    if place > copied:
                        parts.append(data[copied:place])
                    copied = after
            else:
                if length >= 126:
                    octets = 2 if length == 126 else 8
                    if place + 2 + octets > end:
                        break
                    length = int.from_bytes(data[place + 2 : place + 2 + octets], "big")
                    after = place + head + octets + length
                self._fragmented = first < _FIN
                wrong = _WRONG[self._fragmented]
            # A text is paid for by who reads messages; what carries none is paid for here.
            if first & _OPCODE != _TEXT or not length:
                self._allowance -= 1
                if self._allowance < 0 and not self._earned():
                    self._refuse(POLICY, "too many frames that carry nothing")
                    break
            place = after
        if ping is not None:
            self._owed = self._unmasked(data, *ping)
        if self.refusal is not None:
            return b"".join([*parts, data[copied:place], _REFUSED_BY_THE_PARSER])
        if place < end:
            self._held = data[place:]
            end = place
        self._payload_left = place - end
        if not copied and end == len(data):
            return data
        parts.append(data[copied:end])
        return b"".join(parts)

    def _earned(self) -> bool:
        earned = (self.heard_at - self._earned_at) * _EMPTY_FRAMES_PER_SECOND
        self._allowance = min(self._allowance + earned, _EMPTY_FRAMES_AT_ONCE)
        self._earned_at = self.heard_at
        return self._allowance >= 0

    def _fault(self, first: int, second: int) -> str:
        """What is wrong with such a header, in words."""
        if second & _MASK != self._masked:
            return "frames have to be masked" if self._masked else "frames must not be masked"
        if first & _RESERVED:
            return "reserved bits"
        if first & _OPCODE in (*range(3, 8), *range(11, 16)):
            return "reserved opcode"
        if first & _OPCODE >= CLOSE:
            return "a control frame in fragments"
        return "a message within another" if self._fragmented else "a continuation of nothing"

    def _unmasked(self, data: bytes, head: int, end: int) -> bytes:
        payload = data[head + self._mask_bytes : end]
        return apply_mask(data[head : head + 4], payload) if self._masked else payload

    def _refuse(self, code: int, why: str) -> None:
        self.refusal = Refusal(code, why)

    def _answer(self) -> None:
        if self._pong is not None and self._owed is not None:
            payload, self._owed = self._owed, None
            self._pong(payload)


def control_frame(opcode: int, payload: bytes, mask: bytes | None) -> bytes:
    """A ping (9) or pong (10) as octets; `mask`: four octets, from those who dialled."""
    if mask is None:
        return bytes((_FIN | opcode, len(payload))) + payload
    return bytes((_FIN | opcode, _MASK | len(payload))) + mask + apply_mask(mask, payload)


def apply_mask(mask: bytes, payload: bytes) -> bytes:
    """Masked or unmasked, which is the same (RFC 6455 section 5.3)."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def _may_be_sent(code: int) -> bool:
    """RFC 6455 section 7.4: assigned and allowed in a frame, or for libraries (3000) and applications (4000)."""
    return code in _ASSIGNED or 3000 <= code < 5000
