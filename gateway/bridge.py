"""One station's life on one backend: sockets in, effects out, one writer, one timer."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from math import inf
from time import perf_counter, time
from typing import Any, NamedTuple

import structlog
from prometheus_client import Histogram

from gateway.config import Backend, Limits
from gateway.identity import Identity
from gateway.ledger import Ledger
from gateway.metrics import Metrics
from gateway.observer import Observer
from gateway.ratelimit import Bucket
from gateway.sockets import Gone, Socket
from gateway.store import FencedError, StoreError
from gateway.switchboard import Switchboard
from gateway.upstream import DialError, Dialler, Leg, redial
from translators.effects import Close, Effect, Note, ToCsms, ToStation
from translators.frames import BadFrame, decode

GOING_AWAY = 1001
POLICY = 1008
RESTART = 1012
_FINISH_SECONDS = 5.0
_LAST_WRITE_SECONDS = 1.0
_CSMS_PING_SECONDS = 20.0
"""A backend that is gone without a word is noticed within 30 s, whatever the patience with stations."""
_REPLACED = "replaced by a newer connection"


def _end_of_station(gone: Gone) -> str:
    if gone.refused:
        return "protocol"
    return "station_closed" if gone.code != 1006 else "station_lost"


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session ended: `code` and `text` go to the station, `reason` to the metric."""

    code: int
    text: str
    reason: str


class _Carried(NamedTuple):
    """Stands in the queue behind the effects of one frame: how long it was inside."""

    began: float
    duration: Histogram


