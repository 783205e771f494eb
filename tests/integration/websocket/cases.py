"""What a WebSocket peer may and may not write, in the categories of the Autobahn suite. Each case is a function of the
side that writes, and what it leads to: a close code, THROUGH (the message reaches the other side of the gateway as it
was), or the payload of a pong."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.integration.websocket.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frames

THROUGH = 0
LIMIT = 65536
"""`limits.max_frame_bytes` of these tests."""

Chunks = list[bytes]


@dataclass(frozen=True)
class Case:
    name: str
    chunks: Callable[[Frames, bytes], Chunks]
    """Of the side that writes, and a call that it may wrap up."""
    leads_to: int | bytes
    size: int = 0
    """Octets of that call; 0: it is short."""

    @property
    def call(self) -> bytes:
        return call(self.name, self.size)


def call(name: str, size: int = 0) -> bytes:
    """A DataTransfer, of so many octets when `size` is given."""
    payload = {"vendorId": "x", "data": "Grüße 👋 \U0001f50c"}
    text = json.dumps([2, name[:36], "DataTransfer", payload], ensure_ascii=False).encode()
    return text if not size else text[:-3] + b"x" * (size - len(text)) + text[-3:]


def pieces(text: bytes, size: int) -> list[bytes]:
    return [text[place : place + size] for place in range(0, len(text), size)]


def fragments(frames: Frames, text: bytes, size: int, between: bytes = b"") -> Chunks:
    parts = pieces(text, size)
    out = []
    for number, part in enumerate(parts):
        opcode = CONTINUATION if number else TEXT
        out.append(frames.frame(opcode, part, fin=number == len(parts) - 1))
        if between and number < len(parts) - 1:
            out.append(between)
    return out


def bytewise(chunk: bytes) -> Chunks:
    return [chunk[place : place + 1] for place in range(len(chunk))]


BOMB = zlib.compressobj(wbits=-15).compress(b"\0" * 10_000_000)
BAD_UTF8 = [
    b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80",
    b"\xff\xfe",
    b"\xc0\xaf",
    b"\xf4\x90\x80\x80",
    b"[2,\xe2\x82",
]
GOOD_CLOSE = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
BAD_CLOSE = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]

CASES = [
    # 1: framing
    *(Case(f"1.{size}", lambda f, c: [f.text(c)], THROUGH, size) for size in (125, 126, 127, 128, 65534)),
    Case("1.size-limit", lambda f, c: [f.text(c)], THROUGH, LIMIT - 1),
    Case("1.two-in-one-segment", lambda f, c: [f.frame(PONG) + f.text(c) + f.frame(PING, b"x")], THROUGH),
    Case("1.byte-per-segment", lambda f, c: bytewise(f.text(c)), THROUGH),
    Case("1.long-header-byte-per-segment", lambda f, c: bytewise(f.text(c)), THROUGH, 300),
    Case("1.wrong-mask", lambda f, c: [f.text(c, masked=not f.masked)], 1002),
    Case("1.wrong-mask-byte-per-segment", lambda f, c: bytewise(f.text(c, masked=not f.masked)), 1002),
    Case("1.wrong-mask-ping", lambda f, c: [f.frame(PING, b"x", masked=not f.masked)], 1002),
    Case("1.wrong-mask-close", lambda f, c: [f.frame(CLOSE, b"\x03\xe8", masked=not f.masked)], 1002),
    Case("1.wrong-mask-second", lambda f, c: [f.frame(PONG) + f.text(c, masked=not f.masked)], 1002),
    Case(
        "1.wrong-mask-fragment",
        lambda f, c: [f.text(c[:9], fin=False) + f.frame(CONTINUATION, c[9:], masked=not f.masked)],
        1002,
    ),
    Case("1.length-not-minimal", lambda f, c: [f.text(c, octets=8)], THROUGH),
    # 2: pings and pongs
    Case("2.empty", lambda f, c: [f.frame(PING)], b""),
    Case("2.text", lambda f, c: [f.frame(PING, b"hello")], b"hello"),
    Case("2.octets", lambda f, c: [f.frame(PING, b"\x00\xff\xfe\xfd\x80")], b"\x00\xff\xfe\xfd\x80"),
    Case("2.125", lambda f, c: [f.frame(PING, b"p" * 125)], b"p" * 125),
    Case("2.126", lambda f, c: [f.frame(PING, b"p" * 126)], 1002),
    Case("2.126-pong", lambda f, c: [f.frame(PONG, b"p" * 126)], 1002),
    Case("2.byte-per-segment", lambda f, c: bytewise(f.frame(PING, b"slow")), b"slow"),
    Case("2.pong-nobody-asked-for", lambda f, c: [f.frame(PONG, b"?"), f.text(c)], THROUGH),
    Case("2.the-latest-of-ten", lambda f, c: [b"".join(f.frame(PING, b"%d" % n) for n in range(10))], b"9"),
    Case("2.a-flood", lambda f, c: [f.frame(PING) * 20_000], 1008),
    Case("2.a-flood-of-pongs", lambda f, c: [f.frame(PONG, b"x") * 20_000], 1008),
    # 3: reserved bits
    *(Case(f"3.{bits}", lambda f, c, bits=bits: [f.text(c, reserved=bits)], 1002) for bits in range(1, 8)),
    Case("3.ping", lambda f, c: [f.frame(PING, b"x", reserved=4)], 1002),
    Case("3.close", lambda f, c: [f.frame(CLOSE, b"\x03\xe8", reserved=1)], 1002),
    Case("3.continuation", lambda f, c: [f.text(c[:9], fin=False), f.frame(CONTINUATION, c[9:], reserved=4)], 1002),
    # 4: reserved opcodes
    *(
        Case(f"4.{opcode}", lambda f, c, opcode=opcode: [f.frame(opcode, b"x")], 1002)
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    ),
    Case("4.after-a-message", lambda f, c: [f.text(c) + f.frame(3)], 1002),
    Case("4.within-a-message", lambda f, c: [f.text(c[:9], fin=False) + f.frame(11)], 1002),
    # 5: fragments
    Case("5.two", lambda f, c: fragments(f, c, len(c) // 2 + 1), THROUGH),
    Case("5.one-octet-each", lambda f, c: [b"".join(fragments(f, c, 1))], THROUGH),
    Case("5.first-empty", lambda f, c: [f.text(b"", fin=False), f.frame(CONTINUATION, c)], THROUGH),
    Case("5.last-empty", lambda f, c: [f.text(c, fin=False), f.frame(CONTINUATION)], THROUGH),
    Case("5.pings-between", lambda f, c: fragments(f, c, 20, f.frame(PING, b"between")), THROUGH),
    Case("5.ping-between-is-answered", lambda f, c: [f.text(c[:9], fin=False), f.frame(PING, b"now")], b"now"),
    Case(
        "5.pings-between-byte-per-segment",
        lambda f, c: bytewise(b"".join(fragments(f, c, 30, f.frame(PING, b"b")))),
        THROUGH,
    ),
    Case("5.ping-in-fragments", lambda f, c: [f.frame(PING, b"a", fin=False), f.frame(CONTINUATION, b"b")], 1002),
    Case("5.pong-in-fragments", lambda f, c: [f.frame(PONG, b"a", fin=False)], 1002),
    Case("5.close-in-fragments", lambda f, c: [f.frame(CLOSE, b"", fin=False)], 1002),
    Case("5.continuation-of-nothing", lambda f, c: [f.frame(CONTINUATION, c)], 1002),
    Case("5.continuation-of-nothing-unfinished", lambda f, c: [f.frame(CONTINUATION, c, fin=False)], 1002),
    Case("5.continuation-after-the-end", lambda f, c: [*fragments(f, c, 20), f.frame(CONTINUATION, b"x")], 1002),
    Case("5.text-within-text", lambda f, c: [f.text(c[:9], fin=False), f.text(c)], 1002),
    Case("5.text-within-empty-text", lambda f, c: [f.text(b"", fin=False), f.text(c)], 1002),
    Case("5.unfinished-within-unfinished", lambda f, c: [f.text(b"[", fin=False), f.text(b"2", fin=False)], 1002),
    Case("5.binary-within-text", lambda f, c: [f.text(c[:9], fin=False), f.frame(BINARY, b"x")], 1002),
    Case(
        "5.empty-fragments-for-ever",
        lambda f, c: [f.text(b"", fin=False) + f.frame(CONTINUATION, fin=False) * 20_000],
        1008,
    ),
    Case(
        "5.200000-fragments",
        lambda f, c: [f.text(b"[", fin=False) + f.frame(CONTINUATION, b" ", fin=False) * 200_000],
        1008,
    ),
    Case("5.empty-texts-for-ever", lambda f, c: [f.text(b"") * 20_000], 1008),
    # 6: UTF-8
    Case("6.whole", lambda f, c: [f.text(c)], THROUGH),
    Case("6.split-within-a-character", lambda f, c: fragments(f, c, c.index(b"\xf0") + 2), THROUGH),
    Case("6.split-everywhere-with-pings", lambda f, c: fragments(f, c, 3, f.frame(PING)), THROUGH),
    *(Case(f"6.bad-{n}", lambda f, c, bad=bad: [f.text(bad)], 1007) for n, bad in enumerate(BAD_UTF8)),
    Case("6.bad-in-fragments", lambda f, c: fragments(f, BAD_UTF8[0], 1), 1007),
    Case(
        "6.cut-character-at-the-end",
        lambda f, c: [f.text(b"[\xf0\x9f", fin=False), f.frame(CONTINUATION, b"\x91]")],
        1007,
    ),
    Case("6.bad-byte-per-segment", lambda f, c: bytewise(f.text(BAD_UTF8[1])), 1007),
    # 7: closing
    Case("7.no-code", lambda f, c: [f.close()], 1000),
    *(Case(f"7.{code}", lambda f, c, code=code: [f.close(code, b"bye")], 1000) for code in GOOD_CLOSE),
    *(Case(f"7.bad-{code}", lambda f, c, code=code: [f.close(code, b"bye")], 1002) for code in BAD_CLOSE),
    Case("7.half-a-code", lambda f, c: [f.frame(CLOSE, b"\x03")], 1002),
    Case("7.longest-reason", lambda f, c: [f.close(1000, b"r" * 123)], 1000),
    Case("7.too-long-a-reason", lambda f, c: [f.close(1000, b"r" * 124)], 1002),
    Case("7.reason-not-utf-8", lambda f, c: [f.close(1000, b"\xff\xfe")], 1007),
    Case("7.twice", lambda f, c: [f.close(1000) + f.close(1000)], 1000),
    Case("7.ping-afterwards", lambda f, c: [f.close(1000) + f.frame(PING, b"x")], 1000),
    Case("7.within-a-message", lambda f, c: [f.text(c[:9], fin=False) + f.close(1000)], 1000),
    Case("7.byte-per-segment", lambda f, c: bytewise(f.close(1001, b"bye")), 1000),
    # 9: limits
    Case("9.at-the-limit", lambda f, c: [f.text(c)], 1009, LIMIT),
    Case("9.fragments-over-the-limit", lambda f, c: fragments(f, c, 4096), 1009, LIMIT + 100),
    Case("9.2-to-the-40-announced", lambda f, c: [f.text(b"", length=2**40, octets=8)], 1009),
    Case("9.2-to-the-63-announced", lambda f, c: [f.text(b"", length=2**63, octets=8)], 1009),
    Case("9.5-MiB-announced", lambda f, c: [f.text(b"[" * 100, length=5 * 2**20, octets=8)], 1009),
    Case(
        "9.2-to-the-64-less-1-continued",
        lambda f, c: [f.text(c, fin=False), f.frame(CONTINUATION, b"", length=2**64 - 1, octets=8)],
        1009,
    ),
    Case("9.5-MiB-written", lambda f, c: [f.text(c)], 1009, 5 * 2**20),
    Case("9.in-256-octet-segments", lambda f, c: pieces(f.text(c), 256), THROUGH, 20_000),
    # 10: long fragments
    Case("10.1300-octet-fragments", lambda f, c: fragments(f, c, 1300), THROUGH, 60_000),
    # 12, 13: deflate was not agreed upon
    Case("12.bomb", lambda f, c: [f.text(BOMB, reserved=4)], 1002),
    Case("12.many-members", lambda f, c: [f.text(b"\x00\x00\x00\xff\xff" * 10_000, reserved=4)], 1002),
    Case(
        "12.bomb-in-fragments",
        lambda f, c: [f.text(BOMB[:50], fin=False, reserved=4), f.frame(CONTINUATION, BOMB[50:])],
        1002,
    ),
    # OCPP-J is text
    Case("ocpp.binary", lambda f, c: [f.frame(BINARY, c)], 1003),
    Case("ocpp.binary-fragments", lambda f, c: [f.frame(BINARY, c[:9], fin=False), f.frame(CONTINUATION, c[9:])], 1003),
    Case("ocpp.http-again", lambda f, c: [b"GET / HTTP/1.1\r\n\r\n"], 1002),
]
