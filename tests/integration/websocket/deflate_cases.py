"""What a station may and may not write where compression was agreed upon: categories 12 and 13 of the Autobahn suite, and
what else a stranger may think of. Built as `cases.py`."""

import json
import zlib

from tests.integration.websocket.cases import BOMB, LIMIT, THROUGH, Case, Chunks, bytewise, fragments, pieces
from tests.integration.websocket.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, Frames

RSV1 = 4
_TAIL = b"\x00\x00\xff\xff"
OFFERS = {
    # offer: what the gateway answers of windows
    "permessage-deflate": "",
    "permessage-deflate; client_max_window_bits": "; client_max_window_bits=12",
    "permessage-deflate; client_max_window_bits=9": "; client_max_window_bits=9",
    "permessage-deflate; server_max_window_bits=9": "; server_max_window_bits=9",
    "permessage-deflate; server_max_window_bits=15": "; server_max_window_bits=12",
    "permessage-deflate; server_no_context_takeover; server_max_window_bits=9": "; server_max_window_bits=9",
    "permessage-deflate; server_max_window_bits=17, permessage-deflate; client_max_window_bits": "; client_max_window_bits=12",
    "permessage-deflate; client_no_context_takeover; mux=1": None,
}
"""Of category 13; the last one is declined."""


def deflated(text: bytes, *, bits: int = 15, level: int = 6) -> bytes:
    stream = zlib.compressobj(level, zlib.DEFLATED, -bits)
    return (stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH))[: -len(_TAIL)]


def final(text: bytes) -> bytes:
    """With a last block, as who cannot flush writes it (RFC 7692 section 7.2.3.5)."""
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(text) + stream.flush() + b"\x00"


def in_fragments(frames: Frames, octets: bytes, size: int, between: bytes = b"") -> Chunks:
    """The first says that the message is compressed."""
    parts = fragments(frames, octets, size, between)
    parts[0] = frames.text(octets[:size], fin=len(octets) <= size, reserved=RSV1)
    return parts


def taken_over(frames: Frames, text: bytes) -> Chunks:
    """A second message that looks back into the first."""
    stream, made = zlib.compressobj(wbits=-15), []
    for _ in range(2):
        octets = stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH)
        made.append(frames.text(octets[: -len(_TAIL)], reserved=RSV1))
    return made


_BLANK = deflated(json.dumps([3, "nobody-asked", {"x": " " * (LIMIT - 100)}]).encode())

