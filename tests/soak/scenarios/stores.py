"""A shared store is killed, emptied, slow, fails over; a node is cut off from it, or killed while others go on."""

import asyncio
import time

from tests.soak.checker import Limits
from tests.soak.fproxy import Latency, Timeout
from tests.soak.history import Event
from tests.soak.scenarios.backends import knock
from tests.soak.scenarios.crashes import kills
from tests.soak.scenarios.retries import BUSY, forms, retried_starts
from tests.soak.world import Scenario, Setup, Size, World


def _nobody_closed(world: World, mark: Event) -> None:
    closes = world.since(mark, "close")
    world.expect(not closes, "a station was closed because of the store", *closes)


async def store_killed(world: World) -> None:
    """Sessions go on without it; who comes meanwhile is served or told 503."""
    assert world.redis is not None
    mark = world.fault("Redis killed")
    await world.redis.kill()
    until = time.monotonic() + world.size.seconds
    while time.monotonic() < until:
        status = await knock(world)
        world.expect(status in (101, 503), f"a new station was told {status}")
        await asyncio.sleep(0.2)
    _nobody_closed(world, mark)
    await world.redis.start()


async def store_emptied(world: World) -> None:
    """FLUSHALL in mid-transaction: what sessions know is written again, every stop finds its transaction."""
    assert world.redis is not None
    for _ in range(world.size.rounds):
        mark = world.fault("FLUSHALL")
        await world.redis.command("FLUSHALL")
        await asyncio.sleep(world.size.seconds)
        _nobody_closed(world, mark)


async def store_slow(world: World) -> None:
    """CLIENT PAUSE, then a slow network: nobody is closed."""
    assert world.redis is not None
    for _ in range(world.size.rounds):
        mark = world.fault("slow store")
        await world.redis.command("CLIENT", "PAUSE", str(int(1000 * world.size.seconds)), "ALL")
        await asyncio.sleep(world.size.seconds)
        for proxy in world.before_store:
            proxy.toxics = [Latency(0.5)]
        await asyncio.sleep(world.size.seconds)
        _nobody_closed(world, mark)
        for proxy in world.before_store:
            proxy.toxics = []


async def store_failover(world: World) -> None:
    """The master is stopped, another is elected, the old one wakes and still believes to be one."""
    assert world.sentinels is not None
    for _ in range(world.size.rounds):
        master = await world.sentinels.master()
        mark = world.fault("master SIGSTOPped")
        master.pause()
        async with asyncio.timeout(30):
            while await world.sentinels.master() is master:
                await asyncio.sleep(0.05)
        world.figure("detect", time.monotonic() - mark.t)
        await asyncio.sleep(world.size.seconds)
        master.wake()
        await asyncio.sleep(world.size.seconds)
        _nobody_closed(world, mark)


async def split(world: World) -> None:
    """A node cannot reach the store; its stations go to another while it still holds their old connections."""
    for round_ in range(world.size.rounds):
        cut = world.before_store[round_ % len(world.before_store)]
        mark = world.fault("a node is cut off from the store")
        cut.toxics = [Timeout()]
        await asyncio.sleep(0.5)
        moving = [station for station in world.stations if station.ws is not None][::2]
        for station in moving:
            station.abandon(elsewhere=True)
        await asyncio.sleep(world.size.seconds)
        cut.toxics = []
        await world.all_connected()
        world.expect(len(world.since(mark, "open")) >= len(moving), "a station did not get in on another node")


SCENARIOS = (
    Scenario(
        "store_killed",
        "T06",
        "the shared store is killed under load",
        store_killed,
        short=Size(6, 1, 2.0),
        full=Size(200, 1, 30.0),
        setup=Setup(store="redis", check=Limits(recover_seconds=30.0)),
        short_modes=("16",),
    ),
    Scenario(
        "store_emptied",
        "T07",
        "the shared store loses all keys in mid-transaction",
        store_emptied,
        short=Size(6, 2, 0.5),
        full=Size(200, 20, 3.0),
        setup=Setup(store="redis"),
        short_modes=("16-201",),
    ),
    Scenario(
        "store_slow",
        "T09",
        "the shared store answers late or not for a while",
        store_slow,
        short=Size(6, 1, 1.0),
        full=Size(200, 5, 5.0),
        setup=Setup(store="redis"),
        short_modes=("201-16",),
    ),
    Scenario(
        "store_failover",
        "T08",
        "the store's master stops, is replaced, and wakes",
        store_failover,
        short=Size(4, 1, 1.0),
        full=Size(100, 10, 5.0),
        setup=Setup(store="sentinel"),
        short_modes=("16-201",),
    ),
    Scenario(
        "split",
        "T10",
        "a node without the store, its stations on another node",
        split,
        short=Size(4, 1, 1.5),
        full=Size(100, 20, 10.0),
        setup=Setup(store="redis", nodes=2),
        short_modes=("201-16",),
    ),
    Scenario(
        "nodes_killed",
        "T01",
        "one of two nodes is killed; its stations go to the other",
        kills,
        short=Size(6, 2, 0.4),
        full=Size(200, 20, 5.0),
        setup=Setup(store="redis", nodes=2, check=Limits(recover_seconds=20.0)),
        short_modes=("201-16",),
    ),
    Scenario(
        "retried_elsewhere",
        "T05",
        "starts retried on another node, with the same id and a new one",
        retried_starts,
        short=Size(4, 1),
        full=Size(100, 1),
        setup=Setup(store="redis", nodes=2, policy=BUSY, fleets=forms(20, elsewhere=True)),
        short_setup=Setup(store="redis", nodes=2, policy=BUSY, fleets=forms(2, elsewhere=True)),
        short_modes=("16-201", "201-16"),
    ),
)
