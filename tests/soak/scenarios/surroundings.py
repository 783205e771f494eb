"""What a machine does to its programs: clocks that are set, disks that are full."""

import asyncio
import glob
import resource
import time

from tests.soak.checker import Limits
from tests.soak.world import Scenario, Setup, Size, World

_YEAR = 365 * 86400.0
_LIBRARY = next(iter(sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))), "libfaketimeMT.so.1")
"""Debian's package faketime. A wall clock that is set leaves the monotonic one alone, as the kernel's does."""
_CLOCK = {
    "LD_PRELOAD": _LIBRARY,
    "FAKETIME_TIMESTAMP_FILE": "{folder}/clock",
    "FAKETIME_CACHE_DURATION": "1",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    # What it does for an old glibc makes a hand-over between threads take 50 ms.
    "FAKETIME_FORCE_MONOTONIC_FIX": "0",
}
_STEPS = ("+3600", "-7200", "+86400", "-172800", "+0")


async def clocks(world: World) -> None:
    """The gateway's wall clock jumps to and fro, the stations' clocks are years off: nobody is closed for it, and what
    stations said of time reaches the backend as they said it."""
    mark = world.fault("wall clock set")
    for round_ in range(world.size.rounds):
        (world.folder / "clock").write_text(_STEPS[round_ % len(_STEPS)])
        await asyncio.sleep(world.size.seconds)
        status, _ = await world.nodes[0].running.get("/readyz")
        world.expect(status == 200, f"not ready after the clock was set: {status}")
        stranger = world.stranger()
        await (await world.fleets[0].connect(f"{world.nodes[0].url}/{stranger}", stranger)).close()
    (world.folder / "clock").write_text("+0")
    days = {line.partition('"timestamp": "')[2][:10] for line in world.nodes[0].log}
    world.expect(len(days) > 1, f"the clock was not set: {sorted(days)}")
    closes = world.since(mark, "close")
    world.expect(not closes, "a clock that was set closed a session", *closes)


async def disk_full(world: World) -> None:
    """Nothing can be written any more, then it can again; every other time the gateway is killed in between. What has to
    be durable first is not acknowledged meanwhile."""
    node = world.nodes[0]
    for round_ in range(world.size.rounds):
        mark = world.fault("disk full")
        _, hard = resource.prlimit(node.pid, resource.RLIMIT_FSIZE)
        # A write that goes past it fails with EFBIG, which is to SQLite what a full disk is.
        resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (4096, hard))
        await asyncio.sleep(world.size.seconds)
        told = world.since(mark, "error")
        world.expect(not told, "a full disk was told to a station", *told)
        # What was on its way when the disk became full may have been durable just before.
        acknowledged = [event for event in world.since(mark, "ack") if event.t > mark.t + 1.0]
        world.expect(not acknowledged, "acknowledged though nothing could be written", *acknowledged)
        if round_ % 2:
            await node.kill()
            await node.start()
        else:
            resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (hard, hard))
        world.healed()
        await world.all_connected()
        await asyncio.sleep(1.0)


SCENARIOS = (
    Scenario(
        "clocks",
        "T37",
        "the gateway's wall clock is set to and fro, the stations' clocks are years off",
        clocks,
        short=Size(6, 5, 1.2),
        full=Size(100, 50, 3.0),
        setup=Setup(
            environment=_CLOCK,
            files={"clock": "+0"},
            fleets=({"clock": -time.time() + 86400}, {"clock": 12 * _YEAR}, {"clock": -3600.0}),
        ),
    ),
    Scenario(
        "disk_full",
        "T38",
        "the store's disk is full for a while",
        disk_full,
        short=Size(4, 2, 1.5),
        full=Size(60, 20, 10.0),
        setup=Setup(check=Limits(recover_seconds=60.0)),
        modes=("16-201", "201-16"),
        short_modes=("201-16",),
    ),
)
