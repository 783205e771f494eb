"""`run --workers N`: a supervisor and its workers, on a real Redis."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.redis_support import RedisServer, redis  # noqa: F401 - a fixture
from tests.support import Csms, Gateway, ask, closed, configuration, free_port, gateway


def worker_pids(running: Gateway) -> dict[int, int]:
    return {event["worker"]: event["pid"] for event in running.events("worker_started")}


async def until(condition: Any, seconds: float = 20.0) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
        return found


async def both_ready(running: Gateway) -> bool:
    return bool(json.loads((await running.get("/readyz"))[1])["ready"] == 2)


async def test_two_workers_share_an_address_a_page_and_their_stations(tmp_path: Path, redis: RedisServer) -> None:  # noqa: F811
    async with Csms().running() as csms:
        config = configuration(("legacy", csms), store=redis.url)
        async with gateway(tmp_path, config, workers=2) as running:
            await until(lambda: both_ready(running))
            stations = [await running.station(f"/CP-{number}") for number in range(24)]
            for number, ws in enumerate(stations):
                assert (await ask(ws, [2, str(number), "Heartbeat", {}]))[0] == 3
            connected = 'ocpp_gateway_stations_connected{backend="legacy",subprotocol="ocpp1.6"}'
            assert await running.metric(connected) == 24
            assert await running.metric("ocpp_gateway_workers") == 2
            began = [event["worker"] for event in await running.told("session_began", 24)]
            assert set(began) == {0, 1}
            # The newest connection of a station wins, whichever worker it comes to.
            again = [await running.station("/CP-0") for _ in range(6)]
            assert (await closed(stations[0]))[0] == 1008
            for older in again[:-1]:
                assert (await closed(older))[0] == 1008
            assert (await ask(again[-1], [2, "x", "Heartbeat", {}]))[0] == 3
            assert await until(lambda: _equals(running, connected, 24))
            for ws in [*stations[1:], again[-1]]:
                await ws.close()
        log = "".join(running.log)
    assert "worker_died" not in log
    assert running.process.returncode == 0


async def _equals(running: Gateway, series: str, value: float) -> bool:
    return await running.metric(series) == value


async def test_a_worker_that_dies_is_started_again_and_nobody_is_refused(tmp_path: Path, redis: RedisServer) -> None:  # noqa: F811
    async with Csms().running() as csms:
        config = configuration(("legacy", csms), store=redis.url)
        async with gateway(tmp_path, config, workers=2) as running:
            await until(lambda: both_ready(running))
            stations = {number: await running.station(f"/CP-{number}") for number in range(12)}
            await until(lambda: _count(running, "session_began", 12))
            of_worker = {event["station"]: event["worker"] for event in running.events("session_began")}
            os.kill(worker_pids(running)[0], signal.SIGKILL)
            # Who connects meanwhile waits at most, and those of the other worker notice nothing.
            newcomers = await asyncio.gather(*(running.station(f"/NEW-{number}") for number in range(12)))
            for number, ws in [*stations.items(), *enumerate(newcomers, 100)]:
                if number < 12 and of_worker[f"CP-{number}"] == 0:
                    assert (await closed(ws))[0] == 1006
                else:
                    assert (await ask(ws, [2, str(number), "Heartbeat", {}], 15))[0] == 3
            assert len(await running.told("worker_died")) == 1
            await until(lambda: both_ready(running))
            assert await running.metric("ocpp_gateway_worker_restarts_total") == 1
            running.process.send_signal(signal.SIGHUP)
            await until(lambda: _count(running, "reloaded", 2))
            for ws in newcomers:
                await ws.close()


async def _count(running: Gateway, event: str, count: int) -> bool:
    return len(running.events(event)) == count


async def test_workers_do_not_outlive_their_supervisor(tmp_path: Path, redis: RedisServer) -> None:  # noqa: F811
    async with Csms().running() as csms:
        async with gateway(tmp_path, configuration(("legacy", csms), store=redis.url), workers=2) as running:
            await until(lambda: both_ready(running))
            pids = worker_pids(running).values()
            ws = await running.station()
            running.process.kill()
            assert (await closed(ws))[0] == 1012
            await until(lambda: _gone(pids))
    assert any(event["event"] == "supervisor_gone" for event in running.events("supervisor_gone"))


async def _gone(pids: Any) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize("store", ["memory:", "sqlite:gateway.db"])
def test_workers_need_a_store_they_can_share(tmp_path: Path, store: str) -> None:
    path = tmp_path / "gateway.yaml"
    csms = Csms()
    path.write_text(yaml.safe_dump(configuration(("legacy", csms), store=store)))
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "run", "-c", str(path), "--workers", "2"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("--workers 2: workers share their state")
    assert "Traceback" not in done.stderr


def test_a_tree_that_cannot_start_says_why_and_ends(tmp_path: Path, redis: RedisServer) -> None:  # noqa: F811
    path, csms = tmp_path / "gateway.yaml", Csms()
    config = configuration(("legacy", csms), store=f"redis://:wrong-password@127.0.0.1:{redis.port}/0")
    config["admin"] = {"bind": f"127.0.0.1:{free_port()}"}
    path.write_text(yaml.safe_dump(config))
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "run", "-c", str(path), "--workers", "2"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "a worker could not start (exit code 1)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong-password" not in done.stderr
