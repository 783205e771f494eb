"""A small fleet that goes on charging while the demo is kept running, so that there is something to see and to move."""

import asyncio
import random
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from ocpp.exceptions import OCPPError
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from gateway.demo.meter import Meter
from gateway.demo.peer import Clock, SimulationError, end
from gateway.demo.station import alive, dial
from gateway.demo.station16 import Station16
from gateway.demo.station201 import Station201
from gateway.demo.wire import Tape

_CITIES = {"BER": ("ALEX", "OSTKREUZ", "TEGEL"), "HAM": ("ALTONA", "HAFEN"), "MUC": ("OST", "PASING")}
IDENTITIES = {
    f"{city}-{place}-{number:02}": ("ocpp1.6", "ocpp2.0.1")[(number + len(place)) % 2]
    for city, places in _CITIES.items()
    for place in places
    for number in (1, 2)
}
"""Of every station, with the version it speaks."""
FAULTY = "MUC-PASING-02"
PASSWORDS = {identity: f"demo-password-of-{identity}" for identity in IDENTITIES}
FOLLOWED = "HAM-*"
MISSING = "MUC-OST-03"
"""In the stations file, and never connected."""

_LOST = (ConnectionClosed, InvalidHandshake, OCPPError, SimulationError, TimeoutError, OSError)
"""What ends one connection of a station; it comes again."""


class _Now(Clock):
    """The clock on the wall: here nobody skips time."""

    def skip(self, seconds: float) -> None:
        return


def stations_file() -> dict[str, Any]:
    """Tags, as an operator would give them."""
    known = [*IDENTITIES, MISSING]
    return {name: {"tags": ["pilot", "city"] if name.startswith("BER") else ["city"]} for name in known}


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two readings of a meter, and between two charges."""

    sample: float = 5.0
    rest: float = 12.0


class Life:
    """One station, over all its connections. What it owes after one that was lost, it says in the next."""

    def __init__(self, identity: str, url: str, ca: Path | None, pace: Pace) -> None:
        self.identity = identity
        self._url, self._ca, self._pace = url, ca, pace
        self._chance = random.Random(identity)  # noqa: S311 - chance, not secrets
        self._tape = Tape("station")
        self._tape.keeps = False
        power = self._chance.choice([7_400, 11_000, 22_000] if self.is_16 else [50_000, 95_000, 150_000])
        begin = self._chance.randrange(50_000, 900_000)
        self._meter = Meter(begin, [power]) if self.is_16 else Meter(begin, [power], soc=22.0)
        self._cards = count(self._chance.randrange(1000, 9000))
        self._before: Any = None

    @property
    def is_16(self) -> bool:
        return IDENTITIES[self.identity] == "ocpp1.6"

    async def live(self) -> None:
        """For ever."""
        while True:
            async with AsyncExitStack() as place:
                with suppress(*_LOST):
                    await self._be_connected(place)
            await asyncio.sleep(self._chance.uniform(1.0, 3.0))

    async def _be_connected(self, place: AsyncExitStack) -> None:
        connection = dial(
            self._url,
            self.identity,
            self._tape,
            subprotocol=IDENTITIES[self.identity],
            password=PASSWORDS[self.identity],
            ca=self._ca,
        )
        tap = await place.enter_async_context(connection)
        made = Station16 if self.is_16 else Station201
        station = made(self.identity, tap, _Now(), self._meter)
        lost = asyncio.Event()
        await place.enter_async_context(alive(station, lambda why: lost.set()))
        charging = asyncio.get_running_loop().create_task(self._charge_on(station))
        gone = asyncio.get_running_loop().create_task(lost.wait())
        try:
            await asyncio.wait([charging, gone], return_when=asyncio.FIRST_COMPLETED)
            if charging.done():
                charging.result()
        finally:
            await end(charging, gone)

    async def _charge_on(self, station: Any) -> None:
        """Boot, then one charge after another."""
        await station.boot()
        if self._before is not None:
            station.take_over(self._before)
            await self._stop(station, "PowerLoss")
        if self.identity == FAULTY:
            await station.status("Faulted", error_code="GroundFailure") if self.is_16 else await station.status(
                "Faulted", 2
            )
        await asyncio.sleep(self._chance.uniform(0.0, self._pace.rest))
        while True:
            if self.identity == FAULTY:
                await station.heartbeat()
            else:
                await self._charge(station)
            await asyncio.sleep(self._chance.uniform(0.5, 1.5) * self._pace.rest)

    async def _charge(self, station: Any) -> None:
        card = f"04A1{next(self._cards)}C3"
        if self.is_16:
            await station.begin_charge(card)
            self._before = station
        else:
            await station.plug()
            self._before = station
            await station.begin_charge({"id_token": card, "type": "ISO14443"})
        for _ in range(self._chance.randrange(4, 16)):
            await asyncio.sleep(self._chance.uniform(0.8, 1.2) * self._pace.sample)
            # A minute of the meter's for each reading, so that something is counted.
            await station.sample(60)
        await self._stop(station, "Local")
        await asyncio.sleep(1.0)
        await station.unplug()

    async def _stop(self, station: Any, reason: str) -> None:
        if self.is_16:
            await station.end_charge(reason)
        else:
            trigger = "StopAuthorized" if reason == "Local" else "AbnormalCondition"
            await station.end_charge(trigger, reason)
        self._before = None


async def charge_on(url: str, ca: Path | None, pace: Pace | None = None) -> None:
    """The whole fleet, for ever."""
    async with asyncio.TaskGroup() as group:
        for identity in IDENTITIES:
            group.create_task(Life(identity, url, ca, pace or Pace()).live(), name=f"station {identity}")
