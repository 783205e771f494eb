"""A fleet that charges while it is moved: from a 1.6 to a 2.0.1 management system in waves, until one station is refused
there and the guard stops; then home again. Nobody loses a connection, and every Wh is billed once."""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import aiohttp

from gateway.demo import process
from gateway.demo.books import Book, Charge, book_of, mistakes_of
from gateway.demo.checklist import Check
from gateway.demo.csms16 import Csms16
from gateway.demo.csms201 import Csms201
from gateway.demo.meter import Meter
from gateway.demo.peer import Clock, end
from gateway.demo.process import Gateway, GatewayError
from gateway.demo.station import alive, dial
from gateway.demo.station16 import Station16
from gateway.demo.station201 import Station201
from gateway.demo.wire import Tape

STATIONS = 20
REFUSED = "FLEET-09"
"""The new management system does not know it."""
_NAME = "demo"
_WAVE = {"wave_size": 5, "wave_interval_seconds": 1, "canary": True, "abort_failed_ratio": 0.05}
_SAMPLES, _INTERVAL_SECONDS = 8, 60
_STEP_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_HOME, _NEW = "legacy", "modern"


class Show(Protocol):
    """Is told what happens, as it happens."""

    def begins(self, stations: int) -> None: ...

    def says(self, text: str) -> None: ...

    def moved(self, identity: str, version: str, state: str, why: str) -> None:
        """A station's part in the migration has changed; `state` as the API has it, or `stayed`: its wave never came."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: the checks, both books, and the warnings and errors that the gateway logged."""

    checks: list[Check]
    books: list[Book]
    delivered_kwh: float
    complaints: list[str]
    seconds: float

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


class _Member:
    """One station of the fleet, with a clock and a meter of its own."""

    def __init__(self, number: int) -> None:
        self.identity = f"FLEET-{number:02}"
        self.version = "ocpp1.6" if number % 2 else "ocpp2.0.1"
        self.meter = Meter(100_000 + 1000 * number, [11_000])
        self.lost: list[str] = []
        self.station: Station16 | Station201 | None = None
        self.charging: asyncio.Task[None] | None = None

    @property
    def has_begun(self) -> bool:
        return self.station is not None and self.station.transaction_id is not None and self.meter.delivered_wh > 0

    async def plug_in(self, url: str, ca: Path, password: str, stations: AsyncExitStack, pace: float) -> None:
        """Connected for as long as `stations` is open, and charging until it is stopped from afar."""
        tape = Tape("station")
        tape.keeps = False
        connection = dial(url, self.identity, tape, subprotocol=self.version, password=password, ca=ca)
        tap = await stations.enter_async_context(connection)
        kind: Any = Station16 if self.version == "ocpp1.6" else Station201
        station = kind(self.identity, tap, Clock(), self.meter, pace=pace)
        self.station = await stations.enter_async_context(alive(station, self.lost.append))
        self.charging = asyncio.create_task(self._charge(station))

    async def _charge(self, station: Any) -> None:
        tag = self.identity.replace("FLEET", "TAG")
        how = {"samples": _SAMPLES, "interval_seconds": _INTERVAL_SECONDS}
        if self.version == "ocpp1.6":
            await station.charge(tag, **how)
        else:
            await station.charge(token={"id_token": tag, "type": "ISO14443"}, **how)
        await station.unplug()


