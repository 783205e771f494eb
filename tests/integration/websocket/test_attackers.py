"""Two hundred hostile stations at once, and stations that keep the gateway waiting."""

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path

from tests.integration.websocket import raw
from tests.integration.websocket.raw import PING, PONG
from tests.support import Csms, Gateway, ask, configuration, gateway, rss

COUNT = 200
LIMITS = {"connects_per_second": 10_000, "max_frame_bytes": 65536, "frames_per_second": 1000}


async def test_two_hundred_at_once(tmp_path: Path) -> None:
    async with Csms(lambda frame: {"status": "Accepted"}).running() as csms:
        theirs = Csms()
        config = configuration(("good", csms), ("theirs", theirs), limits=LIMITS)
        config["routes"] = [{"match": {"identity": "ATTACKER-*"}, "backend": "theirs"}, {"backend": "good"}]
        async with gateway(tmp_path, config) as running:
            neighbour = await running.station("/NEIGHBOUR")
            before = await latencies(neighbour, 0.5)
            memory = rss(running.process.pid)
            storming = asyncio.create_task(storm(running, theirs))
            during = []
            while not storming.done():
                during += await latencies(neighbour, 0.1)
            grown = rss(running.process.pid) - memory
            attacks = await storming
            assert len(attacks) == COUNT
            assert [attack for attack in attacks if attack["code"] != attack["expected"]] == []
            slowest = max(attack["seconds"] for attack in attacks)
            figures = (
                f"close codes within {slowest:.2f} s, {grown} KiB more, neighbour median "
                f"{1000 * statistics.median(before):.2f} -> {1000 * statistics.median(during):.2f} ms, "
                f"longest {1000 * max(before):.1f} -> {1000 * max(during):.1f} ms"
            )
            print(figures)
            # Attackers, neighbour and CSMS share the machine with the gateway: the times are generous.
            assert slowest < 10, figures
            assert grown < 64 * 1024, figures
            assert max(during) < 5, figures
            await neighbour.close()


async def storm(running: Gateway, csms: Csms) -> list[dict[str, float]]:
    module = "tests.integration.websocket.attackers"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, str(running.port), str(COUNT), str(csms.port)), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    attacks: list[dict[str, float]] = json.loads(output)
    return attacks


async def latencies(ws: object, seconds: float) -> list[float]:
    """Round trips of one station, in seconds."""
    found = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        await ask(ws, [2, f"n{began}", "Heartbeat", {}])  # type: ignore[arg-type]
        found.append(time.monotonic() - began)
    return found


async def test_pings_are_answered_while_the_stations_calls_wait(tmp_path: Path) -> None:
    """A silent backend, a queue that is full, more calls behind it: the gateway still says that it lives."""
    async with Csms(lambda frame: None).running() as csms, gateway(tmp_path, configuration(("only", csms))) as running:
        station = await raw.station(running.port, "CP-1")
        calls = [station.frames.text(json.dumps([2, f"c{n}", "MeterValues", {"n": n}])) for n in range(60)]
        await station.write(b"".join(calls))
        await csms.wait(lambda: csms.texts)
        for number in range(3):
            await station.write(station.frames.frame(PING, b"%d" % number))
            assert await asyncio.wait_for(station.read(), 10) == (PONG, b"%d" % number)
        assert len(csms.texts) == 1
        station.cut()


async def test_who_is_not_listened_to_is_not_called_silent(tmp_path: Path) -> None:
    """So many calls ahead that the gateway stops reading: its own ping waits behind them, which is not the station's
    fault. When the backend answers, all of them arrive."""
    answering = asyncio.Event()

    async def answer(frame: list[object]) -> dict[str, str]:
        await answering.wait()
        return {"status": "Accepted"}

    limits = {**LIMITS, "ping_seconds": 0.3, "pong_seconds": 0.3, "max_frame_bytes": 1048576}
    async with (
        Csms(answer).running() as csms,
        gateway(tmp_path, configuration(("only", csms), limits=limits)) as running,
    ):
        station = await raw.station(running.port, "CP-1")
        frame = station.frames
        calls = [json.dumps([2, f"c{n}", "DataTransfer", {"vendorId": "x", "data": "y" * 10_000}]) for n in range(200)]
        writing = asyncio.create_task(station.write(b"".join(frame.text(call) for call in calls)))
        await csms.wait(lambda: csms.texts)
        await asyncio.sleep(1.5)  # more than twice what a silent station is given
        assert csms.closes == []
        answering.set()

        async def answered() -> None:
            left = len(calls)
            while left:
                opcode, payload = await station.read()
                if opcode == PING:
                    await station.write(frame.frame(PONG, payload))
                left -= payload.startswith(b"[3,")

        async with asyncio.timeout(20):
            await asyncio.gather(answered(), writing)
        assert csms.texts == calls
        station.cut()
