"""A connection until its request is answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.handshakes import refused
from gateway.upgrades import Arrival, Arrivals

ASKED = (
    b"GET /CP-1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def arrivals(
    handle: Callable[[Arrival], Awaitable[None]], left: Callable[[Arrival], None] = lambda arrival: None
) -> AsyncIterator[tuple[Arrivals, Callable[[], Awaitable[Peer]]]]:
    """Those of a listener, and what connects to it."""

    async def handled(arrival: Arrival) -> None:
        await handle(arrival)

    made = Arrivals(handled, left)
    server = await asyncio.get_running_loop().create_server(made, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    peers: list[Peer] = []

    async def peer() -> Peer:
        peers.append(await asyncio.open_connection("127.0.0.1", port))
        return peers[-1]

    try:
        async with asyncio.timeout(20):
            yield made, peer
    finally:
        server.close()
        for _, writer in peers:
            writer.close()
        await made.close(0.1)


async def refuse(arrival: Arrival) -> None:
    arrival.answer(refused(404, "no such path", has_body=arrival.method != "HEAD"))


async def test_a_request_in_pieces_is_one() -> None:
    seen: list[tuple[str, str, list[str], bool]] = []

    async def note(arrival: Arrival) -> None:
        assert arrival.request is not None
        seen.append((arrival.method, arrival.request.path, arrival.said("X"), arrival.has_body))
        await refuse(arrival)

    async with arrivals(note) as (_, peer):
        reader, writer = await peer()
        for octet in b"GET /a%20b?c HTTP/1.1\r\nHost: x\r\nX: 1\r\nx: 2\r\n\r\n":
            writer.write(bytes([octet]))
            await writer.drain()
            await asyncio.sleep(0)
        told = await reader.read()
    assert seen == [("GET", "/a%20b?c", ["1", "2"], False)]
    assert told.startswith(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 13\r\n")
    assert told.endswith(b"\r\n\r\nno such path\n")


async def test_one_request_is_answered_and_the_connection_ended() -> None:
    async with arrivals(refuse) as (_, peer):
        reader, writer = await peer()
        writer.write(b"GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.read()).count(b"HTTP/1.1 404") == 1


async def test_head_has_its_length_and_no_body() -> None:
    async with arrivals(refuse) as (_, peer):
        reader, writer = await peer()
        writer.write(b"HEAD /CP-1 HTTP/1.1\r\nHost: x\r\n\r\n")
        told = await reader.read()
    assert b"Content-Length: 13\r\n" in told
    assert told.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01 this is not HTTP\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
async def test_what_is_no_http_gets_its_400_and_nobody_hears_of_it(said: bytes) -> None:
    handled: list[Arrival] = []

    async def note(arrival: Arrival) -> None:
        handled.append(arrival)

    async with arrivals(note) as (_, peer):
        reader, writer = await peer()
        writer.write(said)
        assert (await reader.readline()) == b"HTTP/1.1 400 Bad Request\r\n"
    assert handled == []


async def test_an_answer_to_a_request_with_a_body_is_not_lost_by_a_reset() -> None:
    async with arrivals(refuse) as (_, peer):
        reader, writer = await peer()
        writer.write(b"POST /CP-1 HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n" + bytes(300_000))
        assert (await reader.readline()).startswith(b"HTTP/1.1 404")
        writer.write(bytes(300_000))
        await writer.drain()
        assert (await reader.read()).endswith(b"no such path\n")


async def test_what_comes_with_an_upgrade_is_kept_and_not_without_end() -> None:
    found: list[Arrival] = []
    go_on = asyncio.Event()

    async def accept(arrival: Arrival) -> None:
        found.append(arrival)
        await go_on.wait()
        arrival.upgrade("ocpp1.6")

    async with arrivals(accept) as (_, peer):
        reader, writer = await peer()
        writer.write(ASKED + b"\r\nfirst ")
        writer.write(b"second ")
        while not found or len(found[0].early) < 13:
            await asyncio.sleep(0.01)
        assert found[0].early == b"first second "
        transport = found[0].transport
        assert transport is not None
        writer.write(bytes(4_000_000))
        while transport.is_reading():
            await asyncio.sleep(0.01)
        assert len(found[0].early) < 1_000_000
        go_on.set()
        told = await reader.readuntil(b"\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in told  # RFC 6455 section 1.3
    assert b"Sec-WebSocket-Protocol: ocpp1.6\r\n" in told


async def test_who_has_gone_cannot_be_upgraded() -> None:
    gone: list[Arrival] = []
    raised: list[type[Exception]] = []

    async def late(arrival: Arrival) -> None:
        while not gone:
            await asyncio.sleep(0.01)
        try:
            arrival.upgrade(None)
        except ConnectionResetError as error:
            raised.append(type(error))
        arrival.answer(refused(499, "gone"))

    async with arrivals(late, gone.append) as (_, peer):
        _, writer = await peer()
        writer.write(ASKED + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.transport.abort()
        while not raised:
            await asyncio.sleep(0.01)
    assert gone[0].transport is None


async def test_a_defect_is_told_and_ends_one_connection() -> None:
    async def fail(arrival: Arrival) -> None:
        raise KeyError("a defect")

    async with arrivals(fail) as (_, peer):
        reader, writer = await peer()
        writer.write(ASKED + b"\r\n")
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 500 ")
    assert b"a defect" not in told


async def test_at_the_end_the_idle_are_cut_and_those_at_work_have_a_moment() -> None:
    begun, finished = asyncio.Event(), asyncio.Event()

    async def slow(arrival: Arrival) -> None:
        begun.set()
        assert arrival.request is not None
        await asyncio.sleep(0.1 if arrival.request.path == "/soon" else 60)
        finished.set()
        await refuse(arrival)

    async with arrivals(slow) as (made, peer):
        (idle, _), (soon, asking), (never, asking_too) = await peer(), await peer(), await peer()
        asking.write(b"GET /soon HTTP/1.1\r\nHost: x\r\n\r\n")
        asking_too.write(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
        await begun.wait()
        await asyncio.sleep(0.05)
        await made.close(1.0)
        assert finished.is_set()
        assert await idle.read() == b""
        assert b" 404 " in await soon.readline()
        assert await never.read() == b""
