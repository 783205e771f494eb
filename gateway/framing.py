"""WebSocket frames, read and written (RFC 6455 section 5), without a socket. PURE.

A parser of our own, because a gateway has to be stricter than those that are to be had (masks, close codes, frames that
carry next to nothing), answers pings while nobody takes messages, and takes each message in the same step it arrived in.
"""

from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from gateway.deflate import BadDataError, Deflate, TooBigError

PROTOCOL_ERROR, UNSUPPORTED, BAD_TEXT, POLICY, TOO_BIG = 1002, 1003, 1007, 1008, 1009
NO_CODE = 1005
"""What a close frame without a code is told as (section 7.1.5)."""
_CONTINUATION, TEXT, _BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_FIN, _RESERVED, _OPCODE, _MASK, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_SQUEEZED = 0x40
"""RSV1, in the first frame of a message that is compressed (RFC 7692 section 6)."""
SQUEEZED_TEXT = _SQUEEZED | TEXT
_WHOLE_TEXT, _CLOSE, _PING = _FIN | TEXT, _FIN | CLOSE, _FIN | PING
_CONTROL_BYTES = 125
_EMPTY_FRAMES_PER_SECOND, _EMPTY_FRAMES_AT_ONCE = 256, 1024
"""Control frames, fragments and empty texts: 1 MiB in fragments of 1 KiB is within it."""
_LIKELY_RATIO = 64
"""JSON compresses to a tenth, seldom to a thirtieth. Each KiB beyond it costs what a frame costs that carries nothing."""
_BEGINNINGS = frozenset({TEXT, _BINARY, _FIN | TEXT, _FIN | _BINARY})
_CONTINUATIONS = frozenset({_CONTINUATION, _FIN | _CONTINUATION})
_CONTROLS = frozenset({_CLOSE, _PING, _FIN | PONG})
_BETWEEN = frozenset(range(256)) - _CONTROLS - _BEGINNINGS
_BETWEEN_SQUEEZED = _BETWEEN - {_SQUEEZED | first for first in _BEGINNINGS}
_WITHIN = frozenset(range(256)) - _CONTROLS - _CONTINUATIONS
"""First octets that no frame may have: between messages, also where compression was agreed upon, and within one."""
_ASSIGNED = frozenset({*range(1000, 1004), *range(1007, 1015)})
_head_7, _head_16, _head_64 = Struct("!BB").pack, Struct("!BBH").pack, Struct("!BBQ").pack

Masking = Callable[[bytes, bytearray], None]
"""Masks or unmasks in place, which is the same (section 5.3): the mask's four octets, the payload."""


class Gone(NamedTuple):
    """The connection ended: the peer's close code (1006: none came) and why in a word. `refused`: the gateway ended it,
    for what the peer sent; then it is the code for the peer."""

    code: int
    why: str
    refused: bool = False