class Fleet:
    """The whole story."""

    def __init__(
        self, show: Show, gateway: Gateway, legacy: Csms16, modern: Csms201, api: aiohttp.ClientSession
    ) -> None:
        self._show = show
        self._gateway = gateway
        self._legacy = legacy
        self._modern = modern
        self._api = api
        self._seen: dict[str, str] = {}
        self.members = [_Member(number) for number in range(1, STATIONS + 1)]
        self.checks: list[Check] = []

    async def play(self, passwords: dict[str, str], stations: AsyncExitStack, pace: float) -> None:
        """Raises GatewayError, TimeoutError."""
        self._show.begins(len(self.members))
        setup = self._gateway.setup
        await asyncio.gather(
            *(
                member.plug_in(setup.listener_url, setup.ca, passwords[member.identity], stations, pace)
                for member in self.members
            )
        )
        await self._until(lambda: all(member.has_begun for member in self.members))
        self._show.says(f"All {STATIONS} charge at the 1.6 system. They are moved to the 2.0.1 system meanwhile:")
        body = {"name": _NAME, "to": _NEW, "when": "now", "select": {"backend": _HOME}, **_WAVE}
        status, answer = await self._ask("POST", "/migrations", body)
        self._check("a migration of all begins", status == 201, str(answer))
        migration = await self._followed("aborted", "done")
        counts = migration["counts"]
        self._check(
            "the guard stops it at the station that is refused", migration["state"] == "aborted", migration["why"]
        )
        refused = [one["identity"] for one in migration["stations"] if one["state"] == "failed"]
        self._check(f"{REFUSED} stays where it is, and nobody else fails", refused == [REFUSED], ", ".join(refused))
        self._check("others were moved while they charged", counts["done"] >= 6, str(counts))
        self._show.says(f"The guard: {migration['why']}. {counts['done']} are brought home again:")
        await self._ask("POST", f"/migrations/{_NAME}/rollback")
        await self._followed("rolled_back", homeward=True)
        await self._all_stop()
        migration = await self._followed("rolled_back")
        stuck = [one["identity"] for one in migration["stations"] if one["state"] not in ("returned", "failed")]
        self._check("the rollback brings all of them home", not stuck, ", ".join(stuck))
        _, page = await self._ask("GET", f"/stations?backend={_HOME}&limit=100")
        self._check(
            "every station is connected, at home", len(page["stations"]) == STATIONS, str(len(page["stations"]))
        )
        lost = [f"{member.identity}: {why}" for member in self.members for why in member.lost]
        self._check("no station lost its connection", not lost, "; ".join(lost))

    def books(self) -> list[Book]:
        """Closes them, with what is wrong in them."""
        charges = [Charge(member.identity, member.meter.delivered_wh / 1000) for member in self.members]
        books = [book_of(_HOME, self._legacy), book_of(_NEW, self._modern)]
        wrong = mistakes_of(charges, books)
        self._check("both books together bill every charge once, and every Wh", not wrong, "; ".join(wrong[:3]))
        return books

    async def _all_stop(self) -> None:
        """Each is stopped by the system that is in charge of it now."""
        self._show.says("All are stopped by the system that has them; who waited for the end of its charge goes home:")
        await self._until(lambda: all(member.meter.delivered_wh >= _whole_charge() for member in self.members))
        stopped: set[str] = set()
        for bill in list(self._legacy.bills.values()):
            if bill.meter_stop is None:
                await self._legacy.remote_stop(bill.identity, bill.transaction_id)
                stopped.add(bill.identity)
        for other in list(self._modern.bills.values()):
            if not other.ended:
                await self._modern.remote_stop(other.identity, other.transaction_id)
                stopped.add(other.identity)
        self._check("each has one open charge, at one of the two", len(stopped) == STATIONS, str(len(stopped)))
        tasks = [member.charging for member in self.members if member.charging is not None]
        done, left = await asyncio.wait(tasks, timeout=_STEP_SECONDS)
        failed = [str(task.exception()) for task in done if task.exception() is not None]
        self._check("every charge came to its end", not left and not failed, "; ".join(failed[:3]) or str(len(left)))

    async def _followed(self, *ends: str, homeward: bool = False) -> dict[str, Any]:
        """The migration at one of these ends, told station by station. `homeward`: or when nobody is left that could go
        home before its charge ends."""
        versions = {member.identity: member.version for member in self.members}
        async with asyncio.timeout(_STEP_SECONDS):
            while True:
                _, migration = await self._ask("GET", f"/migrations/{_NAME}")
                for one in migration["stations"]:
                    state = f"{one['state']} {one['why']}".strip()
                    if one["state"] not in ("pending", "switching") and self._seen.get(one["identity"]) != state:
                        stayed = one["state"] == "returned" and one["identity"] not in self._seen
                        self._seen[one["identity"]] = state
                        shown = "stayed" if stayed else one["state"]
                        self._show.moved(one["identity"], versions[one["identity"]], shown, one["why"])
                counts = migration["counts"]
                at_work = counts["pending"] + counts["switching"]
                if (migration["state"] in ends and not counts["switching"]) or (
                    homeward and migration["state"] == "rolling_back" and not at_work
                ):
                    return dict(migration)
                await asyncio.sleep(_LOOK_SECONDS)

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(_STEP_SECONDS):
            while not holds():
                self._gateway.check()
                for member in self.members:
                    if member.charging is not None and member.charging.done():
                        member.charging.result()
                await asyncio.sleep(_LOOK_SECONDS)

    async def _ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        url = f"{self._gateway.setup.admin_url}/api/v1{path}"
        headers = {"Content-Type": "application/json"}
        try:
            async with self._api.request(method, url, json=body, headers=headers) as answer:
                return answer.status, await answer.json(content_type=None)
        except aiohttp.ClientError as error:
            self._gateway.check()
            raise GatewayError(f"{url}: {error}", self._gateway.last_lines()) from None

    def _check(self, what: str, ok: bool, why: str) -> None:
        self.checks.append(Check(what, ok, "" if ok else why))


def _whole_charge() -> int:
    return _SAMPLES * round(11_000 * _INTERVAL_SECONDS / 3600)


async def play(show: Show, *, pace: float = 0.0) -> Outcome:
    """The whole demo. `pace`: seconds between a station's steps. Raises GatewayError when the gateway does not start or
    dies, OSError for files and sockets."""
    began = perf_counter()
    passwords = {f"FLEET-{number:02}": f"demo-password-of-{number}" for number in range(1, STATIONS + 1)}
    legacy, modern = Csms16(Clock(), passwords=passwords), Csms201(Clock(), passwords=passwords)
    modern.refused_stations.add(REFUSED)
    with tempfile.TemporaryDirectory(prefix="ocpp-gateway-demo-") as name:
        async with (
            legacy.listening() as legacy_url,
            modern.listening() as modern_url,
            process.running(
                process.write_files(
                    Path(name),
                    {_HOME: (legacy_url, Csms16.subprotocol), _NEW: (modern_url, Csms201.subprotocol)},
                    [{"match": {"identity": "FLEET-*"}, "backend": _HOME}],
                )
            ) as gateway,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as api,
            AsyncExitStack() as stations,
        ):
            fleet = Fleet(show, gateway, legacy, modern, api)
            try:
                await fleet.play(passwords, stations, pace)
            except Exception as error:
                if isinstance(error, GatewayError | OSError) and not isinstance(error, TimeoutError):
                    raise
                fleet.checks.append(Check("it goes on to its end", False, f"{type(error).__name__}: {error}"))
            finally:
                await end(*(member.charging for member in fleet.members))
            books = fleet.books()
            delivered = sum(member.meter.delivered_wh for member in fleet.members) / 1000
            return Outcome(fleet.checks, books, delivered, gateway.complaints(), perf_counter() - began)
