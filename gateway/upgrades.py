"""A station's connection from its first octet to the answer; then a `Socket` takes it over, or it ends.

aiohttp's parser reads the request, with its limits and its strictness. Its server is left out: it is made for many requests
on a connection and for bodies, and takes longer for a handshake than what is decided about it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import structlog
from aiohttp import EMPTY_PAYLOAD
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpProcessingError, HttpRequestParser, RawRequestMessage

from gateway.deflate import Deflate
from gateway.handshakes import accepted, refused
from gateway.reading import ReadAtOnce
from gateway.tasks import ended

_EARLY_BYTES = 64 * 1024
"""More than this behind a request that has not been answered: no more is read."""
_READ_BYTES = 1024 * 1024
"""More than one read brings. aiohttp would ask for less where a body grows beyond it; here nothing is read behind a request."""
_LINGER_SECONDS = 1.0


class Upgrade(Protocol):
    """A handshake that is over. `dialled`: by this end of the connection; `deflate`: the compression agreed upon; `early`:
    what came with it, until somebody has taken it."""

    dialled: bool
    deflate: Deflate | None
    early: bytes


class Arrival(ReadAtOnce):
    """A connection that was accepted. It has one request, for `upgrade` or `answer`."""

    __slots__ = (
        "_answered",
        "_arrivals",
        "_parser",
        "_upgraded",
        "deflate",
        "early",
        "has_body",
        "request",
        "transport",
    )
    dialled = False

    def __init__(self, arrivals: "Arrivals") -> None:
        self._arrivals = arrivals
        self._parser: HttpRequestParser | None = HttpRequestParser(arrivals.reader, arrivals.loop, _READ_BYTES)
        self.transport: asyncio.Transport | None = None
        """None when the connection is lost."""
        self.request: RawRequestMessage | None = None
        """Until it is answered."""
        self.has_body = False
        self.deflate: Deflate | None = None
        self.early = b""
        self._upgraded = self._answered = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]  # uvloop's is no asyncio.Transport
        self._arrivals.came(self)

    def data_received(self, data: bytes | bytearray) -> None:
        if self._answered:
            return  # read so that the connection is not reset: a reset can overtake the answer
        if self._parser is None:
            self.early += data
            if len(self.early) > _EARLY_BYTES and self.transport is not None:
                self.transport.pause_reading()
            return
        try:
            requests, _, self.early = self._parser.feed_data(bytes(data))
        except HttpProcessingError:
            self._parser = None
            return self.answer(refused(400, "this is no HTTP request"))
        if requests:
            self._parser = None
            self.request, body = requests[0]
            self.has_body = body is not EMPTY_PAYLOAD
            self._arrivals.asked(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = self._parser = None
        self._arrivals.lost(self)

    @property
    def method(self) -> str:
        """Of its request."""
        return self.request.method if self.request is not None else ""

    def said(self, header: str) -> list[str]:
        """The lines of a header of its request."""
        return list(self.request.headers.getall(header, ())) if self.request is not None else []

    def upgrade(self, subprotocol: str | None, deflate: Deflate | None = None) -> asyncio.Transport:
        """Say that it is a WebSocket from now on. Raises ConnectionResetError where it is gone."""
        transport, request = self.transport, self.request
        if transport is None or request is None or transport.is_closing():
            raise ConnectionResetError("the station has gone")
        extension = deflate.answer if deflate is not None else None
        transport.write(accepted(request.headers["Sec-WebSocket-Key"], subprotocol, extension))
        self.request, self.deflate, self._upgraded = None, deflate, True
        return transport

    def answer(self, octets: bytes) -> None:
        """Say this and end the connection, unless it has had its answer."""
        transport = self.transport
        if self._upgraded or self._answered or transport is None or transport.is_closing():
            return
        transport.write(octets)
        self.request, self.early, self._answered = None, b"", True
        if self.has_body:
            # Closed at once, the connection would be reset by what is on its way.
            transport.resume_reading()
            self._arrivals.loop.call_later(_LINGER_SECONDS, transport.close)
        else:
            transport.close()

    def end(self) -> None:
        """Nobody is concerned with it any more."""
        if self.transport is not None and not self._answered:
            self.transport.close()


class Arrivals:
    """The connections of one listener: makes their protocols, and a task for each request."""

    def __init__(self, handle: Callable[[Arrival], Coroutine[Any, Any, None]], left: Callable[[Arrival], None]) -> None:
        """`handle` answers the request of one, and takes as long as what comes of it; `left` is told when one is lost."""
        self.loop = asyncio.get_running_loop()
        self.reader = BaseProtocol(self.loop)
        self._handle = handle
        self._left = left
        self._idle: set[Arrival] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("arrivals")

    def __call__(self) -> Arrival:
        return Arrival(self)

    def came(self, one: Arrival) -> None:
        self._idle.add(one)

    def asked(self, one: Arrival) -> None:
        self._idle.discard(one)
        task = self.loop.create_task(self._serve(one))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def lost(self, one: Arrival) -> None:
        self._idle.discard(one)
        self._left(one)

    async def _serve(self, one: Arrival) -> None:
        if one.request is None or one.transport is None:
            return  # it has gone already
        try:
            await self._handle(one)
        except Exception as error:  # a defect of ours ends this connection and no other
            self._logger.error("request_failed", error=type(error).__name__, exc_info=error)
            one.answer(refused(500, "the gateway failed"))
        finally:
            one.end()

    async def close(self, seconds: float) -> None:
        """Cut those that ask for nothing. The others may finish within these seconds."""
        for one in list(self._idle):
            one.end()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            await ended(*late)
