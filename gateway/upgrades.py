"""What is left to aiohttp of a WebSocket: its handshake. Then a `Socket` takes the connection over.

aiohttp makes a parser when the handshake is over, keeps it in `_parser` of its WebSocket and hands the connection what it
finds there. Our subclasses make that a property that says where the octets wait which came with the handshake. Without it
no `Socket` can be made, so that a change of aiohttp fails every test and not silently.
"""

from typing import Any, ClassVar

from aiohttp import ClientWebSocketResponse, web


class Early:
    """In place of aiohttp's parser until the connection is taken over: what came with the handshake."""

    def __init__(self) -> None:
        self.octets = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.octets += data
        return False, b""

    def feed_eof(self) -> None:
        """The connection is lost: its transport knows."""


class _Upgrade:
    early: Early
    dialled: ClassVar[bool]

    @property
    def _parser(self) -> Early:
        return self.early

    @_parser.setter
    def _parser(self, parser: object) -> None:
        if parser is not None:
            self.early = Early()

    async def close(self, **options: Any) -> bool:
        """aiohttp asks for it behind a handler, for a connection that is its Socket's to close."""
        return False


class StationWebSocket(_Upgrade, web.WebSocketResponse):  # type: ignore[misc]
    """The end of a connection that was accepted."""

    dialled = False

    def left(self) -> None:
        """Its connection has ended."""


class BackendWebSocket(_Upgrade, ClientWebSocketResponse):  # type: ignore[misc]
    """The end of a connection that was dialled."""

    dialled = True

    @property
    def transport(self) -> Any:
        """Where its bytes go; None when it has gone already."""
        # uvloop's transports are no instances of asyncio.Transport.
        connection = self._response.connection
        return connection.transport if connection is not None else None

    def left(self) -> None:
        """Its connection has ended: aiohttp's pool forgets it."""
        self._response.close()
