"""What this process asks of its allocator and of the system.

glibc moves its bound for memory from outside of its heap (`M_MMAP_THRESHOLD`) up to the greatest that was ever given back.
Then every connection's TLS buffer, 256 KiB of which little is used, comes from the heap and leaves the pages that it touched
there for the next, which touches others: memory grows with every storm of connections.
"""

import asyncio
import ctypes
import platform
import resource
from collections.abc import Callable

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_OWN_PAGES_BYTES = 128 * 1024
"""Nothing that comes at every message may be as large: see `sockets`."""
_TIDY_SECONDS = 2.0
_MANY_GONE = 100
_SPARE_DESCRIPTORS = 128
"""For listeners, the store, the admin API, those on their way in."""


class Allocator:
    """The system's, where it is glibc's; elsewhere all of this does nothing."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None

    def settle(self) -> None:
        """Fix the bounds; before there are threads, which would get a heap each, and connections."""
        if self._libc is not None:
            self._libc.mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES_BYTES)
            self._libc.mallopt(_M_ARENA_MAX, 2)

    def trim(self) -> None:
        """Give pages back that nobody uses."""
        if self._libc is not None:
            self._libc.malloc_trim(0)


async def tidy(allocator: Allocator, stations: Callable[[], int]) -> None:
    """Give memory back when many stations have gone, for ever."""
    most = stations()
    while True:
        await asyncio.sleep(_TIDY_SECONDS)
        now = stations()
        if most - now >= _MANY_GONE:
            allocator.trim()
            most = now
        most = max(most, now)


def raise_descriptors() -> int:
    """As many descriptors as the system lets this process have, and how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def too_few_descriptors(have: int, stations: int) -> str | None:
    """What to say where `have` descriptors do not do for so many stations."""
    need = 2 * stations + _SPARE_DESCRIPTORS
    if have == resource.RLIM_INFINITY or have >= need:
        return None
    room = max(0, (have - _SPARE_DESCRIPTORS) // 2)
    return (
        f"limits.max_connections: {stations} stations need {need} file descriptors, two each, and this process may have"
        f" {have}: enough for {room} stations (LimitNOFILE, ulimit -n)"
    )