class Bridge:
    """Carries the effects of one switchboard out, in order. Both readers feed it; nobody else writes."""

    def __init__(
        self,
        identity: Identity,
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
    ) -> None:
        """`leg`: None where the backend is away, which only a backend with `when_down: buffer` may be."""
        self.identity = identity
        self.backend = backend.name
        self._buffers = backend.when_down == "buffer"
        self._redial_seconds = {"hold": backend.hold_seconds, "close": 0.0, "buffer": inf}[backend.when_down]
        self._station = station
        self._csms = leg.socket if leg is not None else None
        """None while the backend is away."""
        self._dial = dial
        self._legs = metrics.backend_connections.labels(backend.name)
        self._tasks: set[asyncio.Task[None]] = set()
        self._board = board
        self.ledger = ledger
        self._limits = limits
        self._csms_ping_seconds = min(limits.ping_seconds, _CSMS_PING_SECONDS)
        self._metrics = metrics
        self._observer = observer
        self._logger = logger
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Effect | _Carried] = deque()
        self._pumping = False
        self._ending: asyncio.Future[Ending] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._finished = asyncio.Event()
        self.saved = True
        """Whether the store has all that the session remembered; known when `run` has returned."""
        self._fits = asyncio.Event()
        ledger.fenced.add_done_callback(self._fenced)

    async def run(self) -> Ending:
        """Until either side ends or somebody calls `end`. Both connections are closed when it returns."""
        self._work(self._read(self._station, "station"))
        away = self._csms is None
        if self._csms is not None:
            self._legs.inc()
            self._work(self._read(self._csms, "csms"))
        else:
            self._work(self._redial())
        ending = Ending(RESTART, "the gateway stops", "drain")
        try:
            await self._carry_out(self._board.open(self._loop.time(), away=away))
            ending = await self._ending
        finally:
            self._board.close()
            self._queue.clear()
            if self._timer is not None:
                self._timer.cancel()
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._csms is not None:
                self._legs.dec()
            self._observer.close()
            self.saved = await self.ledger.close(_LAST_WRITE_SECONDS)
            self._finished.set()
            await asyncio.gather(
                self._station.close(ending.code, ending.text),
                *([self._csms.close(1000, "station gone")] if self._csms is not None else []),
                return_exceptions=True,
            )
        return ending

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work, name=f"session {self.identity.key}")
        self._tasks.add(task)
        task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        """A defect of ours ends this session and no other."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._logger.error("session_failed", error=type(error).__name__, exc_info=error)
            self.end(RESTART, "the gateway failed", "defect")

    def end(self, code: int, text: str, reason: str) -> None:
        """End the session; the first reason counts."""
        if not self._ending.done():
            self._ending.set_result(Ending(code, text, reason))
            self._board.close()

    def _fenced(self, _: "asyncio.Future[None]") -> None:
        self.end(POLICY, _REPLACED, "replaced")

    async def replace(self) -> None:
        """A newer connection takes over: when this returns, this session writes nothing any more."""
        self.end(POLICY, _REPLACED, "replaced")
        await self._finished.wait()

    async def drain(self) -> None:
        """End the session when no conversation is at work, or soon."""
        patience = self._loop.time() + _FINISH_SECONDS
        # Idleness is a state of the pure core, which tells nobody.
        while not self._board.stage.idle() and self._loop.time() < patience and not self._ending.done():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        self.end(RESTART, "the gateway drains", "drain")

    # -- reading ----------------------------------------------------------------------------------------------------

    async def _read(self, source: Socket, peer: str) -> None:
        take = self._board.from_station if peer == "station" else self._board.from_csms
        refuse = self._board.bad_from_station if peer == "station" else self._board.bad_from_csms
        duration = self._metrics.forward_from_station if peer == "station" else self._metrics.forward_from_csms
        bucket = Bucket(self._limits.frames_per_second, 2 * self._limits.frames_per_second, self._loop.time())
        while True:
            text = await source.receive()
            if isinstance(text, Gone):
                return self._gone(text, source)
            began = perf_counter()
            now = self._loop.time()
            try:
                frame = decode(text)
            except BadFrame as bad:
                effects = refuse(bad, now)
            else:
                self._observer.received(peer, frame)
                effects = take(frame, now)
            await self._carry_out([*effects, _Carried(began, duration)])
            # From here on nobody waits for this peer but itself.
            if peer == "station":
                await self._slow_down(bucket)
            target = self._csms if peer == "station" else self._station
            for socket in (target, source):
                if socket is not None and socket.congested:
                    await socket.room()

    async def _slow_down(self, bucket: Bucket) -> None:
        """Read no faster than the limit, and not at all while the station's calls pile up."""
        delay = bucket.take(self._loop.time())
        if delay > 0:
            self._metrics.rate_limited.labels("frames").inc()
            await asyncio.sleep(delay)
        if self._board.station_full:
            self._fits.clear()
            await self._fits.wait()

    def _gone(self, gone: Gone, source: Socket) -> None:
        if gone.refused:
            peer = "station" if source is self._station else "csms"
            self._logger.warning("frames_refused", peer=peer, code=gone.code, why=gone.why)
        if source is self._station:
            return self.end(GOING_AWAY, "", _end_of_station(gone))
        if source is not self._csms:
            return None  # a connection that has been replaced
        self._logger.info("backend_lost", code=gone.code, why=gone.why)
        return self._lose_csms()

    # -- the backend's weather --------------------------------------------------------------------------------------

    def _lose_csms(self) -> None:
        """Hold the station and its calls while the backend is dialled again, or stand in for it, or let the station go
        at once."""
        csms = self._csms
        if csms is None or self._ending.done():
            return
        if self._redial_seconds <= 0:
            return self.end(RESTART, "the backend is gone", "backend_lost")
        self._csms = None
        self._legs.dec()
        csms.abort()
        # The board writes it again, or it is stale: behind a slow store it would reach the next connection as well.
        self._queue = deque(item for item in self._queue if not isinstance(item, ToCsms))
        if self._buffers:
            self._queue.extend(self._board.away_csms(self._loop.time()))
            self._work(self._carry_out([]))
        else:
            self._board.hold_csms()
        self._work(self._redial())

    async def _redial(self) -> None:
        try:
            leg = await redial(self._dial, self._redial_seconds, self._logger)
        except DialError:
            # It is back, and does not want this station any more: the station is to hear that itself.
            return self.end(RESTART, "the backend refuses the station", "backend_refused")
        if leg is None:
            await asyncio.sleep(self._dial.farewell())
            return self.end(RESTART, "the backend is gone", "backend_lost")
        self._csms = leg.socket
        self._legs.inc()
        self._logger.info("backend_back")
        self._work(self._read(leg.socket, "csms"))
        await self._carry_out(self._board.resume_csms(self._loop.time()))
        return None

    # -- carrying out -----------------------------------------------------------------------------------------------

    async def _carry_out(self, items: "Sequence[Effect | _Carried]") -> None:
        """In order, across both readers and the timer: whoever comes while it works only adds to the queue. It waits for
        the store in a task of its own, so that the readers hear their peers meanwhile."""
        self._queue.extend(items)
        if self._pumping:
            return
        self._pumping = True
        durable = await self._pump()
        if durable is not None:
            self._work(self._pump_on(durable))

    async def _pump_on(self, durable: "asyncio.Future[None] | None") -> None:
        while durable is not None:
            try:
                await durable
            except FencedError:
                return self.end(POLICY, _REPLACED, "replaced")
            except StoreError as error:
                # What depends on it must not be sent: the station keeps its message and comes back.
                self._logger.error("store_failed", error=str(error))
                return self.end(RESTART, "the store is not available", "store_failed")
            durable = await self._pump()
        return None

    async def _pump(self) -> "asyncio.Future[None] | None":
        """Carry out what is due, up to a frame that has to wait for the store: until this is done."""
        ending, dirty = self._ending, False
        while self._queue and not ending.done():
            item = self._queue[0]
            if dirty and isinstance(item, ToStation | ToCsms | Close):
                dirty = False
                durable = self.ledger.commit()
                if durable is not None:
                    return durable
            self._queue.popleft()
            if isinstance(item, ToStation):
                await self._station.send(item.frame.text)
            elif isinstance(item, ToCsms):
                if self._csms is not None:  # what is written into a lost connection is written again or stale
                    await self._csms.send(item.frame.text)
            elif isinstance(item, _Carried):
                item.duration.observe(perf_counter() - item.began)
            elif isinstance(item, Note):
                self._observer.note(item)
            elif isinstance(item, Close):
                self.end(item.code, item.reason, "answer_withheld")
            else:
                dirty = self.ledger.put(item) or dirty
        if dirty and not ending.done() and (durable := self.ledger.commit()) is not None:
            return durable
        self._pumping = False
        if not self._board.station_full:
            self._fits.set()
        self._arm()
        return None

    # -- time -------------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """One timer for everything that may be due. While it runs, only a deadline of the board can come before it: the
        peers' dues move away with every frame."""
        deadline = self._board.deadline()
        if self._timer is not None:
            if deadline is None or self._timer_at <= deadline:
                return
            self._timer.cancel()
        limits = self._limits
        due = self._station.due(limits.ping_seconds, limits.pong_seconds)
        if self._csms is not None:
            due = min(due, self._csms.due(self._csms_ping_seconds, limits.pong_seconds))
        if deadline is not None:
            due = min(due, deadline)
        self._timer_at = due
        self._timer = self._loop.call_at(due, self._due)

    def _due(self) -> None:
        self._timer = None
        if not self._ending.done():
            self._work(self._tick())

    async def _tick(self) -> None:
        limits = self._limits
        # The wall clock may have been set since: timers must not notice, timestamps must.
        self._board.stage.epoch = time() - self._loop.time()
        if not await self._station.keep_alive(limits.ping_seconds, limits.pong_seconds):
            return self.end(GOING_AWAY, "no sign of life", "station_silent")
        if self._csms is not None and not await self._csms.keep_alive(self._csms_ping_seconds, limits.pong_seconds):
            self._logger.warning("backend_silent")
            self._lose_csms()
        await self._carry_out(self._board.tick(self._loop.time()))
        return None
