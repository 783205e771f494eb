"""Who listens to this node's sessions."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog

from gateway.ear import Ear
from gateway.ratelimit import Bucket
from gateway.redaction import redaction
from gateway.tap import Tap, Tapped

MOST_EARS = 32
"""At one node, those for other nodes included."""
_FRAMES_PER_SECOND, _FRAME_CHARACTERS = 1000.0, 4096
"""Decoded for listeners in one process, a long frame as several: what is more is lost to them, so that the stations
notice nothing."""


class Taps:
    """Who listens at this node, and to which sessions."""

    def __init__(self, node: str, sessions: Mapping[str, Tapped], redact: tuple[str, ...]) -> None:
        """`redact`: the members whose values nobody sees (`log.redact`)."""
        self.node = node
        self.hide = redaction(redact)
        self.ears: dict[str, Ear] = {}
        self.logger: structlog.stdlib.BoundLogger = structlog.get_logger("taps")
        self._sessions = sessions
        self._budget = Bucket(_FRAMES_PER_SECOND, _FRAMES_PER_SECOND, 0.0)

    def may(self, size: int) -> bool:
        """Whether a frame of so many characters may be decoded for listeners now."""
        now = asyncio.get_running_loop().time()
        return all(self._budget.try_take(now) for _ in range(1 + size // _FRAME_CHARACTERS))

    @contextmanager
    def heard_by(self, name: str, ear: Ear) -> Iterator[None]:
        """It listens, under this name, to all that it wants. At most MOST_EARS may."""
        self.ears[name] = ear
        self._tap_all()
        try:
            yield
        finally:
            self.ears.pop(name, None)
            self._tap_all()

    @property
    def full(self) -> bool:
        return len(self.ears) >= MOST_EARS

    def begin(self, key: str, session: Tapped) -> None:
        """A session begins: somebody may be listening to its station already."""
        if self.ears:
            self._tap(key, session)

    def close(self) -> None:
        """Everybody is told that nothing more comes."""
        for ear in list(self.ears.values()):
            ear.close()

    def _tap_all(self) -> None:
        for key, session in self._sessions.items():
            self._tap(key, session)

    def _tap(self, key: str, session: Tapped) -> None:
        ears = tuple(ear for ear in self.ears.values() if ear.wants(key))
        if not ears:
            session.tap = None
            return
        if session.tap is None:
            session.tap = Tap(session, self)
        session.tap.ears = ears
