"""There are no full collections: everything of a connection that has ended is freed by its last user."""

import asyncio
import gc
import ssl
from pathlib import Path
from typing import Any

import pytest
import uvloop
import yaml
from aiohttp.http import HttpRequestParser
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from gateway import certificates
from gateway.app import App
from gateway.bridge import Bridge
from gateway.dialling import Opening
from gateway.leg import BackendLeg
from gateway.sockets import Socket
from gateway.stations import load_all
from gateway.switchboard import Switchboard
from gateway.tls import Tls
from gateway.upgrades import Arrival
from gateway.writing import Writing
from tests.gateway.inside import inside
from tests.support import Csms, configuration, free_port

PARTS = (Bridge, BackendLeg, Switchboard, Socket, Writing, Arrival, Opening, HttpRequestParser, Tls)


def alive() -> list[str]:
    return sorted(type(one).__name__ for one in gc.get_objects() if issubclass(type(one), PARTS))


async def test_a_connection_that_has_ended_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("calm_collector", "watch_pauses"):  # they are for a whole process
        monkeypatch.setattr(f"gateway.app.{name}", lambda *given: None)
    csms = Csms()
    config: dict[str, Any] = configuration(("only", csms))
    port, admin = free_port(), free_port()
    config["listeners"][0]["bind"], config["admin"] = f"127.0.0.1:{port}", {"bind": f"127.0.0.1:{admin}"}
    (tmp_path / "gateway.yaml").write_text(yaml.safe_dump(config))
    app = App(*load_all(tmp_path / "gateway.yaml", {}), "asyncio")
    living = asyncio.create_task(app.run())
    gc.collect()
    gc.disable()
    try:
        async with csms.running(), asyncio.timeout(60):
            while not app.admin.listeners_up:
                await asyncio.sleep(0.01)
            for way in ("goodbye", "cut"):
                stations = [
                    await connect(f"ws://127.0.0.1:{port}/CP-{n}", subprotocols=[Subprotocol("ocpp1.6")])
                    for n in range(5)
                ]
                await stations[0].send('[2,"1","Heartbeat",{}]')
                await stations[0].recv()
                while len(app.node.sessions) < 5:
                    await asyncio.sleep(0.01)
                assert alive()
                for station in stations:
                    if way == "cut":
                        station.transport.abort()
                    else:
                        await station.close()
                while alive():
                    await asyncio.sleep(0.05)
    finally:
        gc.enable()
        app._terminate()
        await living


async def test_a_station_that_is_refused_leaves_nothing() -> None:
    csms, nobody = Csms(), Csms()
    csms.refuse = 404
    config = configuration(("only", csms), ("nobody", nobody))
    config["routes"] = [{"match": {"identity": "away-*"}, "backend": "nobody"}, {"backend": "only"}]
    gc.collect()
    gc.disable()
    try:
        async with csms.running(), inside(config) as running, asyncio.timeout(60):
            for path, subprotocol in (("/CP-1", "ocpp1.6"), ("/away-1", "ocpp1.6"), ("/CP-1", "ocpp2.0.1"), ("/", "x")):
                with pytest.raises(InvalidStatus):
                    await connect(f"ws://127.0.0.1:{running.port}{path}", subprotocols=[Subprotocol(subprotocol)])
                while alive():
                    await asyncio.sleep(0.05)
    finally:
        gc.enable()


def test_a_handshake_of_tls_that_fails_leaves_nothing(tmp_path: Path) -> None:
    # With asyncio's own loop the standard library's TLS is a cycle by itself.
    uvloop.run(_fail_at_tls(tmp_path))


async def _fail_at_tls(folder: Path) -> None:
    certificates.init_ca(folder)
    certificates.issue_server(folder, ["127.0.0.1"])
    csms = Csms()
    config = configuration(("only", csms), limits={"handshake_seconds": 1})
    tls = {"certificate": str(folder / "server.crt"), "key": str(folder / "server.key")}
    config["listeners"][0]["tls"] = tls
    gc.collect()
    gc.disable()
    try:
        async with csms.running(), inside(config) as running, asyncio.timeout(60):
            for said in (b"GET / HTTP/1.1\r\n\r\n", b""):
                reader, writer = await asyncio.open_connection("127.0.0.1", running.port)
                while not alive():
                    await asyncio.sleep(0.01)
                writer.write(said)
                await reader.read()
                writer.close()
                while alive():
                    await asyncio.sleep(0.05)
            trusting = ssl.create_default_context(cafile=folder / "ca.crt")
            _, writer = await asyncio.open_connection("127.0.0.1", running.port, ssl=trusting)
            while not alive():
                await asyncio.sleep(0.01)
            writer.transport.abort()
            while alive():
                await asyncio.sleep(0.05)
    finally:
        gc.enable()
