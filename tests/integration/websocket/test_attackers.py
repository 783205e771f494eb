"""Two hundred hostile stations at once, and stations that keep the gateway waiting."""

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.integration.websocket import raw
from tests.integration.websocket.raw import PING, PONG
from tests.support import Csms, Gateway, ask, configuration, gateway, rss

COUNT, WAVES = 200, 3
LIMITS = {"connects_per_second": 10_000, "max_frame_bytes": 65536, "frames_per_second": 1000}


async def test_two_hundred_at_once(tmp_path: Path) -> None:
    """In waves: the handshakes of each are over before it attacks, and only the attack is measured."""
    async with Csms(lambda frame: {"status": "Accepted"}).running() as csms:
        theirs = Csms()
        config = configuration(("good", csms), ("theirs", theirs), limits=LIMITS)
        config["routes"] = [{"match": {"identity": "ATTACKER-*"}, "backend": "theirs"}, {"backend": "good"}]
        async with gateway(tmp_path, config) as running:
            neighbour = await running.station("/NEIGHBOUR")
            quiet, before = await measured(running, latencies(neighbour, 1.0))
            memory = rss(running.process.pid)
            attacks: list[dict[str, float]] = []
            during: list[float] = []
            late: Counter[float] = Counter()
            for _ in range(WAVES):
                async with attackers(running, theirs) as storm:
                    storming = asyncio.create_task(storm())
                    while not storming.done():
                        lags, found = await measured(running, latencies(neighbour, 0.1))
                        during += found
                        late += lags
                    attacks += await storming
            grown = rss(running.process.pid) - memory
            assert len(attacks) == WAVES * COUNT
            assert [attack for attack in attacks if attack["code"] != attack["expected"]] == []
            slowest = max(attack["seconds"] for attack in attacks)
            median, usual = statistics.median(during), statistics.median(before)
            figures = (
                f"close codes within {slowest:.2f} s, {grown} KiB more, neighbour median {1000 * usual:.2f} -> "
                f"{1000 * median:.2f} ms, longest {1000 * max(before):.1f} -> {1000 * max(during):.1f} ms; the loop, at "
                f"{late.total()} looks, nine of ten within {1000 * nine_of_ten(quiet):g} -> {1000 * nine_of_ten(late):g} ms, "
                f"all within {1000 * max(quiet):g} -> {1000 * max(late):g} ms"
            )
            print(figures)
            # Attackers, neighbour and CSMS share the machine with the gateway and with other tests: what is demanded
            # is measured against what was before.
            assert slowest < 10, figures
            assert grown < 64 * 1024, figures
            assert max(during) < 5, figures
            assert median < max(2 * usual, 0.05), figures
            assert nine_of_ten(late) <= max(0.5, 10 * nine_of_ten(quiet)), figures
            await neighbour.close()


@asynccontextmanager
async def attackers(running: Gateway, csms: Csms) -> AsyncIterator[Callable[[], Awaitable[list[dict[str, float]]]]]:
    """All of them connected; call what you get to let them loose."""
    module = "tests.integration.websocket.attackers"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, str(running.port), str(COUNT), str(csms.port)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == b"ready\n"

    async def storm() -> list[dict[str, float]]:
        output, _ = await process.communicate(b"go\n")
        attacks: list[dict[str, float]] = json.loads(output)
        return attacks

    try:
        yield storm
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def measured(running: Gateway, work: Awaitable[list[float]]) -> tuple["Counter[float]", list[float]]:
    """How late the gateway's loop was meanwhile, looks by the bucket's upper end in seconds; and what came of it."""
    before = await lags(running)
    found = await work
    return await lags(running) - before, found


async def lags(running: Gateway) -> "Counter[float]":
    name = "ocpp_gateway_event_loop_lag_seconds_bucket"
    _, page = await running.get("/metrics")
    lines = [line.split() for line in page.splitlines() if line.startswith(name)]
    below = [(float(series.split('"')[1]), int(float(value))) for series, value in lines]
    counts = [0, *(count for _, count in below)]
    return Counter({bound: count - less for (bound, count), less in zip(below, counts, strict=False)})


def nine_of_ten(late: "Counter[float]") -> float:
    found = sorted(late.elements())
    return found[len(found) * 9 // 10]


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
