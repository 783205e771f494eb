"""What somebody may have to wait for, without the queue that an `asyncio.Event` has from its first moment: a pair of
connections has a dozen of them, and nearly nobody ever waits."""

import asyncio


class Gate:
    """Open or shut; whoever waits goes on when it is opened."""

    __slots__ = ("_waiters", "is_open")

    def __init__(self, *, is_open: bool = False) -> None:
        self.is_open = is_open
        self._waiters: list[asyncio.Future[None]] | None = None

    def open(self) -> None:
        self.is_open = True
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)

    def shut(self) -> None:
        self.is_open = False

    async def passed(self) -> None:
        """Wait until it is open, or has been for a moment."""
        if self.is_open:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._waiters is None:
            self._waiters = []
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if self._waiters is not None and waiter in self._waiters:
                self._waiters.remove(waiter)
