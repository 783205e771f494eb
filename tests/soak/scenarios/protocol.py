"""Peers that do not keep to OCPP-J, and stations that use each other's ids."""

import asyncio
import json
import time

import aiohttp

from tests.soak.dialects import V16, Charge, Said, moment
from tests.soak.policy import CANARY
from tests.soak.world import Scenario, Setup, Size, World


async def rpc_attacks(world: World) -> None:
    """Replies nobody asked for, by the thousand; a backend that answers twice and under wrong ids, and calls meanwhile."""
    await world.backend.set(calls_per_second=10.0)
    world.fault("replies twice and under wrong ids")
    await world.backend.set(twice=world.size.rounds, wrong_id=max(1, world.size.rounds // 10))
    url = f"{world.nodes[0].url}/{world.stranger()}"
    ws = await world.fleets[0].connect(url, "X")
    before = world.nodes[0].usage()["rss_mib"]
    for number in range(world.size.rounds * 100):
        identity = world.stations[number % len(world.stations)].identity
        await ws.send_str(json.dumps([3, f"b1-{number}", {"status": "Accepted", "data": f"{identity}/b1-{number}"}]))
    for frame in ("[3]", '[5,"x",{}]', '[9,"x",{}]', '[6,"x","NotifyEvent",{}]', '[4,"x"]', "{}"):
        with_trouble = ws.send_str(frame)
        await with_trouble
    await asyncio.sleep(world.size.seconds)
    grown = world.nodes[0].usage()["rss_mib"] - before
    world.expect(grown < 64, f"unasked replies made the gateway {grown:.0f} MiB larger")
    await ws.close()
    await world.backend.set(calls_per_second=0.0, twice=0, wrong_id=0)


async def cross_ids(world: World) -> None:
    """A station meters and stops the transactions of others: they never hear of it."""
    stranger = world.stranger()
    ws = await world.fleets[0].connect(f"{world.nodes[0].url}/{stranger}", stranger)
    answered = 0
    for round_ in range(world.size.rounds):
        charges = [station.queue[-1].charge for station in world.stations if station.queue] or _recent(world)
        victim = charges[round_ % len(charges)]
        for kind, wh in (("meter", 7_000_000 + round_), ("stop", 8_000_000 + round_)):
            said = Said(kind, wh, moment(int(time.time())), Charge("SOAKSTOLEN", victim.number, 1), 1)
            world.fleet_history.note("queued", stranger, key=said.key, tx=f"stolen {round_}")
            action, payload = said.call(world.station_version)
            await ws.send_str(json.dumps([2, f"x{round_}{kind}", action, payload]))
            message = await ws.receive(20)
            if message.type is not aiohttp.WSMsgType.TEXT:
                ws = await world.fleets[0].connect(f"{world.nodes[0].url}/{stranger}", stranger)
                continue
            answered += 1
    await ws.close()
    world.expect(answered > 0, "the stranger was never answered")
    events = world.backend.events()
    own = {event.number for event in events if event.kind == "recv" and event.identity != stranger}
    foreign = [event for event in events if event.kind == "recv" and event.identity == stranger and event.number in own]
    world.expect(not foreign, "a station's message reached another's transaction", *foreign)


def _recent(world: World) -> list[Charge]:
    """The transactions that stations were last told of."""
    acks = [event for event in world.fleet_history.events if event.kind == "ack" and event.key.startswith("start")][
        -20:
    ]
    if world.station_version == V16:
        return [Charge(event.tx, int(event.number)) for event in acks]
    return [Charge(event.tx, f"{event.identity}-{event.tx.removeprefix(CANARY)}") for event in acks]


SCENARIOS = (
    Scenario(
        "rpc_attacks",
        "T27",
        "unasked, doubled and misaddressed replies in both directions",
        rpc_attacks,
        short=Size(4, 10, 2.0),
        full=Size(100, 1000, 20.0),
        setup=Setup(backend={"call_timeout_seconds": 3, "hold_seconds": 1}, limits={"frames_per_second": 20000}),
        short_setup=Setup(
            backend={"call_timeout_seconds": 1, "hold_seconds": 0.5}, limits={"frames_per_second": 20000}
        ),
        short_modes=("16-201",),
    ),
    Scenario(
        "cross_ids",
        "T28",
        "a station that uses the transaction ids of others",
        cross_ids,
        short=Size(4, 3),
        full=Size(100, 500),
        modes=("16-201", "201-16"),
        short_modes=("16-201", "201-16"),
    ),
)
