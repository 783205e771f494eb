"""TLS contexts that follow their files, while connections that have begun keep what they began with.

A new context is made for every change, never an old one extended: an authority that was taken out is trusted no more, and
session tickets of before resume nothing.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import structlog

from gateway import security
from gateway.config import BackendTls, ListenerTls
from gateway.metrics import Metrics

_LOOK_SECONDS = 1.0

Tls = TypeVar("Tls", bound=ListenerTls | BackendTls)
Stamp = tuple[int, int, int] | None
"""What changes with a file: time of change, size, inode; None: it cannot be seen."""


class Made(NamedTuple, Generic[Tls]):
    """A context with the state its files had before they were read."""

    tls: Tls
    context: ssl.SSLContext
    stamps: tuple[Stamp, ...]
    expiries: dict[Path, float]
    described: dict[Path, dict[str, object]]


def make(tls: Tls, build: Callable[[Tls], ssl.SSLContext]) -> Made[Tls]:
    """Read the files. Raises OSError, ssl.SSLError, ValueError."""
    stamps = _stamps(tls)
    return Made(tls, build(tls), stamps, security.expiries(tls), security.described(tls))


class LiveContext(Generic[Tls]):
    """The context of one listener or backend. Take `current` anew for every handshake."""

    def __init__(self, place: str, tls: Tls, build: Callable[[Tls], ssl.SSLContext], metrics: Metrics) -> None:
        """`place`: `listener ADDRESS` or `backend NAME`. Raises OSError, ssl.SSLError, ValueError."""
        self._place = place
        self._build = build
        self._failed = metrics.certificate_reload_failed.labels(place)
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("contexts")
        self._tls = tls
        self.use(make(tls, build))

    @property
    def current(self) -> ssl.SSLContext:
        return self._made.context

    @property
    def expiries(self) -> dict[Path, float]:
        """Of the files in use."""
        return self._made.expiries

    def told(self) -> list[dict[str, object]]:
        """What is known of the files in use: `file`, `place`, `use` (certificate, authority, revocations), `subject`,
        `issuer` and `names` of the first certificate in it, `expires` (Unix time; None: never)."""
        return [{"file": str(path), "place": self._place, **told} for path, told in self._made.described.items()]

    def prepare(self, tls: Tls) -> Made[Tls]:
        """A context for settings that may come into force. Raises OSError, ssl.SSLError, ValueError."""
        return make(tls, self._build)

    def use(self, made: Made[Tls]) -> None:
        """New handshakes use this from now on."""
        self._made = made
        self._tls = made.tls
        self._seen = self._tried = made.stamps
        self._failed.set(0)

    async def look(self) -> bool:
        """Whether the files had changed and are in use now. Files are read when two looks found them alike, so that a
        certificate is not read without its key; one that cannot be used is told once, and the old ones stay."""
        tls = self._tls
        stamps = await asyncio.to_thread(_stamps, tls)
        settled, self._seen = stamps == self._seen, stamps
        if not settled or stamps == self._tried:
            return False
        self._tried = stamps
        try:
            made = await asyncio.to_thread(make, tls, self._build)
        except (OSError, ssl.SSLError, ValueError) as error:
            self._failed.set(1)
            self._logger.error("certificates_refused", place=self._place, why=str(error))
            return False
        if self._tls is not tls:
            # A reload of the configuration came first.
            return False
        self.use(made)
        self._logger.info("certificates_read", place=self._place)
        return True


async def follow(
    contexts: Callable[[], Iterable[LiveContext[ListenerTls] | LiveContext[BackendTls]]], metrics: Metrics
) -> None:
    """Look at the files of these contexts every second, for ever, and tell when they expire."""
    tell_expiries(contexts(), metrics)
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if any([await context.look() for context in list(contexts())]):
            tell_expiries(contexts(), metrics)


def tell_expiries(contexts: Iterable[LiveContext[ListenerTls] | LiveContext[BackendTls]], metrics: Metrics) -> None:
    """Set the series of every file in use, and no other."""
    found = {path: end for context in contexts for path, end in context.expiries.items()}
    metrics.certificate_expiry.clear()
    for label, end in _labelled(found):
        metrics.certificate_expiry.labels(label).set(end)


def _labelled(found: dict[Path, float]) -> Iterator[tuple[str, float]]:
    """Files by their names, and by their whole paths where two have the same name."""
    names = [path.name for path in found]
    for path, end in found.items():
        yield (path.name if names.count(path.name) == 1 else str(path)), end


def _stamps(tls: ListenerTls | BackendTls) -> tuple[Stamp, ...]:
    return tuple(map(_stamp, security.files_of(tls)))


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
