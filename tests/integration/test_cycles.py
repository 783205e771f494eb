"""There are no full collections: everything of a connection that has ended is freed by its last user."""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp.web_protocol import RequestHandler
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from gateway.app import App
from gateway.bridge import Bridge
from gateway.dialling import Opening
from gateway.leg import BackendLeg
from gateway.sockets import Socket
from gateway.stations import load_all
from gateway.switchboard import Switchboard
from gateway.upgrades import StationWebSocket
from gateway.writing import Writing
from tests.support import Csms, configuration, free_port

PARTS = (Bridge, BackendLeg, Switchboard, Socket, Writing, StationWebSocket, Opening, RequestHandler)


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
