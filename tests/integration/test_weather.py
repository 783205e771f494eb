"""`when_down: hold`: a backend that goes and comes back, seen from the station."""

import asyncio
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support import Csms, Frame, ask, closed, configuration, gateway

NOW = "2026-11-21T10:00:00Z"
BOOT = {"chargePointVendor": "AcmeVolt", "chargePointModel": "AV-22"}
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
START = {"connectorId": 1, "idTag": "04a1b2c3d4e5f6", "meterStart": 120500, "timestamp": "2026-11-21T10:05:00Z"}


def answers(frame: Frame) -> Any:
    known: dict[str, Any] = {
        "BootNotification": {"status": "Accepted", "currentTime": NOW, "interval": 300},
        "StartTransaction": {"transactionId": 7, "idTagInfo": {"status": "Accepted"}},
        "TransactionEvent": {"idTokenInfo": {"status": "Accepted"}},
        "Heartbeat": {"currentTime": NOW},
    }
    return known.get(frame[2], {})


def actions(csms: Csms) -> list[str]:
    return [frame[2] for frame in csms.frames if frame[0] == 2]


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ("ocpp1.6", ["BootNotification", "StatusNotification", "StartTransaction"]),
        ("ocpp2.0.1", ["BootNotification", "StatusNotification", "TransactionEvent"]),
    ],
)
async def test_the_station_is_held_its_call_waits_and_the_backend_is_told_the_boot_first(
    tmp_path: Path, version: str, told: list[str]
) -> None:
    csms = Csms(answers, (version,))
    async with gateway(tmp_path, configuration(("only", csms))) as running:
        async with csms.running():
            ws = await running.station()
            await ask(ws, [2, "1", "BootNotification", BOOT])
            await ask(ws, [2, "2", "StatusNotification", STATUS])
            csms.answer = lambda frame: None
            await ws.send(json.dumps([2, "3", "StartTransaction", START]))
            await csms.wait(lambda: len(csms.texts) == 3)
            lost = csms.frames[-1]
        csms.texts.clear()
        csms.answer = answers
        await asyncio.sleep(1)
        async with csms.running():
            answer: Frame = json.loads(await asyncio.wait_for(ws.recv(), 10))
            assert answer[:2] == [3, "3"]
            await csms.wait(lambda: len(actions(csms)) >= 3)
            # The boot comes before anything else; what was in flight comes again, the same.
            assert actions(csms)[0] == "BootNotification"
            assert sorted(actions(csms)) == sorted(told)
            assert [frame[3] for frame in csms.frames if frame[2] == told[-1]] == [lost[3]]
            assert (await ask(ws, [2, "4", "Heartbeat", {}]))[0] == 3
            assert await running.metric('ocpp_gateway_backend_connections{backend="only"}') == 1
            await ws.close()
            await csms.wait(lambda: csms.closes)
        assert await running.metric('ocpp_gateway_backend_connections{backend="only"}') == 0


async def test_a_backend_that_comes_back_after_the_gateway_was_restarted_hears_boot_and_statuses(
    tmp_path: Path,
) -> None:
    csms = Csms(answers, ("ocpp1.6",))
    config = configuration(("only", csms), store=f"sqlite:{tmp_path / 'state.db'}")
    async with csms.running():
        async with gateway(tmp_path, config) as running:
            ws = await running.station()
            await ask(ws, [2, "1", "BootNotification", BOOT])
            await ask(ws, [2, "2", "StatusNotification", STATUS])
            await ask(ws, [2, "3", "StatusNotification", STATUS | {"connectorId": 2}])
    async with gateway(tmp_path, config) as running:
        async with csms.running():
            ws = await running.station()
            assert (await ask(ws, [2, "4", "Heartbeat", {}]))[0] == 3
            csms.texts.clear()
        async with csms.running():
            await csms.wait(lambda: len(actions(csms)) == 3)
            told = [frame[2:] for frame in csms.frames]
            assert told == [
                ["BootNotification", BOOT],
                ["StatusNotification", STATUS],
                ["StatusNotification", STATUS | {"connectorId": 2}],
            ]
            await ws.close()


async def test_what_the_csms_asked_over_the_lost_connection_is_nobodys_now(tmp_path: Path) -> None:
    csms = Csms(answers)
    async with gateway(tmp_path, configuration(("only", csms))) as running:
        async with csms.running():
            ws = await running.station()
            await csms.wait(lambda: csms.connections)
            await csms.send([2, "old", "Reset", {"type": "Soft"}])
            assert json.loads(await ws.recv())[1] == "old"
        async with csms.running():
            await csms.wait(lambda: len(csms.connections) == 2, 10)
            await ws.send(json.dumps([3, "old", {"status": "Accepted"}]))
            await csms.send([2, "new", "ClearCache", {}])
            assert json.loads(await ws.recv())[1] == "new"
            await ws.send(json.dumps([3, "new", {"status": "Accepted"}]))
            await csms.wait(lambda: csms.texts)
            assert csms.frames == [[3, "new", {"status": "Accepted"}]]
            await ws.close()


@pytest.mark.parametrize(("when_down", "least", "most"), [("hold", 1.5, 4.0), ("close", 0.0, 1.0)])
async def test_a_backend_that_stays_away_lets_the_station_go(
    tmp_path: Path, when_down: str, least: float, most: float
) -> None:
    csms = Csms(answers)
    config = configuration(("only", csms))
    config["backends"]["only"] |= {"when_down": when_down, "hold_seconds": 2}
    async with gateway(tmp_path, config) as running:
        async with csms.running():
            ws = await running.station()
        began = time.monotonic()
        with suppress(ConnectionClosed):
            await ws.send(json.dumps([2, "1", "StartTransaction", START]))
        frames = []
        code = None
        while code is None:
            try:
                frames.append(await asyncio.wait_for(ws.recv(), 10))
            except ConnectionClosed:
                code = (await closed(ws))[0]
        assert (code, frames) == (1012, [])
        assert least <= time.monotonic() - began <= most


async def test_a_backend_that_comes_back_and_refuses_is_heard_at_the_door(tmp_path: Path) -> None:
    csms = Csms(answers)
    async with gateway(tmp_path, configuration(("only", csms))) as running:
        async with csms.running():
            ws = await running.station()
        csms.refuse = 404
        async with csms.running():
            assert (await closed(ws))[0] == 1012


async def test_a_station_that_leaves_while_it_is_held_ends_the_redialling(tmp_path: Path) -> None:
    csms = Csms(answers)
    async with gateway(tmp_path, configuration(("only", csms))) as running:
        async with csms.running():
            ws = await running.station()
        await ws.close()
        async with asyncio.timeout(10):
            while await running.metric('ocpp_gateway_stations_connected{backend="only",subprotocol="ocpp1.6"}') > 0:
                await asyncio.sleep(0.02)
        async with csms.running():
            await asyncio.sleep(1.5)
            assert len(csms.connections) == 1
