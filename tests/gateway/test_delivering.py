"""What waits is delivered though its station is not connected: to the backend alone, once, and out of nobody's way."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tests.gateway.inside import Inside, inside
from tests.integration.test_outbox import BOOT, NOW, START, Backend, buffering, meter
from tests.support import Frame, ask


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_FIRST_SECONDS", "_LOOK_SECONDS", "_FIRST_PAUSE"):
        monkeypatch.setattr(f"gateway.delivering.{name}", 0.1)


class Slow(Backend):
    """Holds its answers to transaction messages back until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.fails = False

    def reply(self, frame: Frame) -> Any:
        if frame[2] not in ("StartTransaction", "MeterValues", "StopTransaction"):
            return super().reply(frame)
        if self.fails:
            return [4, frame[1], "InternalError", "", {}]
        if self.goes_on.is_set():
            return super().reply(frame)
        self._later = asyncio.create_task(self._slowly(frame, self.connections[-1]))
        return None

    async def _slowly(self, frame: Frame, connection: ServerConnection) -> None:
        """The connection is read meanwhile."""
        await self.goes_on.wait()
        with suppress(ConnectionClosed):
            await connection.send(json.dumps([3, frame[1], super().reply(frame)]))


async def until(holds: Callable[[], Any], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


async def charged(running: Inside, csms: Backend) -> int:
    """A charge while the backend is away, after which the station goes too; its number."""
    async with csms.running():
        ws = await running.station()
        await ask(ws, [2, "1", "BootNotification", BOOT])
    number: int = (await ask(ws, [2, "2", "StartTransaction", START]))[2]["transactionId"]
    await ask(ws, [2, "3", "MeterValues", meter(number, 6)])
    await ask(ws, [2, "4", "StopTransaction", {"transactionId": number, "meterStop": 5, "timestamp": NOW}])
    await ws.close()
    await until(lambda: not running.node.sessions)
    csms.texts.clear()
    return number


def told(csms: Backend, *actions: str) -> list[Any]:
    return [one for one in csms.told if one[0] in (actions or ("StartTransaction", "MeterValues", "StopTransaction"))]


async def test_a_charge_is_delivered_while_its_station_is_away(tmp_path: Path) -> None:
    csms = Slow()
    async with inside(buffering(csms, tmp_path)) as running:
        number = await charged(running, csms)
        async with csms.running():
            await csms.wait(lambda: len(told(csms)) == 3, 15)
            assert told(csms) == [
                ["StartTransaction", START],
                ["MeterValues", meter(1, 6)],
                ["StopTransaction", {"transactionId": 1, "meterStop": 5, "timestamp": NOW}],
            ]
            # The connection in the station's name is there for that alone, and is no station's.
            await until(lambda: csms.closes and csms.closes[-1] == 1000 and not running.node.couriers)
            assert (await running.api("GET", "/stations"))[1]["stations"] == []
            assert await running.node.store.holding("outbox/waits") == []
            assert await running.metric("ocpp_gateway_takeover_wars_total") == 0
            # It comes back and says again what it has not heard the answer to: that is known.
            ws = await running.station()
            again = {"transactionId": number, "meterStop": 5, "timestamp": NOW}
            assert (await ask(ws, [2, "9", "StopTransaction", again]))[2] == {}
            await ask(ws, [2, "h", "Heartbeat", {}])
            assert len(told(csms)) == 3
            await ws.close()


async def test_a_station_that_comes_takes_over_in_the_middle(tmp_path: Path) -> None:
    csms = Slow()
    async with inside(buffering(csms, tmp_path)) as running:
        await charged(running, csms)
        csms.goes_on.clear()
        async with csms.running():
            await csms.wait(lambda: told(csms, "StartTransaction"), 15)
            ws = await running.station()
            await until(lambda: running.node.sessions and not running.node.couriers)
            csms.goes_on.set()
            assert (await ask(ws, [2, "1", "BootNotification", BOOT]))[2]["status"] == "Accepted"
            await csms.wait(lambda: told(csms, "StopTransaction"), 15)
            # What was under way is told again over the new connection; nothing after it was told before.
            assert [one[0] for one in told(csms)] == [
                "StartTransaction",
                "StartTransaction",
                "MeterValues",
                "StopTransaction",
            ]
            await csms.send([2, "c", "ClearCache", {}])
            assert json.loads(await ws.recv())[2] == "ClearCache"
            await ws.close()


async def test_a_csms_that_calls_the_station_meanwhile_hears_that_it_is_away(tmp_path: Path) -> None:
    csms = Slow()
    async with inside(buffering(csms, tmp_path)) as running:
        await charged(running, csms)
        csms.goes_on.clear()
        async with csms.running():
            await csms.wait(lambda: told(csms, "StartTransaction"), 15)
            await csms.send([2, "c", "RemoteStartTransaction", {"idTag": "X"}])
            await csms.wait(lambda: [frame for frame in csms.frames if frame[:2] == [4, "c"]])
            csms.goes_on.set()
            await csms.wait(lambda: told(csms, "StopTransaction"), 15)


async def test_what_fails_is_kept_and_tried_again_and_a_connected_station_is_left_alone(tmp_path: Path) -> None:
    csms = Slow()
    csms.fails = True
    async with inside(buffering(csms, tmp_path)) as running:
        await charged(running, csms)
        async with csms.running():
            await csms.wait(lambda: len(told(csms, "StartTransaction")) >= 2, 15)
            assert len(await running.node.store.holding("outbox/waits")) == 1
            assert await running.metric('ocpp_gateway_outbox_stations{backend="only"}') == 1
            ws = await running.station()
            connections = len(csms.connections)
            for number in range(20):
                await ask(ws, [2, f"h{number}", "Heartbeat", {}])
                await asyncio.sleep(0.02)
            assert len(csms.connections) == connections
            assert running.node.couriers == {}
            await ws.close()
            csms.fails = False
            await csms.wait(lambda: told(csms, "StopTransaction"), 30)
            async with asyncio.timeout(10):
                while await running.metric('ocpp_gateway_outbox_stations{backend="only"}') > 0:
                    await asyncio.sleep(0.05)


async def test_a_backend_that_wants_the_stations_own_password_is_not_dialled_without_it(tmp_path: Path) -> None:
    csms = Slow()
    config = buffering(csms, tmp_path)
    config["backends"]["only"]["auth"] = "forward"
    config["listeners"][0]["auth"] = ["none", "forward"]
    async with inside(config) as running:
        await charged(running, csms)
        async with csms.running():
            connections = len(csms.connections)
            await asyncio.sleep(0.5)  # several looks
            assert len(csms.connections) == connections
            assert len(await running.node.store.holding("outbox/waits")) == 1
