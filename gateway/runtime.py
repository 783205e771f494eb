"""What this process asks of its allocator and of the system.

glibc moves its bound for memory from outside of its heap (`M_MMAP_THRESHOLD`) up to the greatest that was ever given back.
Then the loop's TLS buffer of each backend's connection, 256 KiB of which little is used, comes from the heap. The bound is fixed, and does not do
alone: what the heap has free in one piece is given before the bound is asked. So connections that come behind a storm that
went have their buffers from what that left behind, with all pages that it touched, and what is small goes to new pages: memory
grows with every storm. The pages are given back as soon as a storm has gone.
"""

import asyncio
import ctypes
import platform
import resource
from collections.abc import Callable

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_OWN_PAGES_BYTES = 128 * 1024
"""Nothing that comes at every message may be as large: see `sockets`."""
_TIDY_SECONDS = 0.1
_MANY_GONE = 100
"""Connections, for which some milliseconds are spent."""
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


async def tidy(allocator: Allocator, gone: Callable[[], int]) -> None:
    """Give memory back behind every so many connections that have ended, for ever, and once more when no more of them end.
    `gone`: how many have until now. That others come meanwhile is no reason to wait: these would take what is left behind."""
    done = seen = gone()
    storm = False
    while True:
        await asyncio.sleep(_TIDY_SECONDS)
        now = gone()
        if now - done >= _MANY_GONE or (storm and now == seen):
            allocator.trim()
            storm = now - done >= _MANY_GONE
            done = now
        seen = now


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
