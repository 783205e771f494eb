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

    __slots__ = ("_cancelling", "_due", "_is_over", "_left", "_loop", "_slice", "_task", "_timer", "late")

    def __init__(self, seconds: float) -> None:
        self.late = 0.0
        """Seconds that did not count so far."""
        self._slice = seconds / _SLICES
        self._left = _SLICES
        self._is_over = False

    async def __aenter__(self) -> "silence":
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._left:
            self.late += max(0.0, self._loop.time() - self._due)
        self._timer.cancel()
        task = self._task
        del self._task, self._timer  # who has waited may be held by what went wrong
        # Somebody else may have cancelled it in the same moment.
        if self._is_over and task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _begin(self) -> None:
        self._due = self._loop.time() + self._slice
        self._timer: asyncio.Handle = self._loop.call_at(self._due, self._ended)

    def _ended(self) -> None:
        now = self._loop.time()
        self.late += max(0.0, now - self._due)
        self._left -= 1
        if self._left > 0:
            self._begin()
        else:
            # Behind those whom the last look at the sockets has woken.
            self._timer = self._loop.call_soon(self._give_up)

    def _give_up(self) -> None:
        self._is_over = True
        self._task.cancel()
