"""One WebSocket: order, liveness, and a peer that does not read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from gateway.sockets import Gone, Socket
from gateway.upgrades import Arrival, Arrivals


@asynccontextmanager
async def pair(write_seconds: float = 2.0) -> AsyncIterator[tuple[Socket, ClientConnection]]:
    """A Socket on the server's side, a `websockets` client on the other."""
    made: asyncio.Future[Socket] = asyncio.get_running_loop().create_future()
    over = asyncio.Event()

    async def handle(arrival: Arrival) -> None:
        made.set_result(Socket(arrival, arrival.upgrade(None), max_bytes=2**20, write_seconds=write_seconds))
        await over.wait()

    arrivals = Arrivals(handle, lambda arrival: None)
    async with await asyncio.get_running_loop().create_server(arrivals, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = await connect(f"ws://127.0.0.1:{port}/", compression=None, max_size=None)
        try:
            yield await made, client
        finally:
            over.set()
            client.transport.abort()


async def test_texts_both_ways_and_the_end() -> None:
    async with pair() as (sock, client):
        await client.send("up")
        assert await sock.receive() == "up"
        sock.send("down")
        assert await client.recv() == "down"
        closing = asyncio.create_task(client.close(4000, "bye"))
        assert await sock.receive() == Gone(4000, "closed by peer")
        await closing


async def test_a_lost_connection_and_a_binary_message() -> None:
    async with pair() as (sock, client):
        client.transport.abort()
        gone = await sock.receive()
        assert isinstance(gone, Gone)
        assert gone.code in (1000, 1006)
    async with pair() as (sock, client):
        await client.send(b"octets")
        assert await sock.receive() == Gone(1003, "binary", refused=True)


async def test_pings_are_answered_and_any_frame_is_a_sign_of_life() -> None:
    async with pair() as (sock, client):
        reading = asyncio.create_task(sock.receive())
        pong = await client.ping()
        await asyncio.wait_for(pong, 1)
        await asyncio.sleep(0.2)
        assert sock.keep_alive(0.1, 0.1)
        assert await asyncio.wait_for(_quiet(sock), 2)
        client.transport.pause_reading()
        await asyncio.sleep(0.2)
        assert sock.keep_alive(0.1, 0.1)
        await asyncio.sleep(0.2)
        assert not sock.keep_alive(0.1, 0.1)
        reading.cancel()


async def _quiet(sock: Socket) -> bool:
    await asyncio.sleep(0.2)
    return sock.keep_alive(5, 0.1)


async def test_writing_never_waits_and_order_holds() -> None:
    async with pair() as (sock, client):
        client.transport.pause_reading()
        texts = [f"{number} {'x' * 50_000}" for number in range(200)]
        async with asyncio.timeout(1):
            for text in texts:
                sock.send(text)
        room: Any = asyncio.create_task(sock.room())
        await asyncio.sleep(0.1)
        assert not room.done()
        client.transport.resume_reading()
        assert [await client.recv() for _ in texts] == texts
        await asyncio.wait_for(room, 2)


async def test_one_large_text_does_not_wait_either() -> None:
    async with pair() as (sock, client):
        client.transport.pause_reading()
        for _ in range(3):
            sock.send("x" * 8_000_000)
        client.transport.resume_reading()
        assert [len(await client.recv()) for _ in range(3)] == [8_000_000] * 3


async def test_a_peer_that_does_not_read_is_cut() -> None:
    async with pair(write_seconds=0.3) as (sock, client):
        client.transport.pause_reading()
        for _ in range(400):
            sock.send("x" * 50_000)
        async with asyncio.timeout(5):
            assert isinstance(await sock.receive(), Gone)
        await asyncio.wait_for(sock.room(), 1)


async def test_what_is_held_waits_here_then_outside_and_pings_are_answered_meanwhile() -> None:
    async with pair() as (sock, client):
        taken: list[str] = []
        over: asyncio.Future[Gone] = asyncio.get_running_loop().create_future()

        def take(text: str) -> None:
            taken.append(text)
            if len(taken) == 1:
                sock.hold()

        sock.deliver(take, over.set_result)
        await client.send("first")
        await client.send("second")
        await asyncio.wait_for(await client.ping(), 5)
        assert taken == ["first"]
        texts = [f"{number} {'x' * 10_000}" for number in range(2_000)]
        sending = asyncio.create_task(_send_all(client, texts))
        await asyncio.sleep(0.2)
        assert not sending.done(), "the peer is not read from"
        sock.go_on()
        await asyncio.wait_for(sending, 20)
        closing = asyncio.create_task(client.close(4000, "bye"))
        assert await asyncio.wait_for(over, 5) == Gone(4000, "closed by peer")
        assert taken == ["first", "second", *texts]
        await closing


async def test_a_closed_socket_hands_nothing_over_and_tells_no_end() -> None:
    async with pair() as (sock, client):
        told: list[object] = []
        sock.deliver(told.append, told.append)
        closing = asyncio.create_task(sock.close(1012, "restart"))
        await client.wait_closed()
        await closing
        assert (client.close_code, client.close_reason) == (1012, "restart")
        sock.send("late")
        assert told == []


async def _send_all(client: ClientConnection, texts: list[str]) -> None:
    for text in texts:
        await client.send(text)
