"""One WebSocket, of a station or of a backend: text in, text out, alive or not.

Writing never waits for the peer: what it does not read gathers behind it, up to a limit, and for a limited time. So a
peer that stalls is cut, and stalls nobody else.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, NamedTuple

from aiohttp import ClientWebSocketResponse, WebSocketError, WSMsgType, web

from gateway.framing import CLOSE, PING, POLICY, PONG, Gate, Parser, control_frame

_LIGHT_BYTES = 16 * 1024
"""Less than this to write and less than this in the transport: the peer reads, and writing returns at once."""
_BACKLOG_BYTES = 256 * 1024
"""More than this behind a peer: its reader is asked to wait."""
_LINGER_SECONDS = 1.0
_REASON_BYTES = 120
_REFUSALS = frozenset({1002, 1003, 1007, 1009, POLICY})
"""Close codes for a peer that may be in the middle of writing more."""

logger = logging.getLogger(__name__)


class _Gated:
    """A WebSocket of aiohttp with a gate before its parser. aiohttp keeps the parser it makes in `_parser` and hands
    over what it finds there; without a gate no `Socket` can be made, so a change of that cannot go unnoticed."""

    gate: Gate
    dialled: ClassVar[bool]
    farewell: Callable[[int, bytes], Awaitable[None]] | None = None
    """Sees to it that a close frame with such a code and reason arrives."""

    @property
    def _parser(self) -> Gate:
        return self.gate

    @_parser.setter
    def _parser(self, parser: Parser | None) -> None:
        if parser is not None:
            self.gate = Gate(parser, asyncio.get_running_loop().time, masked=not self.dialled)

    async def close(self, *, code: int = 1000, message: bytes = b"", **more: Any) -> bool:
        """As aiohttp's; what the gate refused is the code and the reason, whoever closes."""
        if self.gate.refusal is not None:
            code, message = self.gate.refusal.code, self.gate.refusal.why.encode()
        if code in _REFUSALS and self.farewell is not None:
            farewell, self.farewell = self.farewell, None
            await farewell(code, message)
        closed: bool = await super().close(code=code, message=message, **more)  # type: ignore[misc]
        return closed


class StationWebSocket(_Gated, web.WebSocketResponse):  # type: ignore[misc]
    """The end of a connection that was accepted."""

    dialled = False


class BackendWebSocket(_Gated, ClientWebSocketResponse):  # type: ignore[misc]
    """The end of a connection that was dialled."""

    dialled = True

    @property
    def transport(self) -> asyncio.Transport | None:
        """Where its bytes go."""
        # uvloop's transports are no instances of asyncio.Transport.
        connection = self._response.connection
        return connection.transport if connection is not None else None


WebSocket = StationWebSocket | BackendWebSocket


class Gone(NamedTuple):
    """The connection ended: the peer's close code (1006: none came) and why in a word. `refused`: the gateway ended it,
    for what the peer sent."""

    code: int
    why: str
    refused: bool = False


