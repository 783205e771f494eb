"""Puts the demo together: certificates, two management systems, the gateway's process, both acts, the end."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from gateway.demo import fleet, measure, process
from gateway.demo.act import Act, Place, Result, Show
from gateway.demo.acts import LegacyAct, ModernAct
from gateway.demo.csms16 import Csms16
from gateway.demo.csms201 import Csms201
from gateway.demo.peer import Clock, end
from gateway.demo.process import Gateway, GatewayError
from gateway.demo.station import beat
from gateway.demo.summary import Outcome

_ACTS: tuple[type[Act], ...] = (LegacyAct, ModernAct)
PASSWORDS = {act.identity: f"demo-password-of-{act.identity}" for act in _ACTS}
_LEGACY_PATH = "/steve/websocket/CentralSystemService"
_KEPT_HEARTBEAT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left running: URLs, the files' directory, station identity -> password."""

    listener_url: str
    admin_url: str
    legacy_url: str
    modern_url: str
    directory: Path
    ca: Path
    passwords: dict[str, str]


async def play(
    show: Show, done: Callable[[Outcome], None], keep: Callable[[Kept], None] | None = None, *, pace: float = 0.0
) -> Outcome:
    """The whole demo. `done` gets the outcome as soon as the acts are over; with `keep` everything then stays up until
    SIGINT or SIGTERM, and `keep` is told where. `pace`: seconds between a station's steps.

    Raises GatewayError when the gateway does not start or dies, OSError for files and sockets.
    """
    began = perf_counter()
    heartbeat = _KEPT_HEARTBEAT_SECONDS if keep else 300
    passwords = PASSWORDS | fleet.PASSWORDS if keep else PASSWORDS
    legacy = Csms16(Clock(), passwords=passwords, heartbeat_seconds=heartbeat)
    modern = Csms201(Clock(), passwords=passwords, heartbeat_seconds=heartbeat)
    analytics = Csms201(Clock(), heartbeat_seconds=heartbeat)
    with tempfile.TemporaryDirectory(prefix="ocpp-gateway-demo-") as name:
        async with (
            legacy.listening(_LEGACY_PATH) as legacy_url,
            modern.listening() as modern_url,
            analytics.listening() as analytics_url,
            _gateway(Path(name), legacy_url, modern_url, analytics_url if keep else None) as gateway,
            AsyncExitStack() as stations,
        ):
            url, ca = gateway.setup.listener_url, gateway.setup.ca
            place = Place(url, ca, PASSWORDS, legacy, modern, stations, pace)
            acts = [act(place) for act in _ACTS]
            results = [await _play_one(act, show, gateway) for act in acts]
            measured = measure.read(await gateway.metrics())
            outcome = Outcome(results, measured, gateway.complaints(), perf_counter() - began)
            done(outcome)
            if keep is not None:
                for tape in [legacy.tape, modern.tape, analytics.tape, *(act.tape for act in acts)]:
                    tape.keeps = False
                kept = Kept(url, gateway.setup.admin_url, legacy_url, modern_url, Path(name), ca, PASSWORDS)
                await _stay(acts, gateway, lambda: keep(kept))
    return outcome


@asynccontextmanager
async def _gateway(
    directory: Path, legacy_url: str, modern_url: str, analytics_url: str | None
) -> AsyncIterator[Gateway]:
    """`analytics_url`: where a fleet is to be seen as well, of which some stations are followed."""
    backends = {"legacy": (legacy_url, Csms16.subprotocol), "modern": (modern_url, Csms201.subprotocol)}
    routes: list[dict[str, Any]] = [
        {"match": {"identity": "DEMO-201*"}, "backend": "legacy"},
        {"match": {"identity": "DEMO-16*"}, "backend": "modern"},
    ]
    stations: dict[str, Any] = {}
    if analytics_url is not None:
        backends["analytics"] = (analytics_url, Csms201.subprotocol)
        followed = [{"backend": "analytics"}]
        routes += [
            {"match": {"identity": fleet.FOLLOWED}, "backend": "legacy", "followers": followed},
            {"backend": "legacy"},
        ]
        stations = fleet.stations_file()
    async with process.running(process.write_files(directory, backends, routes, stations)) as gateway:
        yield gateway


async def _play_one(act: Act, show: Show, gateway: Gateway) -> Result:
    """One act, unless the gateway dies under it. Raises GatewayError."""
    playing = asyncio.create_task(act.run(show))
    dying = asyncio.create_task(gateway.process.wait())
    try:
        await asyncio.wait([playing, dying], return_when=asyncio.FIRST_COMPLETED)
        if dying.done():
            gateway.check()
        return await playing
    finally:
        await end(playing, dying)


async def _stay(acts: list[Act], gateway: Gateway, tell: Callable[[], None]) -> None:
    """Stations keep beating, and a fleet charging, until a signal comes or the gateway dies (GatewayError)."""
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, told_to_stop.set)
    tasks = [asyncio.create_task(beat(act.station, _KEPT_HEARTBEAT_SECONDS)) for act in acts if act.station]
    tasks.append(asyncio.create_task(fleet.charge_on(gateway.setup.listener_url, gateway.setup.ca)))
    dying = asyncio.create_task(gateway.process.wait())
    stopping = asyncio.create_task(told_to_stop.wait())
    tell()
    try:
        await asyncio.wait([dying, stopping], return_when=asyncio.FIRST_COMPLETED)
        gateway.check()
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(name)
        await end(*tasks, dying, stopping)


__all__ = ["GatewayError", "Kept", "Outcome", "play"]
