"""The fault proxy: what each toxic does to bytes on a real connection."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.soak.fproxy import (
    Bandwidth,
    Down,
    Latency,
    LimitData,
    Proxy,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
)

Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """Before a server that echoes."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = await Proxy.start(server.sockets[0].getsockname()[1])
    yield proxy
    await proxy.stop()
    server.close()


async def dial(proxy: Proxy) -> Pipe:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def there_and_back(pipe: Pipe, data: bytes) -> float:
    """Seconds that the echo took."""
    began = time.monotonic()
    pipe[1].write(data)
    async with asyncio.timeout(10):
        assert await pipe[0].readexactly(len(data)) == data
    return time.monotonic() - began


async def test_without_a_toxic_everything_passes(proxy: Proxy) -> None:
    pipe = await dial(proxy)
    assert await there_and_back(pipe, bytes(300_000)) < 5
    pipe[1].write_eof()
    assert await pipe[0].read() == b""


@pytest.mark.parametrize(
    ("toxic", "size", "least"),
    [
        (Latency(0.2), 10, 0.4),
        (Latency(0.2, to="down"), 10, 0.2),
        (Bandwidth(10_000, to="up"), 3_000, 0.25),
        (Slicer(1, 0.02, to="up"), 10, 0.18),
    ],
)
async def test_what_makes_it_slow(proxy: Proxy, toxic: Toxic, size: int, least: float) -> None:
    pipe = await dial(proxy)
    proxy.toxics = [toxic]
    assert await there_and_back(pipe, bytes(size)) >= least


async def test_down_lets_nobody_in_and_nobody_stay(proxy: Proxy) -> None:
    inside = await dial(proxy)
    await there_and_back(inside, b"x")
    proxy.toxics = [Down()]
    async with asyncio.timeout(5):
        assert await inside[0].read() == b""
        assert await (await dial(proxy))[0].read() == b""
    proxy.toxics = []
    assert await there_and_back(await dial(proxy), b"x") < 5


async def test_half_open_holds_everything_until_it_is_over(proxy: Proxy) -> None:
    pipe = await dial(proxy)
    proxy.toxics = [Timeout(to="up")]
    pipe[1].write(b"held")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pipe[0].readexactly(4), 0.3)
    proxy.toxics = []
    assert await asyncio.wait_for(pipe[0].readexactly(4), 5) == b"held"


async def test_a_timeout_ends_the_connection(proxy: Proxy) -> None:
    pipe = await dial(proxy)
    proxy.toxics = [Timeout(0.2)]
    pipe[1].write(b"lost")
    assert await asyncio.wait_for(pipe[0].read(), 5) == b""


async def test_a_reset_is_a_reset(proxy: Proxy) -> None:
    pipe = await dial(proxy)
    proxy.toxics = [ResetPeer()]
    pipe[1].write(b"lost")
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(pipe[0].read(), 5)


async def test_cut_resets_who_is_connected_now(proxy: Proxy) -> None:
    pipe = await dial(proxy)
    await there_and_back(pipe, b"x")
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(pipe[0].read(), 5)
    await there_and_back(await dial(proxy), b"x")


async def test_limited_data_arrives_and_no_more(proxy: Proxy) -> None:
    pipe = await dial(proxy)
    proxy.toxics = [LimitData(3, to="down")]
    pipe[1].write(b"abcdef")
    assert await asyncio.wait_for(pipe[0].read(), 5) == b"abc"


async def test_a_slow_close(proxy: Proxy) -> None:
    pipe = await dial(proxy)
    proxy.toxics = [SlowClose(0.3, to="up")]
    began = time.monotonic()
    pipe[1].write_eof()
    assert await asyncio.wait_for(pipe[0].read(), 5) == b""
    assert time.monotonic() - began >= 0.3
