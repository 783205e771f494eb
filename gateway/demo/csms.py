"""What the simulated management systems share: a WebSocket server, HTTP Basic, and the stations that are there."""

import asyncio
import hmac
from abc import ABC, abstractmethod
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from ocpp.charge_point import ChargePoint
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from gateway.demo.peer import Clock, SimulationError
from gateway.demo.wire import Tap, Tape


class Csms(ABC):
    """A simulated CSMS of one version. `passwords`: identity -> password, checked by HTTP Basic; None: nobody is asked.

    `heartbeat_seconds` is what BootNotification tells stations. `tape` holds every frame.
    """

    subprotocol: str

    def __init__(
        self, clock: Clock, *, passwords: Mapping[str, str] | None = None, heartbeat_seconds: int = 300
    ) -> None:
        self.clock = clock
        self.tape = Tape("csms")
        self.heartbeat_seconds = heartbeat_seconds
        self._passwords = passwords
        self._stations: dict[str, ChargePoint] = {}

    @asynccontextmanager
    async def listening(self, path: str = "/ocpp", port: int = 0) -> AsyncIterator[str]:
        """The URL it listens at on the loopback, to which stations append their identity. Raises OSError."""
        async with serve(
            self._serve,
            "127.0.0.1",
            port,
            subprotocols=[Subprotocol(self.subprotocol)],
            process_request=self._admit,
            close_timeout=2,
        ) as server:
            bound = next(iter(server.sockets)).getsockname()[1]
            yield f"ws://127.0.0.1:{bound}{path}"

    async def call(self, identity: str, payload: Any) -> Any:
        """Sends one call (`ocpp.v16.call.Reset(...)`, for example) and returns the `call_result`.

        Raises SimulationError for a station that is not there, ocpp's OCPPError for a CALLERROR, TimeoutError.
        """
        station = self._stations.get(identity)
        if station is None:
            raise SimulationError(f"{identity} is not connected to the {self.subprotocol} CSMS")
        return await station.call(payload, suppress=False)

    @abstractmethod
    def _peer(self, identity: str, tap: Tap) -> ChargePoint:
        """One connected station, seen from here."""

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        identity = _identity(connection.request)
        peer = self._peer(identity, Tap(connection, identity, self.tape))
        self._stations[identity] = peer
        try:
            with suppress(ConnectionClosed, asyncio.CancelledError):
                await peer.start()
        finally:
            if self._stations.get(identity) is peer:
                del self._stations[identity]

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._passwords is None:
            return None
        username, password = _basic(request.headers.get("Authorization", ""))
        right = self._passwords.get(_identity(request))
        if right is not None and username == _identity(request) and hmac.compare_digest(password, right):
            return None
        response = connection.respond(HTTPStatus.UNAUTHORIZED, "wrong credentials\n")
        response.headers["WWW-Authenticate"] = 'Basic realm="csms"'
        return response


def _identity(request: Request) -> str:
    return unquote(request.path.partition("?")[0].rpartition("/")[2])


def _basic(header: str) -> tuple[str, str]:
    scheme, _, credentials = header.partition(" ")
    if scheme.casefold() != "basic":
        return "", ""
    try:
        username, _, password = b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return username, password
