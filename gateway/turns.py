"""Who may do now what too many at once would stop for everybody: so many at a time, the others in order, and none for long.

The pace is that at which turns end, whatever sets it: nothing need be configured or measured.
"""

import asyncio
from collections import deque

from gateway.silence import silence


class CrowdedError(Exception):
    """There is no turn for this one in time."""


class Turns:
    """`async with turns:` lets `at_once` in at a time; who has waited for `seconds` goes without."""

    def __init__(self, at_once: int, seconds: float) -> None:
        self._free = at_once
        self._seconds = seconds
        self._waiting: deque[tuple[asyncio.Future[None], float]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def crowded(self, now: float) -> bool:
        """Whether somebody has waited so long already that one who came at `now` (loop time) might wait in vain."""
        while self._waiting and self._waiting[0][0].done():
            self._waiting.popleft()
        return bool(self._waiting) and now - self._waiting[0][1] > self._seconds / 2

    async def __aenter__(self) -> None:
        """A turn, until it is left. Raises CrowdedError."""
        if self._free:
            self._free -= 1
            return
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append((turn, loop.time()))
        try:
            async with silence(self._seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # it was given in the same moment
            turn.cancel()
            if isinstance(error, TimeoutError):
                raise CrowdedError("too many stations come at once") from None
            raise

    async def __aexit__(self, *ended: object) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
