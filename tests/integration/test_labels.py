"""What strangers write is no label: the number of series does not depend on who they are and what they call."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.support import Csms, configuration, gateway
from translators import schemas

STATIONS, SERIES = 40, 2000
LIMITS = {"frames_per_second": 100_000, "connects_per_second": 10_000}
ODD = [
    'x"} 1\nocpp_gateway_forged 1',
    "\x1b[31m",
    "{}",
    "\\",
    "Ünïcødé",
    "a" * 5000,
    "../../etc",
    "'; DROP TABLE",
    "\u2028",
]


def series(page: str) -> list[str]:
    return [line for line in page.splitlines() if not line.startswith("#")]


async def test_a_thousand_odd_names(tmp_path: Path) -> None:
    """Odd identities, vendors and actions, and every action there is, from both sides and in both versions."""
    versions = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
    async with Csms(lambda frame: [4, frame[1], ODD[hash(frame[1]) % len(ODD)], "x", {}], versions).running() as csms:
        config = configuration(("only", csms), limits=LIMITS, log={"format": "json", "level": "debug"})
        async with gateway(tmp_path, config) as running:
            _, page = await running.get("/metrics")
            assert "forged" not in page
            for version in versions:
                known = sorted(schemas.actions(version))
                await asyncio.gather(*(odd(running, n, version, known) for n in range(STATIONS)))
                ws = await running.station("/ASKED", version)
                reading = asyncio.create_task(_answering(ws))
                for number, action in enumerate(known):
                    await csms.send([2, f"c{number}", action, {}])
                    await csms.wait(lambda n=number: any(f[1] == f"c{n}" for f in csms.frames if f[0] != 2), 20)
                reading.cancel()
                await ws.close()
            _, page = await running.get("/metrics")
            lines = series(page)
            assert len(lines) <= SERIES, len(lines)
            assert not any(line.startswith("ocpp_gateway_forged") for line in lines)
            assert not any(odd_name in page for odd_name in ("ODD-", "\x1b", "DROP", "Ünï"))
            log = list(running.log)
        assert all("event" in json.loads(line) for line in log)
        assert not any("\x1b" in line or "\u2028" in line for line in log)


async def odd(running: Any, number: int, version: str, known: list[str]) -> None:
    """One station with an odd name that calls odd things, and its share of everything known."""
    ws = await running.station(f"/ODD-{version}-{number}*|@=+".replace("|", "%7C"), version)
    reading = asyncio.create_task(_answering(ws))
    calls = [*ODD, *(f"Odd{number}-{n}" for n in range(16)), *known[number::STATIONS]]
    for place, action in enumerate(calls):
        vendor = f"{ODD[place % len(ODD)]}{number}-{place}"
        await ws.send(json.dumps([2, f"s{place}", action, {"chargePointVendor": vendor, "chargePointModel": vendor}]))
    await ws.send('[2,"last","Heartbeat",{}]')
    async with asyncio.timeout(60):
        while "last" not in await reading_of(reading, ws):
            await asyncio.sleep(0.01)
    reading.cancel()
    await ws.close()


_HEARD: dict[Any, set[str]] = {}


async def reading_of(reading: "asyncio.Task[None]", ws: Any) -> set[str]:
    assert not reading.done()
    return _HEARD.setdefault(ws, set())


async def _answering(ws: Any) -> None:
    async for text in ws:
        frame = json.loads(text)
        if frame[0] == 2:
            await ws.send(json.dumps([4, frame[1], ODD[0], "", {}]))
        else:
            _HEARD.setdefault(ws, set()).add(frame[1])
