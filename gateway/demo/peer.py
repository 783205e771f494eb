"""What both kinds of simulator share: the `ocpp` package with types, in silence, and the demo's clock."""

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

    A station takes its time from its CSMS; both ends of an act share one clock.
    """

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> str:
        """ISO 8601 in UTC, whole seconds."""
        return f"{datetime.now(UTC) + self._ahead:%Y-%m-%dT%H:%M:%SZ}"

    def skip(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)
