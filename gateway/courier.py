"""Delivers what waits for a backend while its station is not there: a connection in the station's name, for as long as
there is something to say."""

import asyncio
import secrets
from collections.abc import Coroutine
from itertools import count
from time import time
from typing import Any

import structlog

from gateway.bridge import About
from gateway.config import Backend, Limits
from gateway.ledger import Ledger
from gateway.leg import BackendLeg
from gateway.metrics import Metrics
from gateway.observer import Observer
from gateway.pump import RESTART
from gateway.switchboard import Switchboard
from gateway.tap import Tap
from gateway.tasks import ended
from gateway.tracing import Trace
from gateway.trial import Narrator
from gateway.upstream import DialError, Dialler
from translators.effects import Copy, Work
from translators.frames import Payload
from translators.outbox.unattended import Unattended

_DIAL_SECONDS = 10.0
_LONGEST_SECONDS = 300.0
"""What is not told by then is told the next time: meanwhile others are to have their turn."""
_LAST_WRITE_SECONDS = 1.0


class Courier:
    """The host of such a leg. It holds the station's place as a session does, and gives it up as one does."""

    def __init__(
        self,
        identity: str,
        version: str,
        backend: Backend,
        dial: Dialler,
        ledger: Ledger,
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        """`identity`: the station's, as it spells it; `version`: what its backend speaks."""
        self.about = About(version, version, "", time())
        self.ledger = ledger
        self.limits = limits
        self.metrics = metrics
        self.logger: structlog.stdlib.BoundLogger = structlog.get_logger("outbox").bind(
            station=identity, backend=backend.name
        )
        self.saved = True
        self._identity = identity
        self._backend = backend
        self._dial = dial
        self._loop = asyncio.get_running_loop()
        self._why: asyncio.Future[str] = self._loop.create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._finished = asyncio.Event()
        self._leg: BackendLeg | None = None
        self._refusal: DialError | None = None
        ledger.when_fenced(self._fenced)

    @property
    def waiting(self) -> int:
        """Messages that the backend has not taken yet."""
        return sum(1 for key in self.ledger.memory if key.startswith("outbox/message/"))

    async def run(self) -> None:
        """Until nothing more can be told now. Raises DialError."""
        working = self._loop.create_task(self._deliver(), name=f"courier {self.ledger.identity}")
        try:
            ends: set[asyncio.Future[Any]] = {working, self._why}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await ended(working)
            leg, self._leg = self._leg, None
            if leg is not None:
                leg.stop()
                leg.leave()
            await ended(*self._tasks)
            self.saved = await self.ledger.close(_LAST_WRITE_SECONDS)
            self.ledger.when_fenced(None)
            self._finished.set()
            if leg is not None:
                await leg.close("the station is away")
                leg.release()
        if self._refusal is not None:
            refusal, self._refusal = self._refusal, None
            try:
                raise refusal
            finally:
                del refusal  # its traceback holds this frame

    async def _deliver(self) -> None:
        try:
            found = await self._dial(_DIAL_SECONDS)
        except DialError as error:
            self._refusal = error
            return
        memory, version = self.ledger.memory, self.about.version
        nonce, numbers = secrets.token_hex(8), count(1)
        epoch = time() - self._loop.time()
        stage = Unattended(version, memory, lambda: f"{nonce}-{next(numbers)}", identity=self._identity, epoch=epoch)
        board = Switchboard(
            stage,
            station_version=version,
            csms_version=version,
            call_timeout=self._backend.call_timeout_seconds,
        )
        observer = Observer(self.metrics, self.logger, version, version, self._backend.name)
        leg = self._leg = BackendLeg(self, Narrator(nonce), self._backend, found, self._dial, board, observer)
        before = self.waiting
        leg.open()
        await leg.until(lambda: not stage.delivers and not leg.pump.busy, _LONGEST_SECONDS)
        self.logger.info("outbox_emptied" if not self.waiting else "outbox_waits", told=before - self.waiting)

    async def replace(self, by: str) -> dict[tuple[str, str], Any]:
        """The station is here, or somewhere else: as a session's."""
        self.end(RESTART, "the station is back", by)
        unwritten = self.ledger.unwritten
        await self._finished.wait()
        return unwritten

    # -- Host -------------------------------------------------------------------------------------------------------

    @property
    def tap(self) -> Tap | None:
        return None

    @property
    def trace(self) -> Trace | None:
        return None

    @property
    def over(self) -> bool:
        return self._why.done()

    @property
    def patient(self) -> bool:
        return False

    def work(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work, name=f"courier {self.ledger.identity}")
        self._tasks.add(task)
        task.add_done_callback(self._worked)

    def end(self, code: int, text: str, reason: str) -> None:
        if not self._why.done():
            self._why.set_result(reason)

    def lose(self, by: str) -> None:
        self.end(RESTART, "the station is back", by)

    async def is_ours(self, seconds: float) -> bool:
        return True  # it dials once

    async def do(self, work: Work) -> Payload:
        return {}  # an outbox asks for none

    def copied(self, copy: Copy) -> None:
        """Those who follow the station heard it when the station said it."""

    def fail(self, error: BaseException) -> None:
        self.logger.error("courier_failed", error=type(error).__name__, exc_info=error)
        self.end(RESTART, "the gateway failed", "defect")

    def _worked(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def _fenced(self) -> None:
        self.lose("lost_lease")
