"""The backend is killed, stops, crawls, refuses, flaps."""

import asyncio
import time

import aiohttp

from tests.soak.checker import Limits
from tests.soak.fproxy import Latency, Timeout
from tests.soak.history import Event
from tests.soak.world import Scenario, Setup, Size, World


def _closes(world: World, mark: Event) -> dict[str, list[Event]]:
    """Each station's closes since then."""
    found: dict[str, list[Event]] = {}
    for event in world.since(mark, "close"):
        found.setdefault(event.identity, []).append(event)
    return found


def _detected(world: World, mark: Event, limit: float) -> None:
    """How long a dead backend kept a station; nobody may be kept longer than `limit`."""
    closes = _closes(world, mark)
    longest = max((events[0].t - mark.t for events in closes.values()), default=0.0)
    world.figure("detect", longest)
    world.expect(len(closes) == len(world.stations), f"{len(world.stations) - len(closes)} stations were kept")
    world.expect(longest <= limit, f"the backend's loss took {longest:.1f} s to reach a station, allowed {limit:g} s")


async def blip(world: World) -> None:
    """Dead for a moment: nobody is closed. A backend that is down is asked every 6 s at the latest (gateway.breaker), so
    the hold bridges what is over that much before its end."""
    mark = world.fault("backend dead for less than hold_seconds")
    await world.backend.kill()
    await asyncio.sleep(world.size.seconds)
    await world.backend.start()
    back = world.healed()
    await _redialled(world, world.setup.backend["hold_seconds"])
    world.figure("recover", time.monotonic() - back.t)
    closes = world.since(mark, "close")
    world.expect(not closes, "a station was closed though the backend came back in time", *closes)


async def outage(world: World) -> None:
    """Dead for longer than the hold: every station is let go, and comes back."""
    hold = world.setup.backend["hold_seconds"]
    long = world.fault("backend dead for longer than hold_seconds")
    await world.backend.kill()
    await asyncio.sleep(max(hold + 1.0 + _farewell(world), world.size.seconds))
    _detected(world, long, hold + 1.0 + _farewell(world))
    await world.backend.start()


def _farewell(world: World) -> float:
    """Seconds over which a fleet's closes are spread."""
    return min(5.0, len(world.stations) / 100)


async def _redialled(world: World, seconds: float) -> None:
    """Until every station has a backend again, or as long as they are held."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        metrics = [node.running.metric('ocpp_gateway_backend_connections{backend="only"}') for node in world.nodes]
        if sum(await asyncio.gather(*metrics)) == len(world.stations):
            return
        await asyncio.sleep(0.1)


async def half_open(world: World) -> None:
    """SIGSTOP, then a network that swallows everything, then one that is only slow: the last closes nobody."""
    assert world.between is not None
    limits, call = world.setup.limits, world.setup.backend["call_timeout_seconds"]
    # A silent peer is noticed by the ping, a silent call by its timeout; then it is held.
    dead = max(limits["ping_seconds"] + limits["pong_seconds"], call) + world.setup.backend["hold_seconds"] + 1.0
    dead += _farewell(world)
    stopped = world.fault("backend SIGSTOPped")
    world.backend.pause()
    await asyncio.sleep(dead)
    _detected(world, stopped, dead)
    world.backend.wake()
    await world.all_connected()
    hole = world.fault("black hole")
    world.between.toxics = [Timeout()]
    await asyncio.sleep(dead)
    _detected(world, hole, dead)
    world.between.toxics = []
    await world.all_connected()
    slow = world.fault("slow")
    world.between.toxics = [Latency(0.3 * call, 0.05 * call)]
    await asyncio.sleep(world.size.seconds)
    world.expect(not _closes(world, slow), "a slow backend closed a station")
    world.between.toxics = []


async def refusing(world: World) -> None:
    """Each refusal is heard at the station's own handshake, and never as a connection that drops."""
    # A status that speaks of the backend makes it count as down for some seconds: the short form has one of each kind.
    for status in (401, 404, 503, 1) if world.size.rounds > 2 else (401, 503):
        said = 503 if status == 1 else status
        await world.backend.set(refuse=status)
        await asyncio.sleep(0.1)
        for _ in range(world.size.rounds):
            world.expect(await knock(world) == said, f"a station was not told {said}")
        mark = world.fault(f"refused with {status}, connections cut")
        await world.backend.set(cut=status)
        await asyncio.sleep(world.size.seconds)
        told = {event.about["status"] for event in world.since(mark, "refused")}
        world.expect(told <= {said, 503}, f"stations were told {sorted(told)}, the backend said {said}")
        await world.backend.set(refuse=0)
        await world.all_connected()


