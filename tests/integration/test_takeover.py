"""Who may take a station over: who has the secret, and not for ever by turns."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from gateway.passwords import hash_password
from tests.support import Csms, Gateway, ask, closed, configuration, gateway

HEARTBEAT = [2, "h", "Heartbeat", {}]


async def test_two_that_take_turns_are_stopped_and_one_that_flaps_is_not(tmp_path: Path) -> None:
    async with Csms().running() as backend, gateway(tmp_path, configuration(("legacy", backend))) as running:

        async def come(source: str, path: str = "/CP-1") -> ClientConnection:
            return await running.station(path, local_addr=(source, 0))

        last = await come("127.0.0.2")
        for turn in range(5):
            newer = await come(f"127.0.0.{3 - turn % 2}")
            assert (await closed(last))[0] == 1008
            last = newer
        dials = len(backend.connections)
        with pytest.raises(InvalidStatus) as refused:
            await come("127.0.0.2")
        assert refused.value.response.status_code == 503
        assert 0 < int(refused.value.response.headers["Retry-After"]) <= 30
        assert (await ask(last, HEARTBEAT))[0] == 3
        # The backend has not even heard of it.
        assert len(backend.connections) == dials
        assert (await running.told("takeover_war"))[0]["station"] == "cp-1"
        assert await running.metric("ocpp_gateway_takeover_wars_total") == 1
        # The one that is kept may lose its connection and come back.
        newer = await come("127.0.0.3")
        assert (await closed(last))[0] == 1008
        await newer.close()
        await backend.wait(lambda: len(backend.closes) == len(backend.connections))
        # And when nobody is there, nobody is kept.
        await come("127.0.0.2")

        flapping = await come("127.0.0.9", "/CP-2")
        for _ in range(12):
            newer = await come("127.0.0.9", "/CP-2")
            assert (await closed(flapping))[0] == 1008
            flapping = newer


async def attempt(running: Gateway, header: str) -> bytes:
    """A handshake without the right password; the status line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.port, local_addr=("127.0.0.2", 0))
    lines = [
        *("GET /CP-1 HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade"),
        *("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"),
        *("Sec-WebSocket-Protocol: ocpp1.6", *([header] if header else [])),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    status = await reader.readline()
    writer.close()
    return status


async def test_a_thousand_attempts_without_the_secret_leave_the_station_alone(tmp_path: Path) -> None:
    stations: dict[str, Any] = {"CP-1": {"password_hash": hash_password(b"0123456789abcdef")}}
    (tmp_path / "stations.yaml").write_text(yaml.safe_dump(stations))
    async with Csms().running() as backend:
        config = configuration(("legacy", backend), stations_file=str(tmp_path / "stations.yaml"))
        config["listeners"][0]["auth"] = "basic"
        config["limits"] = {"connects_per_second": 2000}
        async with gateway(tmp_path, config) as running:
            right = {"Authorization": "Basic Q1AtMTowMTIzNDU2Nzg5YWJjZGVm"}
            station = await running.station(additional_headers=right)
            wrong = ["", "Authorization: Basic Q1AtMTp3cm9uZw==", "Authorization: Basic Q1AtMjp3cm9uZw=="]
            left = iter(range(1000))

            async def attack() -> set[bytes]:
                return {(await attempt(running, wrong[number % 3])).split()[1] for number in left}

            attackers = [asyncio.create_task(attack()) for _ in range(150)]
            slowest = 0.0
            while not all(task.done() for task in attackers):
                began = time.monotonic()
                assert (await ask(station, HEARTBEAT))[0] == 3
                slowest = max(slowest, time.monotonic() - began)
                await asyncio.sleep(0.05)
            statuses = set().union(*[task.result() for task in attackers])
            assert statuses <= {b"401", b"503"}
            assert slowest < 2.0
            assert len(backend.connections) == 1
            assert await running.metric('ocpp_gateway_takeovers_total{reason="newer_connection"}') == 0
            # And the station itself gets in.
            await running.station(additional_headers=right)
            assert (await closed(station))[0] == 1008
