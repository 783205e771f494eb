"""Passwords are guessed by the hundred thousand while true stations log in."""

import asyncio
import base64
import itertools
import statistics
import time
from collections import Counter
from contextlib import suppress

from tests.soak.world import NEWCOMERS, Scenario, Setup, Size, World

_PASSWORD = "canary-SOAK-of-the-fleet"
_SOURCES = ["127.0.0.2", *(f"127.0.2.{number}" for number in range(1, 201))]
"""The first makes every second guess: one that guesses alone, and two hundred that share the work."""
_AT_ONCE = 300
_REFUSED = {0, 401, 503}
"""0: the connection was closed, for it had too many beside it."""


async def guessing(world: World) -> None:
    """So many wrong passwords as there are rounds. Who comes with the right one, for the first time or again, is in
    before long; nobody who is in notices anything."""
    left, told = itertools.count(), Counter[int]()
    names = [station.identity for station in world.stations] + NEWCOMERS
    guessing = asyncio.Event()

    async def guess() -> None:
        while (number := next(left)) < world.size.rounds:
            source = _SOURCES[0] if number % 2 else _SOURCES[1 + number // 2 % 200]
            told[await knock(world, names[number % len(names)], f"wrong {number}", source)] += 1

    mark = world.fault("guesses")
    coming = asyncio.create_task(_newcomers(world, guessing))
    await asyncio.gather(*(guess() for _ in range(_AT_ONCE)))
    guessing.set()
    await coming
    world.figures["attempts"] = float(told.total())
    world.expect(set(told) <= _REFUSED, f"guesses were told {dict(told)}")
    closes = world.since(mark, "close")
    world.expect(not closes, "guesses closed a session", *closes)


async def _newcomers(world: World, over: asyncio.Event) -> None:
    """One after another, each from an address of its own, and once more when it was in."""
    first, again, tries = [], [], 0
    for number, name in enumerate(NEWCOMERS, 1):
        for waits in (first, again):
            began = time.monotonic()
            while (status := await knock(world, name, _PASSWORD, f"127.0.3.{number}")) != 101:
                tries += 1
                world.expect(status == 503, f"a station with the right password was told {status}")
                await asyncio.sleep(0.5)
            waits.append(time.monotonic() - began)
        if over.is_set():
            break
        with suppress(TimeoutError):
            async with asyncio.timeout(world.size.seconds):
                await over.wait()
    for name, waits in (("login", first), ("again", again)):
        world.figure(name, max(waits))
        world.figure(f"{name}_median", statistics.median(waits))
    world.figures["told_to_come_back"] = float(tries)
    world.expect(max(first) < 60, f"a station took {max(first):.1f} s to log in for the first time")
    world.expect(max(again) < 20, f"a station took {max(again):.1f} s to log in again")


async def knock(world: World, identity: str, password: str, source: str) -> int:
    """The HTTP status of a handshake, 0 for a connection that is closed."""
    secret = base64.b64encode(f"{identity}:{password}".encode()).decode()
    node = world.nodes[0]
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port, local_addr=(source, 0), ssl=world.tls)
    except OSError:
        return 0
    try:
        writer.write(
            f"GET /{identity} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {world.station_version}\r\nAuthorization: Basic {secret}\r\n\r\n".encode()
        )
        line = await reader.readline()
        return int(line.split()[1]) if line else 0
    except OSError:
        return 0
    finally:
        writer.transport.abort()


SCENARIOS = (
    Scenario(
        "guessing",
        "T15",
        "passwords are guessed from one address and from two hundred while stations log in",
        guessing,
        short=Size(4, 600, 0.2),
        full=Size(50, 100_000, 1.0),
        setup=Setup(password=_PASSWORD),
        modes=("16", "16-201"),
        short_modes=("16",),
    ),
)
