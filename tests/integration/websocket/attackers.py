"""Many hostile stations at once and the backend they are for, in a process of their own:
`python -m tests.integration.websocket.attackers PORT COUNT BACKEND-PORT` prints a JSON list of what each did, the close code it got and after how many seconds."""

import asyncio
import json
import sys
import time

from tests.integration.websocket import raw
from tests.integration.websocket.cases import CASES, THROUGH, Case
from tests.support import Csms

CHOSEN = [case for case in CASES if isinstance(case.leads_to, int) and case.leads_to not in (THROUGH, 1000)]


async def attack(port: int, number: int, case: Case, ready: asyncio.Barrier) -> dict[str, object]:
    peer = await raw.station(port, f"ATTACKER-{number}")
    chunks = case.chunks(peer.frames, case.call)
    await ready.wait()
    began = time.monotonic()
    writing = asyncio.create_task(peer.write(*chunks))
    code = await peer.close_code(30)
    writing.cancel()
    peer.cut()
    return {"case": case.name, "code": code, "expected": case.leads_to, "seconds": time.monotonic() - began}


async def storm(port: int, count: int, backend_port: int) -> list[dict[str, object]]:
    ready = asyncio.Barrier(count)
    attacks = (attack(port, number, CHOSEN[number % len(CHOSEN)], ready) for number in range(count))
    csms = Csms(lambda frame: {"status": "Accepted"})
    csms.port = backend_port
    async with csms.running():
        return list(await asyncio.gather(*attacks))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(storm(*map(int, sys.argv[1:4])))))
