"""The frame of an act: its cast, its checklist, and what came of it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar, Protocol

from ocpp.exceptions import OCPPError
from websockets.exceptions import InvalidStatus

from gateway.demo.checklist import STEP_SECONDS, Check, Checklist, Expected, MissingError
from gateway.demo.csms import Csms
from gateway.demo.csms16 import Csms16
from gateway.demo.csms201 import Csms201
from gateway.demo.peer import end
from gateway.demo.station import dial
from gateway.demo.wire import Frame, Tap, Tape

_SETTLING_SECONDS = 0.2
_SAME_KWH = 0.0005
"""Half a Wh: registers are whole Wh on both sides."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an act is played. `url`: the gateway's listener; `ca`: its authority, None for plain ws.

    Stations enter `stations` and stay connected until it is closed. `pace`: seconds between a station's steps.
    """

    url: str
    ca: Path | None
    passwords: dict[str, str]
    legacy: Csms16
    modern: Csms201
    stations: AsyncExitStack
    pace: float = 0.0
    step_seconds: float = STEP_SECONDS


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an act. Messages are frames on a side's own wire; kWh is None where a side has no number."""

    title: str
    identity: str
    station_version: str
    csms_version: str
    seconds: float
    checks: list[Check]
    station_messages: int
    csms_messages: int
    station_kwh: float | None
    csms_kwh: float | None
    error: str | None = None

    @property
    def ok(self) -> bool:
        return self.error is None and all(check.ok for check in self.checks)

    @property
    def missing(self) -> list[str]:
        """What did not arrive or does not hold, one line each."""
        return [f"{check.what} ({check.why})" if check.why else check.what for check in self.checks if not check.ok]


class Show(Protocol):
    """Who watches."""

    def act_begins(self, act: "Act") -> None: ...

    def frame(self, frame: Frame) -> None: ...

    def act_ends(self, result: Result) -> None: ...


@dataclass
class Act(ABC):
    """One charge. A subclass says what must arrive (`expected`, `facts`) and leads it (`play`)."""

    title: ClassVar[str]
    identity: ClassVar[str]
    station_version: ClassVar[str]
    facts: ClassVar[dict[str, str]]

    place: Place
    tape: Tape = field(default_factory=lambda: Tape("station"))

    def __post_init__(self) -> None:
        self.checks = Checklist(self.expected(), self.facts, step_seconds=self.place.step_seconds)
        self.station: Any = None
        self._script: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def csms(self) -> Csms:
        """The other side."""

    @abstractmethod
    def expected(self) -> Sequence[Expected]: ...

    @abstractmethod
    async def play(self) -> None:
        """Raises MissingError, or what a simulator raises; then the act is over."""

    @abstractmethod
    def settle(self) -> None:
        """Settles the facts, however far the act came."""

    @abstractmethod
    def billed_kwh(self) -> float | None:
        """What the CSMS makes of the messages it got."""

    def settle_common(self) -> None:
        """Settles the facts that every act has: `errors` and `kwh`."""
        errors = [frame.text for frame in self.frames() if frame.kind == "error"]
        self.checks.settle("errors", not errors, " ".join(errors))
        counted, billed = self.counted_kwh(), self.billed_kwh()
        same = counted is not None and billed is not None and counted > 0 and abs(counted - billed) < _SAME_KWH
        self.checks.settle("kwh", same, f"station {counted}, CSMS {billed}")

    def counted_kwh(self) -> float | None:
        """What the station's own meter says."""
        return None if self.station is None else self.station.meter.delivered_wh / 1000

    async def run(self, show: Show) -> Result:
        """Plays it; never raises for what goes wrong in it."""
        began = perf_counter()
        show.act_begins(self)

        def watch(frame: Frame) -> None:
            if frame.identity == self.identity:
                self.checks.feed(frame)
                show.frame(frame)

        unlisten = [tape.listen(watch) for tape in (self.tape, self.csms.tape)]
        error = None
        try:
            await self.play()
            for entry in self.expected():
                await self.checks.arrived(entry.key)
            # What comes too often comes right behind.
            await asyncio.sleep(_SETTLING_SECONDS)
        except MissingError as missing:
            error = str(missing)
        except Exception as failure:
            # Whatever a simulator, the package or the wire raises: the act is over, the demo is not.
            error = self._why(failure)
        finally:
            await end(self._script)
            for stop in unlisten:
                stop()
        self.settle()
        result = self._result(perf_counter() - began, error)
        show.act_ends(result)
        return result

    async def connect(self, password: str | None = None) -> Tap:
        """The station's connection, which stays in the place. Raises what `dial` raises."""
        place = self.place
        connection = dial(
            place.url,
            self.identity,
            self.tape,
            subprotocol=self.station_version,
            password=place.passwords[self.identity] if password is None else password,
            ca=place.ca,
        )
        return await place.stations.enter_async_context(connection)

    async def refused(self) -> int | None:
        """The HTTP status that a wrong password gets; None when it is let in."""
        try:
            await self.connect(password="not the password")  # noqa: S106
        except InvalidStatus as refusal:
            return refusal.response.status_code
        return None

    def demand(self, action: str, status: str) -> None:
        """Raises MissingError unless the answer to a command was Accepted: what should follow will not."""
        if status != "Accepted":
            raise MissingError(f"{action} was answered {status}")

    def follow(self, script: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs the station's script beside the CSMS's; its failure ends the act at once."""
        self._script = task = asyncio.create_task(script)
        task.add_done_callback(self._script_done)
        return task

    def _script_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (failure := task.exception()) is not None:
            self.checks.abort(self._why(failure))

    def _why(self, failure: BaseException) -> str:
        if isinstance(failure, OCPPError):
            errors = [frame for frame in self.frames() if frame.kind == "error" and not frame.sent]
            if errors:
                return f"the {errors[-1].side}'s {errors[-1].action} was answered {errors[-1].text}"
        return f"{type(failure).__name__}: {failure}".rstrip(": ")

    def frames(self) -> list[Frame]:
        """Both wires, the station's first."""
        return [*self.tape.frames, *(frame for frame in self.csms.tape.frames if frame.identity == self.identity)]

    def _result(self, seconds: float, error: str | None) -> Result:
        mine = len(self.tape.frames)
        return Result(
            title=self.title,
            identity=self.identity,
            station_version=self.station_version,
            csms_version=self.csms.subprotocol,
            seconds=seconds,
            checks=self.checks.checks(),
            station_messages=mine,
            csms_messages=len(self.frames()) - mine,
            station_kwh=self.counted_kwh(),
            csms_kwh=self.billed_kwh(),
            error=error,
        )