class Socket:
    """A WebSocket that has been opened. `transport` is where its bytes go."""

    def __init__(
        self,
        ws: WebSocket,
        transport: asyncio.Transport | None,
        *,
        write_seconds: float,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._ws = ws
        self._transport = transport
        self._write_seconds = write_seconds
        self._loop = loop
        self._backlog: deque[str] = deque()
        self._backlog_bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._pinged_at: float | None = None
        self._cut = False
        self._gate = ws.gate
        self._gate.answer_with(self._pong)
        ws.farewell = self._farewell

    async def receive(self) -> str | Gone:
        """The next text message, or that the connection has ended. Pings have been answered before, by the gate."""
        if self._cut:
            return Gone(1006, "cut")  # what is still in its queue was sent before, and its answers would go nowhere
        message = await self._ws.receive()
        if message.type is WSMsgType.TEXT:
            return str(message.data)
        if message.type is WSMsgType.BINARY:
            # OCPP-J is text only (1.6-J section 4.1, RFC 6455 section 7.4.1).
            await self.close(1003, "OCPP-J messages are text")
            return Gone(1003, "binary", refused=True)
        if message.type is WSMsgType.CLOSE:
            return Gone(message.data or 1005, "closed by peer")
        if self._gate.refusal is not None:
            return Gone(*self._gate.refusal, refused=True)
        if isinstance(message.data, WebSocketError):
            return Gone(message.data.code, str(message.data), refused=True)
        return Gone(self._ws.close_code or 1006, "lost")

    async def send(self, text: str) -> None:
        """Hand over one message, in order. Returns without waiting for the peer."""
        if self._cut:
            return
        # A large text alone can fill the transport, and writing it would wait.
        if self._flusher is None and len(text) < _LIGHT_BYTES and self._load() < _LIGHT_BYTES:
            await self._quietly(self._ws.send_str(text))
            return
        self._backlog.append(text)
        self._backlog_bytes += len(text)
        if self._backlog_bytes > _BACKLOG_BYTES:
            self._room.clear()
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())

    @property
    def congested(self) -> bool:
        """Whether `room` would wait."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until what is behind the peer is within bounds."""
        await self._room.wait()

    def due(self, ping_seconds: float, pong_seconds: float) -> float:
        """When `keep_alive` is next to be called (loop time)."""
        if self._pinged_at is not None:
            return self._pinged_at + pong_seconds
        return self._gate.heard_at + ping_seconds

    async def keep_alive(self, ping_seconds: float, pong_seconds: float) -> bool:
        """Ping a quiet peer; False when it stayed quiet. Any frame is a sign of life, not only a pong."""
        now = self._loop.time()
        if not self._listening():
            # Its messages wait to be taken, and a pong may be among them: silence is ours.
            self._gate.heard_at = now
        if self._pinged_at is not None:
            # The loop's clock may stand still for a millisecond: a pong within it counts.
            if self._gate.heard_at >= self._pinged_at:
                self._pinged_at = None
            elif now >= self._pinged_at + pong_seconds:
                return False
        if self._pinged_at is None and now >= self._gate.heard_at + ping_seconds:
            self._pinged_at = now
            self._control(PING, b"")
        return True

    async def close(self, code: int, reason: str) -> None:
        """Say goodbye and wait for the peer's, for a limited time; then the connection is cut."""
        if self._flusher is not None:
            self._flusher.cancel()
        self._gate.answer_with(None)  # a close frame is the last (RFC 6455 section 5.5.1)
        try:
            async with asyncio.timeout(self._write_seconds):
                await self._ws.close(code=code, message=reason.encode()[:_REASON_BYTES])
        except (TimeoutError, OSError, RuntimeError):
            self.abort()
        self._ws.farewell = None  # else the two hold each other for good

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._cut = True
        if self._transport is not None:
            self._transport.abort()

    async def _farewell(self, code: int, reason: bytes) -> None:
        """Say why, and leave the peer a moment to read it and go. What is still on its way is read and dropped: closed
        at once, the connection would be reset, and a reset can overtake the close frame."""
        self._cut = True
        if self._flusher is not None:
            self._flusher.cancel()
        self._gate.answer_with(None)
        self._control(CLOSE, code.to_bytes(2, "big") + reason[:_REASON_BYTES])
        until = self._loop.time() + _LINGER_SECONDS
        # The end of a connection is told to aiohttp's parser, which is past hearing.
        while self._transport is not None and not self._transport.is_closing() and self._loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(_LINGER_SECONDS / 20)
        self.abort()

    async def _flush(self) -> None:
        try:
            while self._backlog:
                text = self._backlog.popleft()
                async with asyncio.timeout(self._write_seconds):
                    await self._ws.send_str(text)
                self._backlog_bytes -= len(text)
                if self._backlog_bytes <= _BACKLOG_BYTES // 2:
                    self._room.set()
        except (TimeoutError, OSError, RuntimeError) as error:
            logger.info("peer does not read: %s", type(error).__name__)
            self._backlog.clear()
            self.abort()
        finally:
            self._flusher = None
            self._room.set()

    def _listening(self) -> bool:
        return self._transport is None or self._transport.is_closing() or self._transport.is_reading()

    def _pong(self, payload: bytes) -> None:
        self._control(PONG, payload)

    def _control(self, opcode: int, payload: bytes) -> None:
        """Write a ping or pong without waiting. A peer that has so much to read gets neither, and is on its way out."""
        transport = self._transport
        if transport is not None and not transport.is_closing() and self._load() < _BACKLOG_BYTES:
            transport.write(control_frame(opcode, payload, os.urandom(4) if self._ws.dialled else None))

    def _load(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    async def _quietly(self, writing: "asyncio.Future[None] | object") -> None:
        """A write to a peer that has just gone is not news: `receive` will tell."""
        try:
            await writing  # type: ignore[misc]
        except (OSError, RuntimeError):
            self.abort()