DEFLATE_CASES = [
    # 12: sizes, windows, levels
    *(
        Case(f"12.{size}", lambda f, c: [f.text(deflated(c), reserved=RSV1)], THROUGH, size)
        for size in (128, 256, 1024, 4096, 8192, 16384, 32768, LIMIT - 1)
    ),
    *(
        Case(
            f"12.window-{bits}", lambda f, c, bits=bits: [f.text(deflated(c, bits=bits), reserved=RSV1)], THROUGH, 9000
        )
        for bits in (9, 10, 12, 15)
    ),
    Case("12.stored", lambda f, c: [f.text(deflated(c, level=0), reserved=RSV1)], THROUGH, 2000),
    Case("12.short", lambda f, c: [f.text(deflated(c), reserved=RSV1)], THROUGH),
    Case("12.byte-per-segment", lambda f, c: bytewise(f.text(deflated(c), reserved=RSV1)), THROUGH),
    Case(
        "12.in-256-octet-segments", lambda f, c: pieces(f.text(deflated(c, level=0), reserved=RSV1), 256), THROUGH, 9000
    ),
    Case("12.fragments", lambda f, c: in_fragments(f, deflated(c), 50), THROUGH, 5000),
    Case("12.one-octet-fragments", lambda f, c: [b"".join(in_fragments(f, deflated(c), 1))], THROUGH),
    Case("12.pings-between", lambda f, c: in_fragments(f, deflated(c), 20, f.frame(PING, b"between")), THROUGH),
    Case(
        "12.ping-between-is-answered", lambda f, c: [*in_fragments(f, deflated(c), 20)[:-1], f.frame(PING, b"n")], b"n"
    ),
    Case(
        "12.last-fragment-empty",
        lambda f, c: [f.text(deflated(c), fin=False, reserved=RSV1), f.frame(CONTINUATION)],
        THROUGH,
    ),
    Case("12.plain", lambda f, c: [f.text(c)], THROUGH),
    Case("12.plain-in-fragments", lambda f, c: fragments(f, c, 20), THROUGH),
    Case("12.plain-between", lambda f, c: [*in_fragments(f, deflated(c[:-1] + b" ]"), 20), f.text(c)], THROUGH),
    Case("12.last-block", lambda f, c: [f.text(final(c), reserved=RSV1)], THROUGH),
    Case("12.empty", lambda f, c: [f.text(b"\x00", reserved=RSV1), f.frame(PING, b"after")], b"after"),
    Case("12.empty-ones-for-ever", lambda f, c: [f.text(b"\x00", reserved=RSV1) * 20_000], 1008),
    # Where the bit must not be
    Case(
        "12.continuation-marked",
        lambda f, c: [f.text(c[:9], fin=False), f.frame(CONTINUATION, c[9:], reserved=4)],
        1002,
    ),
    Case(
        "12.continuation-marked-too",
        lambda f, c: [f.text(c[:9], fin=False, reserved=RSV1), f.frame(CONTINUATION, c[9:], reserved=RSV1)],
        1002,
    ),
    Case("12.ping-marked", lambda f, c: [f.frame(PING, b"\x00", reserved=RSV1)], 1002),
    Case("12.pong-marked", lambda f, c: [f.frame(PONG, b"\x00", reserved=RSV1)], 1002),
    Case("12.close-marked", lambda f, c: [f.frame(CLOSE, b"\x03\xe8", reserved=RSV1)], 1002),
    *(
        Case(f"12.bits-{bits}", lambda f, c, bits=bits: [f.text(deflated(c), reserved=bits)], 1002)
        for bits in (1, 2, 3, 5, 6, 7)
    ),
    Case("12.binary", lambda f, c: [f.frame(BINARY, deflated(c), reserved=RSV1)], 1003),
    # What is no message
    Case("12.noise", lambda f, c: [f.text(b"\xff" * 40, reserved=RSV1)], 1007),
    Case("12.no-octet", lambda f, c: [f.text(b"", reserved=RSV1)], 1007),
    Case("12.cut", lambda f, c: [f.text(deflated(c)[:-9], reserved=RSV1)], 1007),
    Case("12.cut-in-fragments", lambda f, c: in_fragments(f, deflated(c)[:-9], 30), 1007),
    Case("12.garbage-behind", lambda f, c: [f.text(deflated(c) + b"garbage", reserved=RSV1)], 1007),
    Case("12.garbage-behind-the-last-block", lambda f, c: [f.text(final(c) + b"garbage", reserved=RSV1)], 1007),
    Case("12.not-utf-8", lambda f, c: [f.text(deflated(b'[2,"\xff"]'), reserved=RSV1)], 1007),
    Case("12.context-taken-over", taken_over, 1007, 300),
    Case("12.many-streams", lambda f, c: [f.text(b"\x03\x00" * 10_000 + b"\x00", reserved=RSV1)], 1007),
    # Too much
    Case("12.at-the-limit", lambda f, c: [f.text(deflated(c), reserved=RSV1)], 1009, LIMIT),
    Case("12.5-MiB", lambda f, c: [f.text(deflated(c), reserved=RSV1)], 1009, 5 * 2**20),
    Case("12.5-MiB-in-fragments", lambda f, c: in_fragments(f, deflated(c), 500), 1009, 5 * 2**20),
    Case("12.bomb", lambda f, c: [f.text(BOMB, reserved=RSV1)], 1009),
    Case("12.bomb-in-fragments", lambda f, c: in_fragments(f, BOMB, 50), 1009),
    Case("12.announced", lambda f, c: [f.text(b"", length=2**40, octets=8, reserved=RSV1)], 1009),
    Case("12.small-bombs-for-ever", lambda f, c: [f.text(_BLANK, reserved=RSV1) * 100], 1008),
]
