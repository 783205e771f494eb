"""Those who follow a station: each with a connection, a queue and a pace of its own. What befalls them never reaches the
station's session, nor the primary."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from math import inf
from time import time
from typing import Any

import structlog

from gateway.comparison import Compared, Mirror
from gateway.config import Limits
from gateway.ledger import Ledger
from gateway.metrics import Metrics, action_label
from gateway.peers import BusyError
from gateway.ratelimit import Bucket
from gateway.shadow import Act, Dropped, HangUp, Reach, Shadow
from gateway.sockets import Gone, Socket
from gateway.upstream import DialError, Dialler
from translators.effects import Copy, Forget, Note, Remember, ToCsms
from translators.frames import BadFrame, Call, Error, NoAnswer, Payload, Result, decode

CallStation = Callable[[str, Payload], Awaitable[Result | Error | NoAnswer]]
"""Make a call to the real station. Raises BusyError."""

_DIAL_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_REFUSED = 1.0, 30.0, 300.0
"""Seconds between two dials; the last where the follower is there and refuses the station."""
_STEADY_SECONDS = 60.0
"""A connection that lasted so long was a good one: after it, pauses begin anew."""
_GOODBYE_SECONDS = 1.0
_LOG_LINES = 20
_DEFECTS = frozenset({"invalid_output", "mapping_failed"})


class Following:
    """One follower of one live session."""

    def __init__(
        self,
        name: str,
        version: str,
        station: str,
        shadow: Shadow,
        dial: Dialler,
        ledger: Ledger,
        mirror: Mirror,
        limits: Limits,
        metrics: Metrics,
        logger: structlog.stdlib.BoundLogger,
    ) -> None:
        """`name`: of its backend, which speaks `version`; `station`: the identity, for samples of differences."""
        self.name = name
        self.version = version
        self._station = station
        self._shadow = shadow
        self._dial = dial
        self._ledger = ledger
        self._mirror = mirror
        self._limits = limits
        self._metrics = metrics
        self._logger = logger.bind(follower=name)
        self._logged: dict[str, int] = {}
        self._loop = asyncio.get_running_loop()
        self._copies: deque[Copy] = deque()
        self._copied = asyncio.Event()
        self._queue: deque[Act] = deque()
        self._pumping = False
        self._socket: Socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False
        self._call: CallStation | None = None

    @property
    def connected(self) -> bool:
        return self._socket is not None

    @property
    def waiting(self) -> int:
        """How many copies wait for it."""
        return self._shadow.waiting + len(self._copies)

    def start(self, call: CallStation) -> None:
        """Dial, and go on until `close`. `call` makes an allowed call to the station."""
        self._call = call
        self._work(self._take_copies())
        self._work(self._live())

    def copied(self, copy: Copy) -> None:
        """The station has been answered. Returns at once."""
        if not self._over:
            self._copies.append(copy)
            self._copied.set()

    def stop(self) -> None:
        """The station has gone: nothing is done or remembered any more."""
        if not self._over:
            self._over = True
            if self._timer is not None:
                self._timer.cancel()
            self._shadow.close()
            self._copies.clear()
            for task in self._tasks:
                task.cancel()

    async def close(self) -> None:
        """After `stop`: let the connection go."""
        await asyncio.gather(*list(self._tasks), return_exceptions=True)
        self._call = None  # else the session and it hold each other for good
        if self._socket is not None:
            socket, self._socket = self._socket, None
            try:
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await socket.close(1000, "station gone")
            except TimeoutError:
                socket.abort()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work, name=f"follower {self.name} of {self._station}")
        self._tasks.add(task)
        task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        """A defect of ours ends the following, and never the session."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._logger.error("follower_failed", error=type(error).__name__, exc_info=error)
            if self._socket is not None:
                self._socket.abort()
            self.stop()

    async def _take_copies(self) -> None:
        while True:
            await self._copied.wait()
            self._copied.clear()
            while self._copies:
                await self._carry_out(self._shadow.copied(self._copies.popleft(), self._loop.time()))

    async def _live(self) -> None:
        """Dial, for ever; listen while it lasts."""
        longest, outcome = _FIRST_PAUSE, ""
        while True:
            began = self._loop.time()
            try:
                await self._dial.opening(_DIAL_SECONDS)
                leg = await self._dial(_DIAL_SECONDS)
            except DialError as error:
                if error.outcome != outcome:
                    self._logger.info("follower_away", outcome=error.outcome)
                outcome = error.outcome
                most = _LONGEST_PAUSE if error.status == 503 else _LONGEST_REFUSED
            else:
                outcome, most = "", _LONGEST_PAUSE
                await self._listen(leg.socket)
                if self._loop.time() - began > _STEADY_SECONDS:
                    longest = _FIRST_PAUSE
            await asyncio.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - spreads load, hides nothing
            longest = min(2 * longest, most)

    async def _listen(self, socket: Socket) -> None:
        """One connection, to its end."""
        connections = self._metrics.backend_connections.labels(self.name)
        bucket = Bucket(self._limits.frames_per_second, 2 * self._limits.frames_per_second, self._loop.time())
        self._socket = socket
        connections.inc()
        self._logger.info("follower_connected", upstream=self.version, waiting=self.waiting)
        try:
            await self._carry_out(self._shadow.back(self._loop.time()))
            while not isinstance(text := await socket.receive(), Gone):
                now = self._loop.time()
                try:
                    frame = decode(text)
                except BadFrame as bad:
                    await self._carry_out(self._shadow.bad_from_follower(bad, now))
                else:
                    await self._carry_out(self._shadow.from_follower(frame, now))
                if (delay := bucket.take(now)) > 0:
                    self._metrics.rate_limited.labels("frames").inc()
                    await asyncio.sleep(delay)
                if socket.congested:
                    await socket.room()
            self._logger.info("follower_lost", code=text.code, why=text.why)
        finally:
            connections.dec()
            self._shadow.lost(self._loop.time())
        self._socket = None
        await socket.close(1002 if text.refused else 1000, "")

    async def _carry_out(self, acts: Iterable[Act]) -> None:
        """In order, whoever comes while it works."""
        self._queue.extend(acts)
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._queue and not self._over:
                await self._do(self._queue.popleft())
        finally:
            self._pumping = False
        self._arm()

    async def _do(self, act: Act) -> None:
        if isinstance(act, ToCsms):
            if self._socket is not None:
                self._socket.send(act.frame.text)
        elif isinstance(act, Remember | Forget):
            self._ledger.follow(self.name, act)
        elif isinstance(act, Compared):
            self._compared(act)
        elif isinstance(act, Dropped):
            self._mirror.dropped += act.copies
            self._metrics.follower_dropped.labels(self.name).inc(act.copies)
        elif isinstance(act, Reach):
            self._metrics.follower_calls.labels(self.name, action_label(act.call.action), "reached").inc()
            self._log("info", "follower_call", {"action": act.call.action})
            self._work(self._reach(act.call))
        elif isinstance(act, HangUp):
            self._log("warning", "follower_silent", {})
            if self._socket is not None:
                self._socket.abort()
        elif isinstance(act, Note):
            self._note(act)

    def _compared(self, compared: Compared) -> None:
        self._mirror.take(compared, self._station, time())
        action = action_label(compared.action)
        if compared.seconds is not None:
            self._metrics.follower_answers.labels(self.name, action).inc()
        if compared.differences:
            self._metrics.follower_differences.labels(self.name, action).inc()

    async def _reach(self, call: Call) -> None:
        """The station's answer to an allowed call, under the id it was asked with."""
        assert self._call is not None
        reply: Result | Error | NoAnswer
        try:
            said = await self._call(call.action, call.payload)
            if isinstance(said, Result):
                reply = Result(call.message_id, said.payload)
            elif isinstance(said, Error):
                reply = Error(call.message_id, said.code, said.description, said.details)
            else:
                reply = NoAnswer(call.message_id, said.waited, said.why)
        except BusyError:
            reply = NoAnswer(call.message_id, 0.0, "is busy")
        except BadFrame as bad:
            reply = NoAnswer(call.message_id, 0.0, f"gave an unreadable answer: {bad.why}")
        await self._carry_out(self._shadow.from_station(reply, self._loop.time()))

    def _note(self, note: Note) -> None:
        """What is noted of a follower's translation and its calls stays out of the series of stations and backends."""
        if note.kind == "follower_refused":
            self._mirror.refuse(note.facts["action"])
            self._metrics.follower_calls.labels(self.name, action_label(note.facts["action"]), "refused").inc()
            self._log("warning", note.kind, note.facts)
        elif note.kind in _DEFECTS:
            self._metrics.translation_failures.labels(action_label(note.facts["action"])).inc()
            self._log("error", "translation_failed", note.facts)
        elif note.kind in ("replay_failed", "guarded"):
            self._log("info", f"follower_{note.kind}", note.facts)

    def _log(self, level: str, event: str, facts: dict[str, Any]) -> None:
        count = self._logged[event] = self._logged.get(event, 0) + 1
        if count <= _LOG_LINES:
            getattr(self._logger, level)(event, **facts)

    # -- time -------------------------------------------------------------------------------------------------------

    def _arm(self) -> None:
        """One timer for all that may be due: one that goes off too early does no harm."""
        due = inf if (deadline := self._shadow.deadline()) is None else deadline
        if self._socket is not None:
            due = min(due, self._socket.due(self._limits.ping_seconds, self._limits.pong_seconds))
        if self._over or due == inf or (self._timer is not None and self._timer_at <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        # A time that is past gives a handle that knows no time, in uvloop.
        self._timer_at = due
        self._timer = self._loop.call_at(due, self._due)

    def _due(self) -> None:
        self._timer = None
        if not self._over:
            self._work(self._tick())

    async def _tick(self) -> None:
        self._shadow.stage.epoch = time() - self._loop.time()
        socket = self._socket
        if socket is not None and not socket.keep_alive(self._limits.ping_seconds, self._limits.pong_seconds):
            self._log("warning", "follower_silent", {})
            socket.abort()
        await self._carry_out(self._shadow.tick(self._loop.time()))
