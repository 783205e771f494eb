"""Many hostile stations at once and the backend they are for, in a process of their own:
`python -m tests.integration.websocket.attackers PORT COUNT BACKEND-PORT` says `ready` when all are connected, attacks when
it is told anything, and prints a JSON list of what each did, the close code it got and after how many seconds."""

import asyncio
import json
import sys
import time

from tests.integration.websocket import raw
from tests.integration.websocket.cases import CASES, THROUGH, Case
from tests.integration.websocket.raw import Peer
from tests.support import Csms

CHOSEN = [case for case in CASES if isinstance(case.leads_to, int) and case.leads_to not in (THROUGH, 1000)]


async def attack(peer: Peer, case: Case) -> dict[str, object]:
    chunks = case.chunks(peer.frames, case.call)
    began = time.monotonic()
    writing = asyncio.create_task(peer.write(*chunks))
    code = await peer.close_code(30)
    writing.cancel()
    peer.cut()
    return {"case": case.name, "code": code, "expected": case.leads_to, "seconds": time.monotonic() - began}


async def storm(port: int, count: int, backend_port: int) -> list[dict[str, object]]:
    csms = Csms(lambda frame: {"status": "Accepted"})
    csms.port = backend_port
    async with csms.running():
        peers = await asyncio.gather(*(raw.station(port, f"ATTACKER-{number}") for number in range(count)))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        attacks = (attack(peer, CHOSEN[number % len(CHOSEN)]) for number, peer in enumerate(peers))
        return list(await asyncio.gather(*attacks))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(storm(*map(int, sys.argv[1:4])))))
