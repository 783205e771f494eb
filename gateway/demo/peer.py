"""What both kinds of simulator share: the `ocpp` package with types, in silence, and the demo's clock."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from ocpp.routing import after, on

ANSWER_SECONDS = 10
"""How long a simulator waits for an answer before its call fails with TimeoutError."""

# The package logs every frame at INFO and every CALLERROR with a traceback; the tape has them already.
QUIET = logging.getLogger("gateway.demo.ocpp")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False

_Handler = TypeVar("_Handler", bound=Callable[..., Any])


def answers(action: str) -> Callable[[_Handler], _Handler]:
    """The method answers calls of this name: snake-case keyword arguments in, a `call_result` out."""
    return cast(Callable[[_Handler], _Handler], on(action))


def afterwards(action: str) -> Callable[[_Handler], _Handler]:
    """The method runs once the answer to a call of this name is on the wire."""
    return cast(Callable[[_Handler], _Handler], after(action))


class SimulationError(Exception):
    """A simulator met something that ends its script, such as a refused BootNotification."""


class Clock:
    """Time in the demo: the wall's, with jumps, so that a charge of half an hour fits into seconds.

    A station takes its time from its CSMS, so both ends of an act share one clock. It must not run ahead by more than an
    hour: the gateway would then take it for a clock that is wrong.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> str:
        """ISO 8601 in UTC, whole seconds."""
        return f"{datetime.now(UTC) + self._ahead:%Y-%m-%dT%H:%M:%SZ}"

    def skip(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)


async def end(*tasks: "asyncio.Task[Any] | None") -> None:
    """Cancels the tasks until they are over; what they raise is nobody's business any more."""
    left = {task for task in tasks if task is not None}
    while left:
        for task in left:
            task.cancel()
        # Up to Python 3.11 `wait_for`, which the package's `call` uses, may swallow a cancellation: cancel again.
        over, left = await asyncio.wait(left, timeout=0.1)
        for task in over:
            if not task.cancelled():
                task.exception()
