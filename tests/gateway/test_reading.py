"""One buffer for all connections."""

import asyncio
import socket
from collections.abc import Callable

import pytest
import uvloop

from gateway.reading import ReadAtOnce


class Keeper(ReadAtOnce):
    def __init__(self) -> None:
        self.came: list[bytes | bytearray] = []
        self.lost = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes | bytearray) -> None:
        self.came.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(exc)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_what_one_was_given_is_not_written_over_by_the_next(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def read() -> None:
        running = asyncio.get_running_loop()
        keepers = []
        for text in (b"first", b"other"):
            here, there = socket.socketpair()
            _, keeper = await running.create_connection(Keeper, sock=here)
            there.sendall(text)
            there.close()
            assert await asyncio.wait_for(keeper.lost, 10) is None
            keepers.append(keeper)
        assert [b"".join(keeper.came) for keeper in keepers] == [b"first", b"other"]

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(read())


async def test_there_is_one_buffer() -> None:
    assert Keeper().get_buffer(-1) is Keeper().get_buffer(4096)
