"""Stations whose old connection is still there when they come back, and stations that do not read."""

import asyncio

from tests.soak.world import Scenario, Setup, Size, World


async def takeover(world: World) -> None:
    """The connection is half-open, a new one comes: it is let in at once, and only it speaks from then on."""
    for _ in range(world.size.rounds):
        station = world.random.choice([one for one in world.stations if one.ws is not None])
        mark = world.fault(f"half-open: {station.identity}")
        station.abandon()
        opened = None
        async with asyncio.timeout(20):
            while opened is None:
                await asyncio.sleep(0.005)
                opened = next((e for e in world.since(mark, "open") if e.identity == station.identity), None)
        world.figure("takeover", opened.t - mark.t)
        world.expect(opened.t - mark.t <= 1.0, f"take-over took {opened.t - mark.t:.2f} s", mark, opened)


async def deaf_stations(world: World) -> None:
    """Some stations stop reading while the backend calls everybody: they are let go, the others do not notice."""
    await world.backend.set(calls_per_second=20.0)
    await asyncio.sleep(0.5)
    deaf = world.stations[: max(1, len(world.stations) // 10)]
    mark = world.fault("deaf stations")
    for station in deaf:
        station.deaf.set()
    await asyncio.sleep(world.size.seconds)
    others = {station.identity for station in world.stations} - {station.identity for station in deaf}
    closed = [event for event in world.since(mark, "close") if event.identity in others]
    world.expect(not closed, "a station was closed because another does not read", *closed)
    for station in deaf:
        station.deaf.clear()
    await world.backend.set(calls_per_second=0.0)


SCENARIOS = (
    Scenario(
        "takeover",
        "T11 T13",
        "a half-open station comes back on a new connection",
        takeover,
        short=Size(4, 5),
        full=Size(100, 1000),
        short_modes=("16-201",),
    ),
    Scenario(
        "deaf_stations",
        "T30",
        "stations that do not read while their backend calls them",
        deaf_stations,
        short=Size(6, 1, 2.5),
        full=Size(200, 1, 60.0),
        setup=Setup(),
        short_setup=Setup(limits={"ping_seconds": 1, "pong_seconds": 1, "write_seconds": 2}),
        short_modes=("16-201",),
    ),
)
