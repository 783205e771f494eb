"""Listening to what goes over a station's wires: real stations, one gateway, two nodes, workers."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp
from websockets.asyncio.client import ClientConnection

from tests.gateway.frames_stream import heard
from tests.integration.test_nodes import two_nodes
from tests.minimal import answer
from tests.redis_support import RedisServer
from tests.support import Csms, ask, configuration, gateway

BOOT = {"chargePointVendor": "Acme", "chargePointModel": "One"}
START = {"connectorId": 1, "idTag": "SECRET-TAG", "meterStart": 0, "timestamp": "2026-11-21T10:00:00Z"}


def csms(version: str) -> Csms:
    def given(frame: list[Any]) -> Any:
        if frame[2] == "TransactionEvent":
            return {"idTokenInfo": {"status": "Accepted"}} if "idToken" in frame[3] else {}
        return answer(version, frame[2])

    return Csms(given, (version,))


async def test_both_wires_of_a_translated_station_are_heard_without_secrets(tmp_path: Path) -> None:
    async with csms("ocpp2.0.1").running() as backend:
        config = configuration(("cloud", backend))
        config["backends"]["cloud"]["answer_locally"] = ["Heartbeat"]
        async with gateway(tmp_path, config) as running:
            station = await running.station()
            async with heard(running, "/stations/cp-1/frames") as one:
                await ask(station, [2, "b", "BootNotification", BOOT])
                await ask(station, [2, "t", "StartTransaction", START])
                await ask(station, [2, "h", "Heartbeat", {}])
                await one.wait(lambda: ("station", "out", "result", "Heartbeat", "answered here") in one.short())
                seen = one.short()
                assert seen[:4] == [
                    ("station", "in", "call", "BootNotification", None),
                    ("csms", "out", "call", "BootNotification", "translated"),
                    ("csms", "in", "result", "BootNotification", None),
                    ("station", "out", "result", "BootNotification", "translated"),
                ]
                assert ("csms", "out", "call", "TransactionEvent", "translated") in seen
                assert ("csms", "out", "call", "Heartbeat", "translated") not in seen
                asked = next(f for f in one.frames if f["action"] == "TransactionEvent" and f["type"] == "call")
                assert (asked["cause"], asked["cause_action"], asked["version"]) == (
                    "t",
                    "StartTransaction",
                    "ocpp2.0.1",
                )
                assert asked["payload"]["idToken"] == {"idToken": "[redacted]", "type": "Central"}
                started = next(f for f in one.frames if f["action"] == "StartTransaction" and f["direction"] == "out")
                assert started["payload"]["idTagInfo"] == {"status": "Accepted"}
                assert 0 < started["seconds"] < 5
                assert "SECRET-TAG" not in json.dumps(one.events)
                # The station's next connection is heard as well.
                await station.close()
                station = await running.station()
                await ask(station, [2, "b2", "BootNotification", BOOT])
                await one.wait(lambda: any(frame["id"] == "b2" for frame in one.frames))
            assert (await running.told("operator_listens"))[0]["station"] == "cp-1"


async def test_one_action_of_some_stations(tmp_path: Path) -> None:
    async with csms("ocpp1.6").running() as backend:
        async with gateway(tmp_path, configuration(("legacy", backend))) as running:
            stations = [await running.station(f"/CP-{number}") for number in range(3)]
            async with heard(running, "/frames?identity=CP-[01]&action=heartbeat") as one:
                for station in stations:
                    await ask(station, [2, "b", "BootNotification", BOOT])
                    await ask(station, [2, "h", "Heartbeat", {}])
                await one.wait(lambda: len(one.frames) == 8)
                assert {frame["station"] for frame in one.frames} == {"CP-0", "CP-1"}
                assert one.short()[:4] == [
                    ("station", "in", "call", "Heartbeat", None),
                    ("csms", "out", "call", "Heartbeat", "passed on"),
                    ("csms", "in", "result", "Heartbeat", None),
                    ("station", "out", "result", "Heartbeat", "passed on"),
                ]


async def test_a_text_that_is_no_frame_and_what_is_said_of_it(tmp_path: Path) -> None:
    async with csms("ocpp1.6").running() as backend:
        async with gateway(tmp_path, configuration(("legacy", backend))) as running:
            station = await running.station()
            async with heard(running, "/stations/CP-1/frames") as one:
                await station.send("[2,")
                await one.wait(lambda: len(one.frames) == 3)
                assert [frame["type"] for frame in one.frames] == ["unreadable", "note", "error"]
                assert (one.frames[0]["side"], one.frames[1]["what"]) == ("station", "bad_frame")
                assert (await ask(station, [2, "h", "Heartbeat", {}]))[0] == 3


async def test_a_listener_that_reads_nothing_slows_nobody(tmp_path: Path) -> None:
    async with csms("ocpp1.6").running() as backend:
        config = configuration(("legacy", backend), limits={"frames_per_second": 100000})
        async with gateway(tmp_path, config) as running:
            stations = [await running.station(f"/CP-{number}") for number in range(4)]
            url = f"http://127.0.0.1:{running.admin}/api/v1/frames"
            async with aiohttp.ClientSession(read_bufsize=1024) as session, session.get(url) as deaf:
                async with heard(running, "/frames") as one:
                    data = json.dumps({"vendorId": "x", "data": "y" * 8000})

                    async def flood(station: ClientConnection) -> None:
                        for number in range(300):
                            await station.send(f'[2,"{number}","DataTransfer",{data}]')
                        for _ in range(300):
                            assert json.loads(await station.recv())[0] == 3

                    await asyncio.gather(*(flood(station) for station in stations))
                    await one.wait(lambda: len(one.frames) + one.lost == 4800, 20)
                    assert one.lost > 0  # more than a process decodes for listeners in a second
                assert deaf.status == 200


async def test_a_station_at_another_node_is_heard_wherever_it_goes(tmp_path: Path, redis: RedisServer) -> None:
    async with csms("ocpp1.6").running() as backend, two_nodes(tmp_path, backend, redis.url) as (north, south, *ids):
        async with heard(south, "/stations/CP-1/frames") as one:
            assert sorted(one.events[0][1]["nodes"]) == sorted(ids)
            for number, (running, node) in enumerate(((north, ids[0]), (south, ids[1]), (north, ids[0])), 1):
                station = await running.station()
                await ask(station, [2, f"h-{number}", "Heartbeat", {}])
                await one.wait(lambda: len(one.frames) == 4 * number)  # noqa: B023
                assert {frame["node"] for frame in one.frames[-4:]} == {node}
            assert one.lost == 0


async def test_workers_tell_what_the_others_hear(tmp_path: Path, redis: RedisServer) -> None:
    async with csms("ocpp1.6").running() as backend:
        async with gateway(tmp_path, configuration(("legacy", backend), store=redis.url), workers=2) as running:
            async with asyncio.timeout(20):
                while json.loads((await running.get("/readyz"))[1])["ready"] != 2:
                    await asyncio.sleep(0.05)
            async with heard(running, "/frames") as one:
                await one.wait(lambda: any(len(d["nodes"]) == 2 for n, d in one.events if n == "listening"), 20)
                stations = [await running.station(f"/CP-{number}") for number in range(12)]
                for station in stations:
                    await ask(station, [2, "h", "Heartbeat", {}])
                await one.wait(lambda: len(one.frames) == 48)
                assert len({frame["node"] for frame in one.frames}) == 2
                # The worker that tells is the first; the stream ends with it, and another one tells who asks again.
                pids = {event["worker"]: event["pid"] for event in running.events("worker_started")}
                os.kill(pids[0], signal.SIGKILL)
                await asyncio.wait_for(one.ended.wait(), 10)
            async with heard(running, "/frames"):
                pass
