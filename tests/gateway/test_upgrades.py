"""The hold on aiohttp: what came with the handshake is kept for who takes the connection over."""

from aiohttp._websocket.reader import WebSocketReader

from gateway.upgrades import Early, StationWebSocket


async def test_aiohttp_hands_its_connection_what_is_kept_and_not_its_parser() -> None:
    ws = StationWebSocket()
    ws._parser = WebSocketReader.__new__(WebSocketReader)
    assert isinstance(ws._parser, Early)
    assert ws._parser.feed_data(b"ab") == (False, b"")
    ws._parser.feed_data(b"c")
    ws._parser.feed_eof()
    ws._parser = None
    assert ws.early.octets == b"abc"


async def test_aiohttp_does_not_close_what_is_not_its_own() -> None:
    assert await StationWebSocket().close() is False
    assert not StationWebSocket.dialled