async def knock(world: World) -> int:
    """The HTTP status that a new station's handshake is answered with, 101 when it got in."""
    try:
        ws = await world.fleets[0].connect(world.nodes[0].url + "/" + world.stranger(), "X")
    except aiohttp.WSServerHandshakeError as error:
        return error.status
    await ws.close()
    return 101


async def flapping(world: World) -> None:
    """Up and down: held stations do not flap with it."""
    mark = world.fault("flapping")
    before = await _dials(world)
    for _ in range(world.size.rounds):
        await world.backend.kill()
        await asyncio.sleep(world.size.seconds)
        await world.backend.start()
        await asyncio.sleep(world.size.seconds)
    closes = _closes(world, mark)
    most = max((len(events) for events in closes.values()), default=0)
    world.figure("closes", most)
    world.expect(most <= 3, f"a station was closed {most} times")
    made = await _dials(world) - before
    world.expect(made <= (world.size.rounds + 1) * len(world.stations) * 1.2, f"{made:g} dials")


async def _dials(world: World) -> float:
    """Connections made to the backend so far."""
    series = 'ocpp_gateway_backend_dials_total{backend="only",outcome="ok"}'
    return sum(await asyncio.gather(*(node.running.metric(series) for node in world.nodes)))


async def slow_backend_reader(world: World) -> None:
    """A backend that stops reading while everybody sends: its stations are closed, memory stays."""
    mark = world.fault("backend does not read")
    began = time.monotonic()
    await world.backend.set(silent_reader=True)
    call = world.setup.backend["call_timeout_seconds"]
    await asyncio.sleep(call + world.size.seconds)
    world.expect(len(_closes(world, mark)) > 0, "nobody noticed a backend that does not read")
    await world.backend.set(silent_reader=False)
    world.figure("detect", min((events[0].t for events in _closes(world, mark).values()), default=began) - began)


_QUICK = {"ping_seconds": 1, "pong_seconds": 1}
SCENARIOS = (
    Scenario(
        "blip",
        "T02",
        "the backend dead for a moment",
        blip,
        short=Size(6, 1, 0.0),
        full=Size(300, 1, 2.0),
        setup=Setup(backend={"hold_seconds": 10}),
        short_modes=("201-16",),
    ),
    Scenario(
        "outage",
        "T02",
        "the backend dead for longer than the hold",
        outage,
        short=Size(6, 1, 0.0),
        full=Size(300, 1, 60.0),
        setup=Setup(backend={"hold_seconds": 10}),
        short_setup=Setup(backend={"hold_seconds": 0.5}),
        short_modes=("16-201",),
    ),
    Scenario(
        "half_open",
        "T03",
        "a backend that is stopped, unreachable or slow",
        half_open,
        short=Size(6, 1, 1.5),
        full=Size(200, 1, 25.0),
        setup=Setup(
            proxied=True,
            backend={"hold_seconds": 5, "call_timeout_seconds": 15},
            limits={"ping_seconds": 15, "pong_seconds": 10},
        ),
        short_setup=Setup(proxied=True, backend={"hold_seconds": 0.3, "call_timeout_seconds": 1}, limits=_QUICK),
        short_modes=("16-201",),
    ),
    Scenario(
        "refusing",
        "T04",
        "a backend that answers handshakes with 401, 404, 503 or without a subprotocol",
        refusing,
        short=Size(4, 2, 0.5),
        full=Size(200, 25, 5.0),
        setup=Setup(backend={"hold_seconds": 2}),
        short_setup=Setup(backend={"hold_seconds": 0.3}),
        short_modes=("16",),
    ),
    Scenario(
        "flapping",
        "T23",
        "a backend that is up and down in turns",
        flapping,
        short=Size(4, 2, 0.4),
        full=Size(200, 20, 3.0),
        setup=Setup(backend={"hold_seconds": 10}),
        short_modes=("201-16",),
    ),
    Scenario(
        "slow_backend",
        "T30",
        "a backend that stops reading",
        slow_backend_reader,
        short=Size(4, 1, 0.5),
        full=Size(300, 1, 15.0),
        setup=Setup(backend={"call_timeout_seconds": 10, "hold_seconds": 2}, check=Limits(recover_seconds=60.0)),
        short_setup=Setup(backend={"call_timeout_seconds": 1, "hold_seconds": 0.3}),
        short_modes=("16",),
    ),
)