class Reader:
    """One direction of one connection: octets in, messages out.

    ping: the payload of the latest ping, until somebody answers it and sets None. gone: why nothing more is read, None
    while all is well. heard_at: when a frame began or ended last, by `clock`.
    """

    __slots__ = (
        "_allowance",
        "_between",
        "_clock",
        "_deflate",
        "_earned_at",
        "_held",
        "_limit",
        "_mask",
        "_mask_bytes",
        "_masking",
        "_partial",
        "_squeezed",
        "_wanted",
        "_wrong",
        "gone",
        "heard_at",
        "ping",
    )

    def __init__(
        self, limit: int, clock: Callable[[], float], masking: Masking, *, masked: bool, deflate: Deflate | None = None
    ) -> None:
        """`limit`: octets that a message has less of. `clock`: seconds. `masked`: whether the peer has to mask its
        frames, as those who dialled do. `deflate`: the compression agreed upon."""
        self._limit = limit
        self._deflate = deflate
        self._clock = clock
        self._masking = masking
        self._mask = _MASK if masked else 0
        self._mask_bytes = 4 if masked else 0
        self._held = bytearray()
        self._wanted = 0
        """Octets that what is held must grow to; 0: nothing is held."""
        self._partial = bytearray()
        self._between = _BETWEEN if deflate is None else _BETWEEN_SQUEEZED
        self._wrong = self._between
        self._squeezed = False
        """Whether the message that has begun is compressed."""
        self._allowance: float = _EMPTY_FRAMES_AT_ONCE
        self._earned_at = clock()
        self.ping: bytes | None = None
        self.gone: Gone | None = None
        self.heard_at = self._earned_at

    def feed(self, data: bytes | bytearray) -> list[str]:
        """The messages that are complete with it. Never raises, whatever the octets."""
        if self._wanted:
            self._held += data
            if len(self._held) < self._wanted:
                return []  # a frame in pieces: no sign of life until it is whole
            data = bytes(self._held)
            self._held.clear()
            self._wanted = 0
        if self.gone is not None:
            return []
        clock, end = self._clock, len(data)
        self.heard_at = clock()
        if end > 6 and data[0] == _WHOLE_TEXT and self._wrong is self._between:
            # One whole text and nothing else, as nearly everything comes.
            length, start = data[1] ^ self._mask, 2 + self._mask_bytes
            if length <= 126:  # with the wrong mask bit it is more
                if length == 126:
                    length, start = data[2] << 8 | data[3], start + 2
                if start + length == end and 0 < length < self._limit:
                    return self._text(data, start)
        texts: list[str] = []
        place = 0
        while place < end:
            after = self._frame(data, place, end, texts)
            if self.gone is not None:
                break
            if after > end:
                self._held += data[place:]
                self._wanted = after - place
                break
            place = after
        return texts

    def _frame(self, data: bytes | bytearray, place: int, end: int, texts: list[str]) -> int:
        """Read the frame that begins at `place`: where it ends. If that is beyond `end`, nothing has been read but what
        must be known of the header to say so."""
        body = place + 2
        if body > end:
            return body
        first, second = data[place], data[place + 1]
        if second & _MASK != self._mask or first in self._wrong:
            return self._refuse(PROTOCOL_ERROR, self._fault(first, second))
        squeezed = first & _SQUEEZED
        first ^= squeezed
        length = second & _LENGTH
        if first >= _CLOSE:
            if length > _CONTROL_BYTES:
                return self._refuse(PROTOCOL_ERROR, "a control frame too long")
        elif length == 126:
            body += 2
            if body > end:
                return body
            length = data[body - 2] << 8 | data[body - 1]
        elif length == 127:
            body += 8
            if body > end:
                return body
            length = int.from_bytes(data[body - 8 : body], "big")
        body += self._mask_bytes
        if len(self._partial) + length >= self._limit and first < _CLOSE:
            return self._refuse(TOO_BIG, "a message too big")
        after = body + length
        if after > end:
            return after
        payload: bytes | bytearray = data[body:after]
        if self._mask and length:
            unmasked = bytearray(payload)
            self._masking(bytes(data[body - 4 : body]), unmasked)
            payload = unmasked
        # A text is paid for by who reads messages; what carries none is paid for here.
        if (first & _OPCODE != TEXT or not length) and not self._afford(1):
            return self._refuse(POLICY, "too many frames that carry nothing")
        if first == _WHOLE_TEXT:
            self._message(payload, texts, squeezed=bool(squeezed))
        elif first >= _CLOSE:
            self._control(first, payload)
        elif first & _OPCODE == _BINARY:
            # OCPP-J is text only (1.6-J section 4.1, RFC 6455 section 7.4.1).
            self._refuse(UNSUPPORTED, "binary")
        else:
            if first == TEXT:
                self._squeezed = bool(squeezed)
            self._fragment(first, payload, texts)
        return after

    def _text(self, data: bytes | bytearray, start: int) -> list[str]:
        """The text of a frame whose payload begins at `start` and ends with the data."""
        payload: bytes | bytearray = data[start:]
        if self._mask:
            payload = bytearray(payload)
            masking = self._masking
            masking(bytes(data[start - 4 : start]), payload)
        try:
            return [payload.decode()]
        except UnicodeDecodeError:
            self._refuse(BAD_TEXT, "not UTF-8")
            return []

    def _message(self, payload: bytes | bytearray, texts: list[str], *, squeezed: bool) -> None:
        try:
            if squeezed:
                payload = self._inflated(payload)
            if self.gone is None:
                texts.append(payload.decode())
        except UnicodeDecodeError:
            self._refuse(BAD_TEXT, "not UTF-8")
        except BadDataError:
            self._refuse(BAD_TEXT, "not deflate")
        except TooBigError:
            self._refuse(TOO_BIG, "a message too big")

    def _inflated(self, payload: bytes | bytearray) -> bytes:
        """Raises BadDataError, TooBigError."""
        assert self._deflate is not None, "otherwise the frame's first octet is a wrong one"
        whole = self._deflate.inflate(payload, self._limit)
        beyond = len(whole) - _LIKELY_RATIO * len(payload)
        if (beyond > 0 or not whole) and not self._afford(max(1, beyond // 1024)):
            self._refuse(POLICY, "too much for what it came in")
        return whole

    def _fragment(self, first: int, payload: bytes | bytearray, texts: list[str]) -> None:
        self._partial += payload
        if first < _FIN:
            self._wrong = _WITHIN
            return
        self._wrong = self._between
        whole, self._partial = self._partial, bytearray()
        self._message(whole, texts, squeezed=self._squeezed)

    def _control(self, first: int, payload: bytes | bytearray) -> None:
        if first == _PING:
            self.ping = bytes(payload)  # only the latest needs an answer (section 5.5.3)
        elif first == _CLOSE:
            self._close(payload)

    def _close(self, payload: bytes | bytearray) -> None:
        code = int.from_bytes(payload[:2], "big") if payload else NO_CODE
        if payload and (len(payload) < 2 or not _may_be_sent(code)):
            self._refuse(PROTOCOL_ERROR, "not a close code")
            return
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            self._refuse(BAD_TEXT, "not UTF-8")
        else:
            self.gone = Gone(code, "closed by peer")

    def _afford(self, cost: int) -> bool:
        """Whether the peer may send what costs so much."""
        self._allowance -= cost
        if self._allowance >= 0:
            return True
        earned = (self.heard_at - self._earned_at) * _EMPTY_FRAMES_PER_SECOND
        self._allowance = min(self._allowance + earned, _EMPTY_FRAMES_AT_ONCE)
        self._earned_at = self.heard_at
        return self._allowance >= 0

    def _fault(self, first: int, second: int) -> str:
        """What is wrong with such a header, in words."""
        if second & _MASK != self._mask:
            return "frames have to be masked" if self._mask else "frames must not be masked"
        if first & _RESERVED:
            return "reserved bits"
        if first & _OPCODE in (*range(3, 8), *range(11, 16)):
            return "reserved opcode"
        if first & _OPCODE >= CLOSE:
            return "a control frame in fragments"
        return "a message within another" if self._wrong is _WITHIN else "a continuation of nothing"

    def _refuse(self, code: int, why: str) -> int:
        self.gone = Gone(code, why, refused=True)
        self._partial.clear()
        return 0


def frame(opcode: int, payload: bytes, mask: bytes | None, masking: Masking) -> bytes:
    """A whole frame as octets; `mask`: four octets, from those who dialled."""
    first, size, bit = _FIN | opcode, len(payload), 0 if mask is None else _MASK
    if size < 126:
        head = _head_7(first, bit | size)
    elif size < 65536:
        head = _head_16(first, bit | 126, size)
    else:
        head = _head_64(first, bit | 127, size)
    if mask is None:
        return head + payload
    masked = bytearray(payload)
    masking(mask, masked)
    return b"".join((head, mask, masked))


def xor(mask: bytes, payload: bytearray) -> None:
    """The masking of those who have no quicker one."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    payload[:] = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def _may_be_sent(code: int) -> bool:
    """RFC 6455 section 7.4: assigned and allowed in a frame, or for libraries (3000) and applications (4000)."""
    return code in _ASSIGNED or 3000 <= code < 5000
