"""A loop that is kept busy, as a storm keeps it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def busy(seconds: float) -> Iterator[None]:
    """Each pass of the running loop takes so long. It begins with the next."""
    loop = asyncio.get_running_loop()
    handle: asyncio.Handle

    def block() -> None:
        nonlocal handle
        time.sleep(seconds)
        handle = loop.call_soon(block)

    handle = loop.call_soon(block)
    try:
        yield
    finally:
        handle.cancel()
