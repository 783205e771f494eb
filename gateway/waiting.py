"""Those who wait until what a session remembered is durable."""

import asyncio
from typing import NamedTuple

from gateway.store import StoreError


class _Waiter(NamedTuple):
    """Somebody who goes on when the first `upto` changes are durable, or gives up at `deadline` (loop time)."""

    upto: int
    deadline: float
    done: "asyncio.Future[None]"


class Waiting:
    """Those of one session."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: list[_Waiter] = []

    def __len__(self) -> int:
        return len(self._waiters)

    def join(self, upto: int, deadline: float) -> "asyncio.Future[None]":
        """Done when the first `upto` changes are durable; holds a StoreError after `deadline` (loop time)."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(_Waiter(upto, deadline, done))
        return done

    def seconds(self, now: float, otherwise: float) -> float:
        """How long the first of them waits still."""
        return min([waiter.deadline - now for waiter in self._waiters], default=otherwise)

    def settle(self, count: int) -> None:
        """So many changes are durable."""
        for waiter in self._waiters:
            if waiter.upto <= count and not waiter.done.done():
                waiter.done.set_result(None)
        self._waiters = [waiter for waiter in self._waiters if waiter.upto > count]

    def extend(self, seconds: float) -> None:
        """So much of the time was not theirs: nobody could have heard the store."""
        if seconds > 0:
            self._waiters = [waiter._replace(deadline=waiter.deadline + seconds) for waiter in self._waiters]

    def give_up(self, now: float, error: Exception) -> None:
        """Those go whose time is over."""
        for waiter in self._waiters:
            if waiter.deadline <= now:
                fail(waiter.done, StoreError(str(error) or "no answer in time"))
        self._waiters = [waiter for waiter in self._waiters if not waiter.done.done()]

    def fail(self, error: StoreError) -> None:
        """All of them go."""
        for waiter in self._waiters:
            fail(waiter.done, error)
        self._waiters.clear()


def fail(done: "asyncio.Future[None]", error: StoreError) -> None:
    """Nobody need hear of it."""
    if not done.done():
        done.set_exception(error)
        done.exception()  # it is no defect when nobody asks any more
