"""A limit on somebody else's silence, which our own lateness is no part of.

A timer that is late has told of this process, not of the other side: its answer may lie in the socket already, and loops
look at timers before they look at sockets. So time is counted in slices, each at its own length however late it ended, and
each begins after the loop has read what there was to read.
"""

import asyncio
from types import TracebackType

_SLICES = 10


class silence:  # noqa: N801 - used as asyncio.timeout is
    """`async with silence(seconds):` raises TimeoutError after so many seconds in which the loop was there to hear, and
    never before it has read its sockets ten times."""

    __slots__ = ("_due", "_left", "_limit", "_loop", "_slice", "_timer", "late")

    def __init__(self, seconds: float) -> None:
        self.late = 0.0
        """Seconds that did not count so far."""
        self._slice = seconds / _SLICES
        self._left = _SLICES
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> "silence":
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(None)
        await self._limit.__aenter__()
        self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.late += max(0.0, self._loop.time() - self._due)
        await self._limit.__aexit__(kind, error, trace)

    def _begin(self) -> None:
        self._due = self._loop.time() + self._slice
        self._timer = self._loop.call_at(self._due, self._ended)

    def _ended(self) -> None:
        now = self._loop.time()
        self.late += max(0.0, now - self._due)
        self._left -= 1
        if self._left > 0:
            self._begin()
        else:
            self._timer = None
            self._limit.reschedule(now)
