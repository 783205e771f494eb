"""Another backend that a station could have, as its session sees it."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from gateway.config import Backend
from gateway.observer import Observer
from gateway.switchboard import Switchboard
from gateway.upstream import Dialler


class Prospect(NamedTuple):
    """`version`: what it is dialled with. `board`: made over the station's memory on it; True: it is to know the numbers
    that another CSMS gave a 1.6 station's transactions."""

    backend: Backend
    version: str
    dial: Dialler
    board: Callable[[dict[str, Any], bool], Switchboard]
    observer: Observer


class NoProspectError(Exception):
    """There is no such backend, or no translation to it."""


class Prospects(Protocol):
    """The way of one station to other backends, as it came in."""

    forwards: bool
    """Whether there are credentials of its own to forward."""

    def home(self) -> str:
        """The backend that the routing rules give it now. Raises NoProspectError."""

    def of(self, name: str) -> Prospect:
        """Raises NoProspectError."""

    def version_on(self, name: str) -> str:
        """What the backend is dialled with. Raises NoProspectError."""
