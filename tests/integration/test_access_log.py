"""One line for every connection that was, and for every one that was refused; and a log that nobody reads."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from websockets.exceptions import InvalidStatus

from tests.support import Csms, Gateway, ask, closed, configuration, free_port, gateway


async def told(running: Gateway, csms: Csms, event: str, number: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await csms.wait(
        lambda: len(running.events(event)) >= number and running.events(event)
    )
    return found


async def test_a_connection_leaves_one_record(tmp_path: Path) -> None:
    async with Csms().running() as csms:
        async with gateway(tmp_path, configuration(("legacy", csms)), tls=True) as running:
            ws = await running.station()
            for number in range(3):
                await ask(ws, [2, f"h{number}", "Heartbeat", {}])
            await ws.close(3001, "enough")
            (record,) = await told(running, csms, "session_ended")
    assert record["seconds"] < 60
    assert record["cipher"].startswith("TLS_")
    assert 3 * len('[2,"h0","Heartbeat",{}]') < record["bytes_in"] < 200
    assert 3 * len('[3,"h0",{}]') < record["bytes_out"] < 200
    expected = {
        "level": "info",
        "station": "CP-1",
        "remote": "127.0.0.1",
        "subprotocol": "ocpp1.6",
        "backend": "legacy",
        "upstream": "ocpp1.6",
        "auth": "none",
        "tls": "TLSv1.3",
        "frames_in": 3,
        "frames_out": 3,
        "code": 3001,
        "closed_by": "station",
        "reason": "station_closed",
    }
    assert {name: record.get(name) for name in expected} == expected


async def test_a_refused_connection_leaves_one_record(tmp_path: Path) -> None:
    async with Csms().running() as csms, gateway(tmp_path, configuration(("legacy", csms))) as running:
        with pytest.raises(InvalidStatus):
            await running.station(subprotocol="ocpp1.5")
        (record,) = await told(running, csms, "station_refused")
    assert record["seconds"] < 60
    expected = {"station": "CP-1", "status": 400, "reason": "subprotocol", "offered": ["ocpp1.5"], "tls": None}
    assert {name: record[name] for name in expected} == expected


async def test_refusals_that_say_the_same_are_written_ten_times(tmp_path: Path) -> None:
    async with Csms().running() as csms, gateway(tmp_path, configuration(("legacy", csms))) as running:
        for _ in range(14):
            with pytest.raises(InvalidStatus):
                await running.station(subprotocol="ocpp1.5")
        assert await running.metric('ocpp_gateway_connections_rejected_total{reason="subprotocol"}') == 14
    records = running.events("station_refused")
    assert len(records) == 11
    assert records[-1]["unlogged"] == 3


async def test_a_log_that_nobody_reads_stops_nobody(tmp_path: Path) -> None:
    """Standard error is a pipe that is full, and every frame makes a line."""
    async with Csms().running() as csms:
        config = configuration(("legacy", csms))
        port, admin = free_port(), free_port()
        config["listeners"][0]["bind"] = f"127.0.0.1:{port}"
        config["admin"] = {"bind": f"127.0.0.1:{admin}"}
        path = tmp_path / "gateway.yaml"
        path.write_text(yaml.safe_dump(config))
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", "run", "-c", str(path), stderr=writing
        )
        running = Gateway(process, port, admin, None)
        try:
            async with asyncio.timeout(20):
                while b"gateway_ready" not in os.read(reading, 65536):
                    pass
            while True:  # nothing more goes in
                try:
                    os.write(writing, b"x" * 4096)
                except BlockingIOError:
                    break
            # More than is kept: a long field in every line.
            offered = [f"v{n}" + "x" * 400 for n in range(15)]
            for batch in range(20):
                stations = (running.station(f"/CP-{batch}-{n}", subprotocols=offered) for n in range(50))
                found = await asyncio.gather(*stations, return_exceptions=True)
                assert all(isinstance(one, InvalidStatus) for one in found)
            ws = await running.station()
            assert await ask(ws, [2, "h1", "Heartbeat", {}]) == [3, "h1", {}]
            assert await running.metric("ocpp_gateway_log_lines_dropped_total") > 0
            os.kill(process.pid, signal.SIGTERM)
            assert (await closed(ws))[0] == 1012
            assert await asyncio.wait_for(process.wait(), 20) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            os.close(reading)
            os.close(writing)
