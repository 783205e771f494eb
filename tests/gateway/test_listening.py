"""Sockets that listen, and bytes that are read to the last and not beyond."""

import asyncio
import os
import socket

import pytest

from gateway.config import Bind
from gateway.listening import exactly, listening, ready


async def test_every_address_of_a_name() -> None:
    made = await listening(Bind("localhost", 0))
    try:
        assert made
        for one in made:
            assert not one.getblocking()
            reader, writer = await asyncio.open_connection(*one.getsockname()[:2])
            connection, _ = await asyncio.get_running_loop().sock_accept(one)
            connection.close()
            assert await reader.read() == b""
            writer.close()
    finally:
        for one in made:
            one.close()


async def test_an_address_that_is_taken_or_not_ours() -> None:
    (made,) = await listening(Bind("127.0.0.1", 0))
    with made, pytest.raises(OSError, match="in use"):
        await listening(Bind("127.0.0.1", made.getsockname()[1]))
    with pytest.raises(OSError, match="assign"):
        await listening(Bind("192.0.2.1", 0))


async def test_a_socket_that_was_handed_over() -> None:
    """Bound by another process, its descriptor a copy."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with ready(socket.socket(fileno=os.dup(bound.fileno()))) as mine:
            _, writer = await asyncio.open_connection(*bound.getsockname())
            connection, _ = await asyncio.get_running_loop().sock_accept(mine)
            connection.close()
            writer.close()


async def test_so_many_bytes_and_not_one_more() -> None:
    loop = asyncio.get_running_loop()
    one, other = socket.socketpair()
    with one, other:
        other.setblocking(False)
        one.sendall(b"abcdef")
        assert await exactly(loop, other, 4) == b"abcd"
        one.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError):
            await exactly(loop, other, 3)
