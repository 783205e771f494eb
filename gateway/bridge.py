"""One station's life: its connection, its leg to a backend, and why it ends."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import structlog

from gateway.config import Backend, Limits
from gateway.endings import About, Ending, end_of_station
from gateway.followers import Followers
from gateway.gates import Gate
from gateway.identity import Identity
from gateway.ledger import Ledger
from gateway.leg import BackendLeg
from gateway.metrics import Metrics
from gateway.observer import Observer
from gateway.prospects import Prospects
from gateway.pump import POLICY, REPLACED, RESTART
from gateway.ratelimit import Bucket
from gateway.sockets import Gone, Socket
from gateway.store import StoreError
from gateway.switchboard import Switchboard
from gateway.tap import Tap
from gateway.tracing import Trace
from gateway.trial import introduce
from gateway.upstream import Dialler, Leg
from translators.effects import Copy, Work
from translators.frames import Call, Error, NoAnswer, Payload, Result
from translators.stage import Stage

__all__ = ["POLICY", "REPLACED", "RESTART", "About", "Bridge", "Ending"]

Worker = Callable[[Work], Coroutine[Any, Any, Payload]]

_FINISH_SECONDS, _LAST_WRITE_SECONDS, _FIRST_WORD_SECONDS = 5.0, 1.0, 3.0
_BOOTS = re.compile(r'\s*\[\s*2\s*,[^,]*,\s*"BootNotification"')


class Bridge:
    """One connection of a station, with the leg to its backend."""

    __slots__ = (
        "__weakref__",
        "_comes_from_elsewhere",
        "_ending",
        "_finished",
        "_frames",
        "_loop",
        "_station",
        "_tasks",
        "about",
        "do",
        "followers",
        "identity",
        "ledger",
        "limits",
        "logger",
        "metrics",
        "over",
        "primary",
        "prospects",
        "saved",
        "switching",
        "tap",
        "trace",
    )

    def __init__(
        self,
        identity: Identity,
        about: About,
        backend: Backend,
        station: Socket,
        leg: Leg | None,
        dial: Dialler,
        board: Switchboard,
        ledger: Ledger,
        limits: Limits,
        metrics: Metrics,
        observer: Observer,
        logger: structlog.stdlib.BoundLogger,
        do: Worker,
        followers: Followers | None = None,
        prospects: Prospects | None = None,
    ) -> None:
        """`do` does what the pure core must not. `leg`: None where the backend is away, which only a backend with
        `when_down: buffer` may be. `followers` get what the board copies; None where nobody follows. `prospects`: the way to
        other backends; None: it has to stay where it is."""
        self.do = do
        self.identity = identity
        self.about = about
        self.ledger = ledger
        self.limits = limits
        self.metrics = metrics
        self.logger = logger
        self.tap: Tap | None = None
        self.trace: Trace | None = None
        self.prospects = prospects
        self.switching = False
        """Whether it is about to change its backend."""
        self._station = station
        self._tasks: set[asyncio.Task[None]] | None = None
        self._loop = asyncio.get_running_loop()
        self._ending: asyncio.Future[Ending] = self._loop.create_future()
        self._finished = Gate()
        self.followers = followers
        self.primary = BackendLeg(self, station, backend, leg, dial, board, observer)
        self._comes_from_elsewhere = board.story is not None and board.story.is_news and leg is not None
        self._frames = Bucket(limits.frames_per_second, 2 * limits.frames_per_second, self._loop.time())
        self.over = False
        """Whether it is about to end."""
        self.saved = True
        """Whether the store has all that the session remembered; known when `run` has returned."""
        ledger.when_fenced(self._fenced)

    @property
    def backend(self) -> str:
        """The name of the backend in charge."""
        return self.primary.backend

    async def run(self) -> Ending:
        """Until either side ends or somebody calls `end`. Both connections are closed when it returns."""
        ending = Ending(RESTART, "the gateway stops", "drain")
        try:
            if self._comes_from_elsewhere:
                # From the beginning: a call that the station has already would be made again.
                self.primary.board.hold_station()
            self.primary.open()
            if self.followers is not None:
                self.followers.start(self.call)
            if self._comes_from_elsewhere:
                self.work(self._introduced())
            else:
                self._station.deliver(self._heard, self._left)
            ending = await self._ending
        finally:
            self.primary.stop()
            if self.followers is not None:
                self.followers.stop()
            tasks = list(self._tasks or ())
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.gather(*tasks, return_exceptions=True)
            self.primary.leave()
            self.saved = await self.ledger.close(_LAST_WRITE_SECONDS)
            self.ledger.when_fenced(None)  # else they hold each other for good
            self._finished.open()
            self._station.part(ending.code, ending.text)
            self.primary.part()
            if self.followers is not None:
                await self.followers.close()
            await self._station.close(ending.code, ending.text)
            await self.primary.close()
            self.primary.release()
        return ending

    @property
    def patient(self) -> bool:
        return True

    def adopt(self, leg: BackendLeg, version: str) -> BackendLeg:
        """Another backend is in charge from now on, without a frame lost between the two; the former one, which is to be
        stopped, left and closed. Its board must be shut and quiet."""
        former, self.primary = self.primary, leg
        self.ledger.turn_to(leg.backend)
        leg.pump.station = self._station
        leg.work_for(self)
        leg.board.story, former.board.story = former.board.story, None
        leg.board.copies, former.board.copies = former.board.copies, False
        if leg.board.story is not None:
            leg.board.story.memory = self.ledger.memory
        self.about = replace(self.about, version=version)
        connected, spoken = self.metrics.stations_connected, self.about.subprotocol
        connected.labels(spoken, former.backend).dec()
        connected.labels(spoken, leg.backend).inc()
        self.logger = self.logger.bind(backend=leg.backend)
        leg.observer.go_on_for(former.observer)
        leg.pump.later(leg.board.meet(former.board.taken_over(), self._loop.time()))
        former.let_in()
        return former

    def work(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work, name=f"session {self.identity.key}")
        if self._tasks is None:
            self._tasks = set()
        self._tasks.add(task)
        task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        assert self._tasks is not None
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """A defect of ours ends this session and no other."""
        self.logger.error("session_failed", error=type(error).__name__, exc_info=error)
        self.end(RESTART, "the gateway failed", "defect")

    def end(self, code: int, text: str, reason: str) -> None:
        """End the session; the first reason counts."""
        if not self.over:
            self.over = True
            if not self._ending.done():  # cancelled at a second signal, and then its station goes
                self._ending.set_result(Ending(code, text, reason))
            self.primary.board.close()
            if self.followers is not None:
                self.followers.stop()

    def copied(self, copy: Copy) -> None:
        if self.followers is not None:
            self.followers.copied(copy)

    def _fenced(self) -> None:
        self.lose("lost_lease")

    def lose(self, by: str) -> None:
        """The station is somebody else's; `by` is the metric's reason."""
        if not self.over:
            self.metrics.takeovers.labels(by).inc()
            self.logger.info("session_replaced", by=by)
        self.end(POLICY, REPLACED, "replaced")

    async def is_ours(self, seconds: float) -> bool:
        try:
            return await self.ledger.is_ours(seconds)
        except StoreError as error:
            self.logger.warning("owner_not_known", error=str(error))
            self.end(RESTART, "the backend is gone", "backend_lost")
            return False

    async def replace(self, by: str) -> dict[tuple[str, str], Any]:
        """A newer connection takes over; `by` is the metric's reason. When this returns, this session writes nothing any
        more. What it had not written when it was told, by scope and key: a new owner elsewhere has to."""
        self.lose(by)
        unwritten = self.ledger.unwritten
        await self._finished.passed()
        return unwritten

    @property
    def stage(self) -> Stage:
        """Its state, to be read."""
        return self.primary.board.stage

    @property
    def frames(self) -> dict[str, int]:
        """How many were read from the `station` and from the `csms`."""
        return self.primary.observer.frames

    @property
    def is_backend_away(self) -> bool:
        """Whether the backend is lost, and the station is kept meanwhile."""
        return self.primary.pump.csms is None

    async def call(self, action: str, payload: Payload) -> Result | Error | NoAnswer:
        """An operator's call to the station, in its own version, in turn with all other calls to it. The answer comes to
        the caller and to nobody else. Raises BusyError."""
        answer: asyncio.Future[Result | Error | NoAnswer] = self._loop.create_future()

        def told(reply: Result | Error | NoAnswer) -> None:
            if not answer.done():
                answer.set_result(reply)

        call = Call(str(uuid4()), action, payload)
        if self.tap is not None:
            self.tap.own(call)
        if self.trace is not None:
            self.trace.own(call)
        self.primary.pump.carry_out(self.primary.board.call(call, told, self._loop.time()))
        return await answer

    async def stop(self) -> None:
        """End the session, whatever is at work. When this returns, it writes nothing any more."""
        self.end(RESTART, "the gateway stops", "drain")
        await self._finished.passed()

    async def drain(self) -> None:
        """End the session when no conversation is at work, or soon."""
        patience = self._loop.time() + _FINISH_SECONDS
        # Idleness is a state of the pure core, which tells nobody.
        while self._at_work() and self._loop.time() < patience and not self.over:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.end(RESTART, "the gateway drains", "drain")

    def _at_work(self) -> bool:
        """Whether a conversation is at work, or an answer waits for the store."""
        return self.primary.pump.busy or not self.primary.board.stage.idle()

    # -- the station ------------------------------------------------------------------------------------------------

    async def _introduced(self) -> None:
        """A station that comes from another backend may boot by itself; if it does not, its backend is told that it has."""
        first: str | Gone = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_WORD_SECONDS):
                first = await self._station.peek()
        if isinstance(first, Gone) or _BOOTS.match(first):
            self.primary.pump.carry_out(self.primary.board.meet([], self._loop.time()))
        else:
            for effect in await introduce(self.primary, self.ledger.memory, self.logger):
                self.ledger.put(effect)
        self._station.deliver(self._heard, self._left)

    def _heard(self, text: str) -> None:
        leg, station = self.primary, self._station
        leg.pump.take("station", text)
        # From here on nobody waits for this peer but itself.
        delay = self._frames.take(station.heard_at)
        csms = leg.pump.csms
        if delay > 0 or leg.board.station_full or station.congested or (csms is not None and csms.congested):
            station.hold()
            self.work(self._slow_down(delay))

    async def _slow_down(self, delay: float) -> None:
        """Read no faster than the limit, and not at all while the station's calls pile up."""
        if delay > 0:
            self.metrics.rate_limited.labels("frames").inc()
            await asyncio.sleep(delay)
        leg = self.primary
        while leg.board.station_full:
            await leg.has_room()
            leg = self.primary
        for socket in (leg.pump.csms, self._station):
            if socket is not None:
                await socket.room()
        self._station.go_on()

    def _left(self, gone: Gone) -> None:
        if gone.refused:
            self.logger.warning("frames_refused", peer="station", code=gone.code, why=gone.why)
        self.end(gone.code, gone.why, end_of_station(gone))
