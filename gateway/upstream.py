"""One leg to a CSMS: the dial, and what became of it."""

import asyncio
import random
import ssl
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from gateway import security
from gateway.breaker import Breaker
from gateway.config import Backend, BackendTls, Credentials, Limits
from gateway.contexts import LiveContext
from gateway.dialling import Line
from gateway.handshakes import HandshakeError
from gateway.identity import Identity
from gateway.metrics import Metrics
from gateway.ratelimit import Spacing
from gateway.sockets import Socket


class DialError(Exception):
    """The backend did not take the connection.

    outcome: `refused` (the backend answered with an HTTP status), `subprotocol`, `tls`, `timeout`, `unreachable`, or
    `breaker`: it was not asked, because it did not answer others.
    status: the HTTP status the station is to see.
    """

    def __init__(self, outcome: str, status: int, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome
        self.status = status


_MIRRORED = frozenset({400, 401, 403, 404})
"""Statuses of a backend that speak of the station, not of the backend."""

_FIRST_REDIAL_SECONDS, _LONGEST_REDIAL_SECONDS = 0.5, 5.0
_LEAST_DIAL_SECONDS = 0.1
"""Less is not enough for a handshake."""
_LONGEST_TRY_SECONDS = 10.0
_GOODBYE_SECONDS = 1.0
_FAREWELLS_PER_SECOND, _LONGEST_FAREWELL = 100.0, 5.0


@dataclass(frozen=True, slots=True)
class Leg:
    """An open connection to a CSMS, and the version it speaks."""

    socket: Socket
    version: str


class Dialler(Protocol):
    """Opens one station's connection to its backend, now and whenever it is lost."""

    async def __call__(self, seconds: float) -> Leg:
        """Within these seconds. Raises DialError."""

    async def opening(self, seconds: float) -> None:
        """Wait, at most this long, until a dial has a chance."""

    def farewell(self) -> float:
        """Seconds to wait before the station is let go for want of its backend: a fleet must not go in one moment."""


async def redial(dial: Dialler, seconds: float, logger: structlog.stdlib.BoundLogger) -> Leg | None:
    """Dial a lost backend again until it is there, with full jitter so that a fleet does not come back in step; None
    after `seconds` (infinite: never). Raises DialError when the backend is there and refuses the station."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    longest = _FIRST_REDIAL_SECONDS
    outcome = ""
    while (left := deadline - loop.time()) > _LEAST_DIAL_SECONDS:
        # Time for a dial stays behind it: a backend that is back shortly before the deadline is not missed by a pause.
        pause = random.uniform(0, min(longest, left - _LEAST_DIAL_SECONDS))  # noqa: S311 - spreads load, hides nothing
        longest = min(2 * longest, _LONGEST_REDIAL_SECONDS)
        await asyncio.sleep(pause)
        await dial.opening(max(0.0, min(deadline - loop.time(), _LONGEST_TRY_SECONDS)))
        left = deadline - loop.time()
        if left <= 0:
            return None
        try:
            return await dial(min(left, _LONGEST_TRY_SECONDS))
        except DialError as error:
            if error.outcome != outcome:  # a fleet dials for hours
                logger.info("backend_redial_failed", outcome=error.outcome)
            outcome = error.outcome
            if error.status != 503:
                raise
    await asyncio.sleep(max(0.0, left))
    return None


class StationDialler:
    """The dialler of one station. `authorization`: the station's own header, used with `auth: forward`;
    `password`: its own at the backend, in place of the one for all."""

    __slots__ = ("_authorization", "_identity", "_password", "_subprotocols", "_upstream")

    def __init__(
        self,
        upstream: "Upstream",
        identity: Identity,
        subprotocols: Sequence[str],
        authorization: str | None,
        password: str | None = None,
    ) -> None:
        self._upstream = upstream
        self._identity = identity
        self._subprotocols = subprotocols
        self._authorization = authorization
        self._password = password

    async def __call__(self, seconds: float) -> Leg:
        identity, subprotocols = self._identity, self._subprotocols
        return await self._upstream.dial(identity, subprotocols, self._authorization, seconds, self._password)

    async def opening(self, seconds: float) -> None:
        await self._upstream.opening(seconds)

    def farewell(self) -> float:
        return self._upstream.farewell()


class Upstream:
    """Dials one backend, for as many stations as there are."""

    def __init__(self, backend: Backend, limits: Limits, metrics: Metrics) -> None:
        self.backend = backend
        self._limits = limits
        self._metrics = metrics
        self.context: LiveContext[BackendTls] | None = None
        self._line = Line(backend.url_template, tuple(map(str, backend.upstream_source_addresses)))
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("upstream")
        self._breaker = Breaker()
        self._farewells = Spacing()
        self._recovered = asyncio.Event()
        self._probing = asyncio.Lock()

    async def open(self) -> None:
        """Raises OSError, ssl.SSLError, ValueError for TLS files that cannot be used."""
        if self.backend.url.startswith("wss:"):
            place = f"backend {self.backend.name}"
            self.context = LiveContext(place, self.backend.tls, security.client_context, self._metrics)

    async def reach(self) -> None:
        """Connect, and hang up: no CSMS hears of a station that is none. Raises OSError, ssl.SSLError."""
        await self._line.reach(self.context.current if self.context is not None else None)

    @property
    def is_down(self) -> bool:
        """Whether it failed so often that it is only probed."""
        return self._breaker.open

    async def dial(
        self,
        identity: Identity,
        subprotocols: Sequence[str],
        authorization: str | None,
        seconds: float,
        password: str | None = None,
    ) -> Leg:
        """Open this station's own connection. `authorization`: the station's header, used with `auth: forward`;
        `password`: the station's own for this backend, used in place of the one that the configuration has for all.

        Raises DialError.
        """
        loop = asyncio.get_running_loop()
        if not self._breaker.admits(loop.time()):
            raise DialError("breaker", 503, "the backend is down, and asked again in a moment")
        delay = self._breaker.delay(loop.time())
        if delay >= seconds:
            raise DialError("breaker", 503, "the backend has just come back, and others are before this station")
        if delay > 0:
            await asyncio.sleep(delay)
        dials, up = self._metrics.backend_dials, self._metrics.backend_up.labels(self.backend.name)
        try:
            credentials = self._credentials(identity, authorization, password)
            leg = await self._dial(identity, subprotocols, credentials, seconds - delay)
        except DialError as error:
            dials.labels(self.backend.name, error.outcome).inc()
            is_there = error.outcome in ("refused", "subprotocol")
            up.set(1 if is_there else 0)
            if is_there and error.status != 503:
                self._answered(loop.time())
            else:
                self._failed(loop.time(), identity.key if is_there else None)
            raise
        dials.labels(self.backend.name, "ok").inc()
        up.set(1)
        self._answered(loop.time())
        return leg

    async def opening(self, seconds: float) -> None:
        """Wait, at most this long, until the backend is there or it is time to ask it again. One at a time asks."""
        if not self._breaker.open:
            return
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._probing:
                if self._breaker.open:
                    async with asyncio.timeout(self._breaker.due(loop.time())):
                        await self._recovered.wait()

    def _answered(self, now: float) -> None:
        if self._breaker.open:
            self._logger.info("backend_recovered", backend=self.backend.name)
        self._breaker.answered(now)
        self._recovered.set()

    def farewell(self) -> float:
        """Seconds to wait before the next station is let go."""
        delay = self._farewells.delay(asyncio.get_running_loop().time(), _FAREWELLS_PER_SECOND)
        return delay if delay < _LONGEST_FAREWELL else random.uniform(0, _LONGEST_FAREWELL)  # noqa: S311 - spreads load

    def _failed(self, now: float, station: str | None) -> None:
        was_open = self._breaker.open
        self._breaker.failed(now, random.random(), station)  # noqa: S311 - spreads load, hides nothing
        if self._breaker.open and not was_open:
            self._recovered.clear()
            self._logger.warning("backend_down", backend=self.backend.name)

    async def _dial(
        self, identity: Identity, subprotocols: Sequence[str], credentials: str | None, seconds: float
    ) -> Leg:
        context = self.context.current if self.context is not None else None
        try:
            async with asyncio.timeout(seconds):
                opening, transport, answer = await self._line.open(identity.quoted, subprotocols, credentials, context)
        except ssl.SSLCertVerificationError as error:
            raise DialError("tls", 503, f"the backend's certificate: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise DialError("tls", 503, f"TLS with the backend: {error.reason or type(error).__name__}") from None
        except HandshakeError as error:
            raise DialError("refused", 503, f"the backend gave {error}") from None
        except (OSError, ValueError) as error:
            # The system has a TimeoutError of its own, which has a number.
            if isinstance(error, TimeoutError) and error.errno is None:
                raise DialError("timeout", 503, f"the backend did not answer in {seconds:g} s") from None
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise DialError("unreachable", 503, f"the backend cannot be reached: {reason}") from None
        if not answer.accepted:
            transport.abort()
            # A redirect is not followed: where credentials go is the configuration's to say.
            why = f"answered {answer.status}" if answer.status != 101 else "did not upgrade to a WebSocket"
            raise DialError("refused", answer.status if answer.status in _MIRRORED else 503, f"the backend {why}")
        try:
            socket = Socket(
                opening, transport, max_bytes=self._limits.max_frame_bytes, write_seconds=self._limits.write_seconds
            )
        except ConnectionResetError:
            raise DialError("unreachable", 503, "the backend hung up") from None
        if answer.subprotocol is None or answer.subprotocol not in subprotocols:
            # The station's handshake has a deadline, and this backend is no reason to miss it.
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await socket.close(1002, "")
            raise DialError("subprotocol", 503, "the backend chose none of the subprotocols offered")
        return Leg(socket, answer.subprotocol)

    def _credentials(self, identity: Identity, authorization: str | None, password: str | None) -> str | None:
        auth = self.backend.auth
        if isinstance(auth, Credentials):
            username = auth.username.replace("{identity}", identity.spelt)
            secret = password if password is not None else auth.password.get_secret_value()
            return f"Basic {b64encode(f'{username}:{secret}'.encode()).decode()}"
        return authorization if auth == "forward" else None
