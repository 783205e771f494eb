"""A session's leg to its backend: the connection and its weather, the board, and one timer for all that may be due."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from time import time

from gateway.config import Backend
from gateway.gates import Gate
from gateway.observer import Observer
from gateway.pump import RESTART, Host, Pump, StationSide
from gateway.sockets import Gone, Socket
from gateway.switchboard import Switchboard
from gateway.upstream import DialError, Dialler, Leg, redial
from translators.effects import Effect

GOING_AWAY = 1001
_CSMS_PING_SECONDS = 20.0
"""A backend that is gone without a word is noticed within 30 s, whatever the patience with stations."""


class BackendLeg:
    """Everything of a session that is about one backend."""

    def __init__(
        self,
        host: Host,
        station: StationSide,
        backend: Backend,
        leg: Leg | None,
        dial: Dialler,
        board: Switchboard,
        observer: Observer,
    ) -> None:
        """`leg`: None where the backend is away, which only a backend with `when_down: buffer` may be."""
        self.backend = backend.name
        self.host = host
        self.board = board
        self.pump = Pump(host, station, board, observer, self._settled)
        self._buffers = backend.when_down == "buffer"
        self._redial_seconds = {"hold": backend.hold_seconds, "close": 0.0, "buffer": inf}[backend.when_down]
        self._first = leg.socket if leg is not None else None
        self._dial = dial
        self.observer = observer
        self._count = host.metrics.backend_connections.labels(backend.name)
        self._csms_ping_seconds = min(host.limits.ping_seconds, _CSMS_PING_SECONDS)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._redialling: asyncio.Task[None] | None = None
        self._room: Gate | None = None
        """Where somebody waits until the station's calls may come again."""
        self._awaited: tuple[tuple[Callable[[], bool], asyncio.Future[None]], ...] = ()

    def open(self) -> None:
        """Begin: read the CSMS, or dial it."""
        if self._first is None:
            self.host.work(self._redial())
            self.pump.carry_out(self.board.open(self._loop.time(), away=True))
        else:
            self._begin(self._first, self.board.open)

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Whether it holds within these seconds; it is looked at whenever everything has been carried out."""
        if holds():
            return True
        entry = (holds, self._loop.create_future())
        self._awaited += (entry,)
        try:
            async with asyncio.timeout(seconds):
                await entry[1]
        except TimeoutError:
            return holds()
        finally:
            self._awaited = tuple(one for one in self._awaited if one is not entry)
        return True

    def work_for(self, host: Host) -> None:
        """From now on for this one."""
        self.host = self.pump.host = host

    def quiet(self) -> bool:
        """Whether nothing is at work and nothing to be carried out."""
        return not self.pump.busy and self.board.quiet()

    def stop(self) -> None:
        """Carry out nothing more."""
        self.board.close()
        self.pump.clear()
        if self._timer is not None:
            self._timer.cancel()

    def leave(self) -> None:
        """It is counted as connected no more."""
        if self.pump.csms is not None:
            self._count.dec()
        self.observer.close()

    async def close(self, why: str = "station gone") -> None:
        csms, self.pump.csms = self.pump.csms, None
        if csms is not None:
            await csms.close(1000, why)

    async def retire(self, why: str) -> None:
        """It is not the session's leg any more, or has never been."""
        if self._redialling is not None:
            self._redialling.cancel()
        self.stop()
        self.leave()
        self.pump.let_go()
        await self.close(why)

    def release(self) -> None:
        """Let go of the session, so that all of it is freed with its last user: there are no full collections."""
        self.pump.release()
        del self.host

    # -- the backend's weather --------------------------------------------------------------------------------------

    def _begin(self, csms: Socket, first: Callable[[float], Sequence[Effect]]) -> None:
        """`first`: what it is told before it is heard."""
        self.pump.csms = csms
        self._count.inc()
        self.pump.carry_out(first(self._loop.time()))
        csms.deliver(self._heard, partial(self._gone, csms))

    def _heard(self, text: str) -> None:
        pump = self.pump
        pump.take("csms", text)
        # From here on nobody waits for this peer but itself.
        csms = pump.csms
        if csms is not None and (pump.station.congested or csms.congested):
            csms.hold()
            self.host.work(self._wait(csms))

    async def _wait(self, csms: Socket) -> None:
        await self.pump.station.room()
        await csms.room()
        csms.go_on()

    def _gone(self, csms: Socket, gone: Gone) -> None:
        if gone.refused:
            self.host.logger.warning("frames_refused", peer="csms", code=gone.code, why=gone.why)
        if csms is not self.pump.csms:
            return  # a connection that has been replaced
        self.host.logger.info("backend_lost", code=gone.code, why=gone.why)
        self._lose()

    def _lose(self) -> None:
        """Hold the station and its calls while the backend is dialled again, or stand in for it, or let the station go
        at once."""
        csms = self.pump.csms
        if csms is None or self.host.over:
            return
        if self._redial_seconds <= 0 or not self.host.patient:
            return self.host.end(RESTART, "the backend is gone", "backend_lost")
        self.pump.csms = None
        self._count.dec()
        csms.abort()
        self.pump.drop_calls_to_csms()
        if self._buffers:
            self.pump.carry_out(self.board.away_csms(self._loop.time()))
        else:
            self.board.hold_csms()
        self.host.work(self._redial())

    async def _redial(self) -> None:
        self._redialling = asyncio.current_task()
        try:
            # A backend closes the older of two connections of a station: which of them is to come back, the store says.
            if not await self.host.is_ours(self._redial_seconds):
                return None
            leg = await redial(self._dial, self._redial_seconds, self.host.logger)
            if leg is None:
                await asyncio.sleep(self._dial.farewell())
                return self.host.end(RESTART, "the backend is gone", "backend_lost")
        except DialError:
            # It is back, and does not want this station any more: the station is to hear that itself.
            return self.host.end(RESTART, "the backend refuses the station", "backend_refused")
        finally:
            self._redialling = None
        self.host.logger.info("backend_back")
        self._begin(leg.socket, self.board.resume_csms)
        return None

    # -- time -------------------------------------------------------------------------------------------------------

    def _settled(self) -> None:
        for holds, done in self._awaited:
            if not done.done() and holds():
                done.set_result(None)
        if self._room is not None and not self.board.station_full:
            self.let_in()
        # One timer for everything that may be due. While it runs, only a deadline of the board can come before it: the
        # peers' dues move away with every frame.
        deadline = self.board.deadline()
        if self._timer is not None and (deadline is None or self._timer_at <= deadline):
            return
        self._arm(deadline)

    async def has_room(self) -> None:
        """Wait until the station's calls may come again, or another leg has taken them over."""
        if self._room is None:
            self._room = Gate()
        await self._room.passed()

    def let_in(self) -> None:
        """Who waits for room goes on."""
        room, self._room = self._room, None
        if room is not None:
            room.open()

    def _arm(self, deadline: float | None) -> None:
        """`deadline`: the board's."""
        if self._timer is not None:
            self._timer.cancel()
        limits = self.host.limits
        due = self.pump.station.due(limits.ping_seconds, limits.pong_seconds)
        if self.pump.csms is not None:
            due = min(due, self.pump.csms.due(self._csms_ping_seconds, limits.pong_seconds))
        if deadline is not None:
            due = min(due, deadline)
        self._timer_at = due
        self._timer = self._loop.call_at(due, self._due)

    def _due(self) -> None:
        self._timer = None
        if self.host.over:
            return
        try:
            self._tick()
        except Exception as error:  # the loop that calls is no place for it
            self.host.fail(error)

    def _tick(self) -> None:
        limits = self.host.limits
        # The wall clock may have been set since: timers must not notice, timestamps must.
        self.board.stage.epoch = time() - self._loop.time()
        if not self.pump.station.keep_alive(limits.ping_seconds, limits.pong_seconds):
            return self.host.end(GOING_AWAY, "no sign of life", "station_silent")
        csms = self.pump.csms
        if csms is not None and not csms.keep_alive(self._csms_ping_seconds, limits.pong_seconds):
            self.host.logger.warning("backend_silent")
            self._lose()
        self.pump.carry_out(self.board.tick(self._loop.time()))
        return None
