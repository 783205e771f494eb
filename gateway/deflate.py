"""permessage-deflate (RFC 7692), without a socket. PURE.

Always without context takeover, in both directions: nothing is kept from one message to the next, so that a connection
costs no memory for it, and what a message compresses to says nothing of another message.
"""

import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

_NAME = "permessage-deflate"
_FLAGS = ("server_no_context_takeover", "client_no_context_takeover")
_SERVER_BITS, _CLIENT_BITS = "server_max_window_bits", "client_max_window_bits"
_BITS = {str(bits): bits for bits in range(8, 16)}
"""Decimal, without leading zeros (section 7.1.2.1)."""
_MOST_BITS, _FEWEST_BITS = 12, 9
"""4 KiB see as far back as most messages are long. zlib writes nothing for a window of 8 bits."""
_LEVEL, _MEMORY = 1, 5
"""A third of the time of the usual level, for a twentieth more octets."""
_WORTH_BYTES = 256
"""A shorter message gains next to nothing."""
_TAIL = b"\x00\x00\xff\xff"
"""What a sender takes away from the end of a message, and a receiver puts back (section 7.2.2)."""
_LAST = b"\x01\x00\x00\xff\xff"
"""An empty last block: behind a whole message zlib ends with it, behind half a one it does not."""
_PARTS = 16
"""Streams that a message may consist of (blocks with BFINAL, section 7.2.1): each costs something, and needs 2 octets."""


class BadDataError(Exception):
    """Octets that are no message compressed with deflate."""


class TooBigError(Exception):
    """A message that is too big when it is inflated."""


class Deflate(NamedTuple):
    """What was agreed upon, of which every connection that agreed upon the same has the same. `answer`: the header's
    value; `bits`: the window of what this end writes."""

    answer: str
    bits: int

    def inflate(self, payload: bytes | bytearray, limit: int) -> bytes:
        """A whole message. `limit`: octets that it has less of, and no more than that are made of it. Raises
        BadDataError, TooBigError."""
        rest: bytes | bytearray = payload + _TAIL + _LAST
        whole = b""
        for _ in range(_PARTS):
            stream = zlib.decompressobj(-15)  # reads what was written with any
            try:
                whole += stream.decompress(rest, limit - len(whole))
            except zlib.error as error:
                raise BadDataError from error
            if len(whole) >= limit:
                raise TooBigError
            if not stream.eof:
                break
            rest = stream.unused_data
            if not rest:
                return whole
        raise BadDataError

    def squeeze(self, payload: bytes) -> bytes | None:
        """A whole message, None where it is as well sent as it is."""
        if len(payload) < _WORTH_BYTES:
            return None
        stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, -self.bits, _MEMORY)
        squeezed = (stream.compress(payload) + stream.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]
        return squeezed if len(squeezed) < len(payload) else None


def agree(headers: Sequence[str]) -> Deflate | None:
    """What becomes of the `Sec-WebSocket-Extensions` headers of who dialled: the first offer that can be taken, None
    where there is none (section 5.1)."""
    for header in headers:
        for offer in header.split(","):
            name, *parameters = (part.strip(" \t") for part in offer.split(";"))
            if name == _NAME and (found := _taken(parameters)) is not None:
                return found
    return None


def _taken(parameters: Sequence[str]) -> Deflate | None:
    """An offer with these parameters, None where it has to be declined (section 7.1)."""
    said = dict(_read(parameters))
    if len(said) < len(parameters):
        return None  # one twice
    bits = their_bits = None
    for name, value in said.items():
        if name in _FLAGS and value is None:
            continue
        if name == _CLIENT_BITS and (value is None or value in _BITS):
            their_bits = min(_BITS[value or "15"], _MOST_BITS)
        elif name == _SERVER_BITS and value in _BITS and _BITS[value] >= _FEWEST_BITS:
            bits = min(_BITS[value], _MOST_BITS)
        else:
            return None
    return _agreed(bits, their_bits)


def _read(parameters: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Names and values; a value may be in quotes (RFC 6455 section 9.1)."""
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        yield name, value if equals else None


@cache
def _agreed(bits: int | None, their_bits: int | None) -> Deflate:
    """With these windows; None: not spoken of."""
    windows = ((_SERVER_BITS, bits), (_CLIENT_BITS, their_bits))
    answer = [_NAME, *_FLAGS, *(f"{name}={value}" for name, value in windows if value is not None)]
    return Deflate("; ".join(answer), bits or _MOST_BITS)
