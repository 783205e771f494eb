"""What is written to a peer: at once while it reads, behind it when it does not, nothing behind the last frame."""

import asyncio
import zlib
from typing import Any, cast

from gateway.deflate import agree
from gateway.framing import CLOSE, PING
from gateway.writing import Writing


class Pipe:
    """A transport that takes a little and keeps it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.waiting = 0
        self.broken = False

    def write(self, data: bytes) -> None:
        if self.broken:
            raise RuntimeError("the handler is closed")
        self.written.append(data)

    def set_write_buffer_limits(self, high: int) -> None: ...

    def get_write_buffer_size(self) -> int:
        return self.waiting


def writing(pipe: Pipe, cuts: list[bool], *, masked: bool = False, write_seconds: float = 5.0) -> Writing:
    return Writing(cast(Any, pipe), masked=masked, write_seconds=write_seconds, cut=lambda: cuts.append(True))


async def test_a_text_goes_out_at_once_and_masked_where_it_has_to_be() -> None:
    pipe = Pipe()
    writing(pipe, []).send("abc")
    assert pipe.written == [b"\x81\x03abc"]
    writing(pipe, [], masked=True).send("abc")
    assert pipe.written[1][:2] == b"\x81\x83"
    assert len(pipe.written[1]) == 2 + 4 + 3


async def test_what_is_not_read_waits_in_order_and_asks_for_room() -> None:
    pipe = Pipe()
    one = writing(pipe, [])
    pipe.waiting = 1_000_000
    one.pause()
    for number in range(40):
        one.send(f"{number:02}" * 5_000)
    one.control(PING, b"")
    await asyncio.sleep(0)
    assert one.congested
    assert len(pipe.written) == 1, "no ping to a peer with so much to read"
    pipe.waiting = 0
    one.resume()
    async with asyncio.timeout(5):
        await one.room()
        while len(pipe.written) < 40:
            await asyncio.sleep(0)
    assert [data[4:6] for data in pipe.written] == [f"{number:02}".encode() for number in range(40)]
    assert not one.congested


async def test_nothing_follows_the_last_frame() -> None:
    pipe = Pipe()
    one = writing(pipe, [])
    one.pause()
    one.send("x" * 20_000)
    one.send("y" * 20_000)
    await asyncio.sleep(0)
    one.last(CLOSE, b"\x03\xe8")
    one.resume()
    one.send("late")
    one.control(PING, b"")
    await asyncio.sleep(0.01)
    assert [data[:1] for data in pipe.written] == [b"\x81", b"\x88"]


async def test_who_does_not_read_or_is_gone_is_cut() -> None:
    pipe, cuts = Pipe(), list[bool]()
    one = writing(pipe, cuts, write_seconds=0.01)
    one.pause()
    one.send("x" * 20_000)
    async with asyncio.timeout(5):
        while not cuts:
            await asyncio.sleep(0.01)
    broken = Pipe()
    broken.broken = True
    writing(broken, cuts).send("x")
    assert cuts == [True, True]


async def test_a_long_text_is_compressed_where_that_was_agreed_upon() -> None:
    pipe, deflate = Pipe(), agree(["permessage-deflate"])
    one = Writing(cast(Any, pipe), deflate, masked=False, write_seconds=5.0, cut=lambda: None)
    short, long = "x" * 255, "Energy" * 100
    for text in (short, long):
        one.send(text)
    one.control(PING, b"x" * 125)
    one.last(CLOSE, b"\x03\xe8" + b"x" * 120)
    plain, squeezed, ping, close = pipe.written
    assert [plain[0], squeezed[0], ping[0], close[0]] == [0x81, 0xC1, 0x89, 0x88]
    assert (one.frames, one.octets) == (2, sum(map(len, pipe.written)))
    assert zlib.decompressobj(-15).decompress(squeezed[2:] + b"\x00\x00\xff\xff") == long.encode()


async def test_nobody_waits_for_a_peer_that_is_lost_before_the_first_octet() -> None:
    one = writing(Pipe(), [])
    one.send("x" * 300_000)
    assert one.congested
    one.stop()
    async with asyncio.timeout(5):
        await one.room()
