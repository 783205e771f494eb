"""One leg to a CSMS: the dial, and what became of it."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import structlog
from aiohttp import ClientWebSocketResponse, ClientWSTimeout
from yarl import URL

from gateway import security
from gateway.config import Backend, Credentials, Limits
from gateway.identity import Identity
from gateway.metrics import Metrics
from gateway.sockets import Socket


class DialError(Exception):
    """The backend did not take the connection.

    outcome: `refused` (the backend answered with an HTTP status), `subprotocol`, `tls`, `timeout` or `unreachable`.
    status: the HTTP status the station is to see.
    """

    def __init__(self, outcome: str, status: int, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome
        self.status = status


_MIRRORED = frozenset({400, 401, 403, 404})
"""Statuses of a backend that speak of the station, not of the backend."""

_FIRST_REDIAL_SECONDS, _LONGEST_REDIAL_SECONDS = 0.5, 5.0
_GOODBYE_SECONDS = 1.0


class _UpstreamWebSocket(ClientWebSocketResponse):
    """Knows its transport, whose fill level tells whether the backend reads."""

    @property
    def transport(self) -> asyncio.Transport | None:
        # uvloop's transports are no instances of asyncio.Transport.
        connection = self._response.connection
        return connection.transport if connection is not None else None


@dataclass(frozen=True, slots=True)
class Leg:
    """An open connection to a CSMS, and the version it speaks."""

    socket: Socket
    version: str


Dialler = Callable[[float], Awaitable[Leg]]
"""Opens one station's connection to its backend within these seconds. Raises DialError."""


async def redial(dial: Dialler, seconds: float, logger: structlog.stdlib.BoundLogger) -> Leg | None:
    """Dial a lost backend again until it is there, with full jitter so that a fleet does not come back in step; None
    after `seconds`. Raises DialError when the backend is there and refuses the station."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    longest = _FIRST_REDIAL_SECONDS
    while True:
        pause = random.uniform(0, longest)  # noqa: S311 - spreads load, hides nothing
        longest = min(2 * longest, _LONGEST_REDIAL_SECONDS)
        await asyncio.sleep(max(0.0, min(pause, deadline - loop.time())))
        left = deadline - loop.time()
        if left <= 0:
            return None
        try:
            return await dial(left)
        except DialError as error:
            logger.info("backend_redial_failed", outcome=error.outcome)
            if error.status != 503:
                raise


class Upstream:
    """Dials one backend, for as many stations as there are."""

    def __init__(self, backend: Backend, limits: Limits, metrics: Metrics) -> None:
        self.backend = backend
        self._limits = limits
        self._metrics = metrics
        self._context: ssl.SSLContext | None = None
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Raises OSError or ssl.SSLError for TLS files that cannot be used."""
        if self.backend.url.startswith("wss:"):
            self._context = security.client_context(self.backend.tls)
        # Addresses are looked up anew at every dial: a backend that moves is found again.
        connector = aiohttp.TCPConnector(limit=0, use_dns_cache=False, force_close=True)
        self._session = aiohttp.ClientSession(
            connector=connector,
            ws_response_class=_UpstreamWebSocket,
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def dial(
        self, identity: Identity, subprotocols: Sequence[str], authorization: str | None, seconds: float
    ) -> Leg:
        """Open this station's own connection. `authorization`: the station's header, used with `auth: forward`.

        Raises DialError.
        """
        dials, up = self._metrics.backend_dials, self._metrics.backend_up.labels(self.backend.name)
        try:
            leg = await self._dial(identity, subprotocols, authorization, seconds)
        except DialError as error:
            dials.labels(self.backend.name, error.outcome).inc()
            up.set(1 if error.outcome in ("refused", "subprotocol") else 0)
            raise
        dials.labels(self.backend.name, "ok").inc()
        up.set(1)
        return leg

    async def _dial(
        self, identity: Identity, subprotocols: Sequence[str], authorization: str | None, seconds: float
    ) -> Leg:
        assert self._session is not None
        url = self.backend.url_template.replace("{identity}", identity.quoted)
        headers = {}
        credentials = self._credentials(identity, authorization)
        if credentials is not None:
            headers["Authorization"] = credentials
        try:
            async with asyncio.timeout(seconds):
                ws = await self._session.ws_connect(
                    URL(url, encoded=True),
                    protocols=tuple(subprotocols),
                    headers=headers,
                    ssl=self._context if self._context is not None else True,
                    autoping=False,
                    max_msg_size=self._limits.max_frame_bytes,
                    timeout=ClientWSTimeout(ws_close=self._limits.write_seconds),
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status in _MIRRORED:
                raise DialError("refused", error.status, f"the backend answered {error.status}") from None
            raise DialError("refused", 503, f"the backend answered {error.status}") from None
        except aiohttp.ClientConnectorCertificateError as error:
            raise DialError("tls", 503, f"the backend's certificate: {error.certificate_error}") from None
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise DialError("tls", 503, f"TLS with the backend: {type(error).__name__}") from None
        except TimeoutError:
            raise DialError("timeout", 503, f"the backend did not answer in {seconds:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = getattr(getattr(error, "os_error", error), "strerror", None) or type(error).__name__
            raise DialError("unreachable", 503, f"the backend cannot be reached: {reason}") from None
        if ws.protocol not in subprotocols:
            # The station's handshake has a deadline, and this backend is no reason to miss it.
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await ws.close(code=1002)
            raise DialError("subprotocol", 503, "the backend chose none of the subprotocols offered")
        transport = ws.transport if isinstance(ws, _UpstreamWebSocket) else None
        loop = asyncio.get_running_loop()
        return Leg(Socket(ws, transport, write_seconds=self._limits.write_seconds, loop=loop), str(ws.protocol))

    def _credentials(self, identity: Identity, authorization: str | None) -> str | None:
        auth = self.backend.auth
        if isinstance(auth, Credentials):
            username = auth.username.replace("{identity}", identity.spelt)
            return aiohttp.encode_basic_auth(username, auth.password.get_secret_value(), "utf-8")
        return authorization if auth == "forward" else None
