"""A limit that counts the other side's silence, on both loops: theirs differ in what they look at first."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from socket import create_server
from typing import Any

import pytest
import uvloop

from gateway.silence import silence
from tests.busy import busy

Loop = Callable[[], asyncio.AbstractEventLoop]
LOOPS = pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])


def run(loop: Loop, work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(work)


@contextmanager
def echo(seconds: float = 0.0) -> Iterator[int]:
    """The port of a server, in a thread of its own, that answers one message after so many seconds."""
    with create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked = connection.recv(100)
                time.sleep(seconds)
                connection.sendall(asked)
                connection.recv(100)  # until the other side closes

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@LOOPS
def test_silence_ends_in_time(loop: Loop) -> None:
    async def work() -> None:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            async with silence(0.1):
                await asyncio.get_running_loop().create_future()
        assert 0.09 < time.monotonic() - began < 2

    run(loop, work())


@LOOPS
def test_an_answer_that_lies_in_the_socket_is_heard_however_late_we_are(loop: Loop) -> None:
    async def work() -> None:
        with echo() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"x")
            with busy(0.25):
                async with silence(0.2) as limit:
                    assert await reader.readexactly(1) == b"x"
            assert limit.late < 2  # there were few passes
            writer.close()

    run(loop, work())


@LOOPS
def test_who_is_silent_while_we_are_late_is_silent_all_the_same(loop: Loop) -> None:
    async def work() -> None:
        with busy(0.05):
            with pytest.raises(TimeoutError):
                async with silence(0.1) as limit:
                    await asyncio.get_running_loop().create_future()
        # Ten slices of 10 ms, each of which took a pass.
        assert limit.late > 0.2

    run(loop, work())


async def test_what_is_done_in_time_is_never_cancelled_and_errors_pass() -> None:
    async with silence(0.05):
        pass
    await asyncio.sleep(0.1)
    with pytest.raises(ValueError, match="mine"):
        async with silence(1.0):
            raise ValueError("mine")
