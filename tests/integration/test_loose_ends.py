"""Handshakes and backends that end halfway: nothing is left open, and nobody else notices."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from tests.support import Csms, Gateway, ask, configuration, gateway


class SlowCsms(Csms):
    """Takes its time over every handshake after the first `quick` ones."""

    def __init__(self, quick: int) -> None:
        super().__init__()
        self.asked, self.quick = 0, quick
        self.go = asyncio.Event()

    async def _process_request(  # type: ignore[override]
        self, connection: ServerConnection, request: Request
    ) -> Response | None:
        self.asked += 1
        self.came.set()
        if self.asked > self.quick:
            await self.go.wait()
        return None


def handshake(key: str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", version: str = "13") -> bytes:
    return (
        "GET /CP-1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"{key}Sec-WebSocket-Version: {version}\r\nSec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("request_bytes", [handshake(key=""), handshake().replace(b"Connection: U", b"X: U")])
async def test_a_handshake_that_cannot_be_answered_disturbs_nobody(tmp_path: Path, request_bytes: bytes) -> None:
    csms = Csms()
    async with csms.running(), gateway(tmp_path, configuration(("only", csms))) as running:
        ws = await running.station()
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(request_bytes)
        assert b" 400 " in await asyncio.wait_for(reader.readline(), 5)
        writer.close()
        assert len(csms.connections) == 1
        assert (await ask(ws, [2, "1", "Heartbeat", {}]))[0] == 3
        assert await running.metric('ocpp_gateway_connections_rejected_total{reason="handshake"}') == 1
        await ws.close()


@pytest.mark.parametrize("version", [b": 12", b": 8", b": 7", b": 13, 8", b": 0", b":"])
async def test_another_version_of_the_protocol_is_told_ours(tmp_path: Path, version: bytes) -> None:
    """RFC 6455 section 4.4; so is one that names none."""
    csms = Csms()
    async with csms.running(), gateway(tmp_path, configuration(("only", csms))) as running:
        for request in (
            handshake().replace(b"Version: 13", b"Version" + version),
            handshake().replace(b"Sec-WebSocket-Version: 13\r\n", b""),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
            writer.write(request)
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            assert answer.startswith(b"HTTP/1.1 426 ")
            assert b"\r\nSec-WebSocket-Version: 13\r\n" in answer
            assert b"\r\nUpgrade: websocket\r\n" in answer
            writer.close()
        assert csms.requests == []
        assert await running.metric('ocpp_gateway_connections_rejected_total{reason="version"}') == 2


async def test_a_station_that_leaves_while_its_backend_is_dialled_replaces_nobody(tmp_path: Path) -> None:
    csms = SlowCsms(quick=1)
    async with csms.running(), gateway(tmp_path, configuration(("only", csms))) as running:
        ws = await running.station()
        _, writer = await asyncio.open_connection("127.0.0.1", running.port)
        writer.write(handshake())
        await csms.wait(lambda: csms.asked == 2)
        writer.transport.abort()
        await asyncio.sleep(0.2)
        csms.go.set()
        await csms.wait(lambda: csms.closes)
        assert (await ask(ws, [2, "1", "Heartbeat", {}]))[0] == 3
        assert await running.metric('ocpp_gateway_connections_rejected_total{reason="gone"}') == 1
        await ws.close()


async def test_a_backend_taken_out_while_it_is_dialled(tmp_path: Path) -> None:
    csms, other = SlowCsms(quick=0), Csms()
    config = configuration(("old", csms), ("new", other))
    async with csms.running(), other.running(), gateway(tmp_path, config) as running:
        coming = asyncio.create_task(running.station())
        await csms.wait(lambda: csms.asked)
        await _reload(
            running, tmp_path, config | {"backends": {"new": config["backends"]["new"]}, "routes": [{"backend": "new"}]}
        )
        csms.go.set()
        ws = await coming
        assert (await ask(ws, [2, "1", "Heartbeat", {}]))[0] == 3
        await ws.close()
        await csms.wait(lambda: csms.closes)


async def test_a_lost_backend_leaves_nothing_behind(tmp_path: Path) -> None:
    csms = Csms()
    async with csms.running(), gateway(tmp_path, configuration(("only", csms))) as running:
        ws = await running.station()
        await csms.wait(lambda: csms.connections)
        csms.connections[0].transport.abort()
        await csms.wait(lambda: len(csms.connections) == 2)
        assert (await ask(ws, [2, "1", "Heartbeat", {}]))[0] == 3
        await ws.close()
        await csms.wait(lambda: len(csms.closes) == 2)
    assert "Unclosed" not in "".join(running.log), "".join(running.log)


async def test_a_station_comes_back_to_a_full_gateway(tmp_path: Path) -> None:
    csms = Csms()
    config = configuration(("only", csms), limits={"max_connections": 1})
    async with csms.running(), gateway(tmp_path, config) as running:
        await running.station()
        again = await running.station()
        assert (await ask(again, [2, "1", "Heartbeat", {}]))[0] == 3
        await again.close()


async def _reload(running: Gateway, folder: Path, config: dict[str, Any]) -> None:
    (folder / "gateway.yaml").write_text(yaml.safe_dump(config))
    running.process.send_signal(signal.SIGHUP)
    async with asyncio.timeout(5):
        while not running.events("reloaded"):
            await asyncio.sleep(0.05)
