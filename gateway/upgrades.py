"""What is left to aiohttp of a station's WebSocket: its handshake. Then a `Socket` takes the connection over.

aiohttp makes a parser when the handshake is over, keeps it in `_parser` of its WebSocket and hands the connection what it
finds there. Our subclass makes that a property that says where the octets wait which came with the handshake. Without it
no `Socket` can be made, so that a change of aiohttp fails every test and not silently.
"""

from typing import Any, Protocol

from aiohttp import web

from gateway.deflate import Deflate


class Early:
    """In place of aiohttp's parser until the connection is taken over: what came with the handshake."""

    def __init__(self) -> None:
        self.octets = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.octets += data
        return False, b""

    def feed_eof(self) -> None:
        """The connection is lost: its transport knows."""


class Upgrade(Protocol):
    """A handshake that is over. `dialled`: by this end of the connection; `deflate`: the compression agreed upon."""

    dialled: bool
    deflate: Deflate | None
    early: Early

    def left(self) -> None:
        """Its connection has ended."""


class StationWebSocket(web.WebSocketResponse):
    """The end of a connection that was accepted."""

    early: Early
    dialled = False

    def __init__(self, subprotocol: str | None = None, deflate: Deflate | None = None) -> None:
        # aiohttp's own compression keeps a context for each connection.
        super().__init__(protocols=(subprotocol,) if subprotocol is not None else (), compress=False)
        self.deflate = deflate
        self.headers["Server"] = "ocpp-gateway"
        if deflate is not None:
            self.headers["Sec-WebSocket-Extensions"] = deflate.answer

    @property  # type: ignore[override]
    def _parser(self) -> Early:
        return self.early

    @_parser.setter
    def _parser(self, parser: object) -> None:
        if parser is not None:
            self.early = Early()

    async def close(self, **options: Any) -> bool:
        """aiohttp asks for it behind a handler, for a connection that is its Socket's to close."""
        return False

    def left(self) -> None:
        """Its connection has ended."""
