"""Carries the effects of one switchboard out: in order, and what must be durable first is."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from time import perf_counter
from typing import Any, Literal, NamedTuple, Protocol

import structlog

from gateway.config import Limits
from gateway.metrics import Metrics
from gateway.observer import Observer
from gateway.sockets import Socket
from gateway.store import FencedError, StoreError
from gateway.switchboard import Switchboard
from gateway.tallies import Spread
from gateway.tap import Tap
from gateway.tracing import Trace
from translators.effects import Close, Copy, Effect, Forget, Note, Remember, ToCsms, ToStation, Work
from translators.frames import BadFrame, Frame, Payload, decode

POLICY = 1008
RESTART = 1012
REPLACED = "replaced by a newer connection"

Peer = Literal["station", "csms"]
_FOR_THE_WIRE = frozenset({ToStation, ToCsms, Close})


class StationSide(Protocol):
    """What is written to in the station's place: its socket, or who speaks for it."""

    @property
    def congested(self) -> bool: ...

    def send(self, text: str) -> None: ...

    async def room(self) -> None: ...

    def due(self, ping_seconds: float, pong_seconds: float) -> float: ...

    def keep_alive(self, ping_seconds: float, pong_seconds: float) -> bool: ...


class Memory(Protocol):
    """What changes of memory are written to. `owes`: it has changes of a session before, which come first."""

    @property
    def owes(self) -> bool: ...

    def put(self, effect: Remember | Forget) -> bool: ...

    def commit(self) -> "asyncio.Future[None] | None": ...


class Host(Protocol):
    """What a pump and a leg work for: the session, or its trial of another backend."""

    limits: Limits
    metrics: Metrics

    @property
    def ledger(self) -> Memory: ...

    @property
    def logger(self) -> structlog.stdlib.BoundLogger: ...

    @property
    def tap(self) -> Tap | None:
        """Set while somebody listens."""

    @property
    def trace(self) -> Trace | None:
        """Set where calls are traced."""

    @property
    def over(self) -> bool:
        """Whether it is about to end: nothing is begun any more."""

    @property
    def patient(self) -> bool:
        """Whether a backend that is lost is waited for."""

    def work(self, work: Coroutine[Any, Any, None]) -> None:
        """Run as a part of the session: it is cancelled with it, and a defect in it ends the session."""

    def end(self, code: int, text: str, reason: str) -> None: ...

    def lose(self, by: str) -> None:
        """The station is somebody else's; `by` is the metric's reason."""

    async def is_ours(self, seconds: float) -> bool:
        """Whether the station still is this session's. When it is not, or nobody can say within this time, the session has
        ended."""

    async def do(self, work: Work) -> Payload:
        """What the pure core must not do itself."""

    def copied(self, copy: Copy) -> None:
        """The station has been answered: for those who follow it. Must return at once."""

    def fail(self, error: BaseException) -> None:
        """A defect of ours: it ends this session and no other."""


class _Carried(NamedTuple):
    """Stands in the queue behind the effects of one frame: how long it was inside."""

    began: float
    duration: Spread


class Pump:
    """All readers and timers feed it; nobody else writes to the station or to this CSMS."""

    def __init__(
        self, host: Host, station: StationSide, board: Switchboard, observer: Observer, settled: Callable[[], None]
    ) -> None:
        """`settled`: called whenever everything has been carried out."""
        self.host = host
        self.station = station
        self.csms: Socket | None = None
        """None while the backend is away."""
        self.board = board
        self._observer = observer
        self._settled = settled
        self._durations = host.metrics.forwarded
        self._queue: deque[Effect | _Carried] = deque()
        self._pumping = False
        self._loop = asyncio.get_running_loop()

    def release(self) -> None:
        """The session has ended."""
        del self.host, self._settled

    def let_go(self) -> None:
        """Nobody is to hear of it any more; a reader may still be at its last words."""
        self._settled = _nothing

    def take(self, peer: Peer, text: str) -> None:
        """A text from one side, and all that follows from it."""
        if self.host.over:
            return
        try:
            self._take(peer, text)
        except Exception as error:  # the socket that calls is no place for it
            self.host.fail(error)

    def carry_out(self, items: "Sequence[Effect | _Carried]") -> None:
        """In order, across all who feed it: whoever comes while it works only adds to the queue. It waits for the store
        in a task of its own, so that the peers are heard meanwhile."""
        self._queue.extend(items)
        if self._pumping:
            return
        self._pumping = True
        durable = self._pump()
        if durable is not None:
            self.host.work(self._pump_on(durable))

    def later(self, items: Sequence[Effect]) -> None:
        """The same in the next step of the loop: what else is to be remembered comes before it."""
        self._queue.extend(items)
        self.host.work(self._carry_on())

    def drop_calls_to_csms(self) -> None:
        """The board writes them again, or they are stale: behind a slow store they would reach the next connection as
        well."""
        kept = [item for item in self._queue if not isinstance(item, ToCsms)]
        self._queue.clear()
        self._queue.extend(kept)

    @property
    def busy(self) -> bool:
        """Whether something is still to be carried out."""
        return self._pumping or bool(self._queue)

    def clear(self) -> None:
        self._queue.clear()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _take(self, peer: Peer, text: str) -> None:
        began, now = perf_counter(), self._loop.time()
        board, tap, from_station = self.board, self.host.tap, peer == "station"
        frame: Frame | None = None
        try:
            frame = decode(text)
        except BadFrame as bad:
            if tap is not None:
                tap.unreadable(peer, bad)
            effects = board.bad_from_station(bad, now) if from_station else board.bad_from_csms(bad, now)
        else:
            self._observer.received(peer, frame)
            if tap is not None:
                tap.read(peer, frame)
            if (trace := self.host.trace) is not None:
                trace.read(peer, frame)
            effects = board.from_station(frame, now) if from_station else board.from_csms(frame, now)
        queue = self._queue
        queue.extend(effects)
        queue.append(_Carried(began, self._durations[peer]))
        if not self._pumping:
            self.carry_out(())
        if frame is not None:
            frame.lighten()

    async def _carry_on(self) -> None:
        self.carry_out(())

    async def _pump_on(self, durable: "asyncio.Future[None] | None") -> None:
        while durable is not None:
            try:
                await durable
            except FencedError:
                return self.host.lose("lost_lease")
            except StoreError as error:
                # What depends on it must not be sent: the station keeps its message and comes back.
                self.host.logger.error("store_failed", error=str(error))
                return self.host.end(RESTART, "the store is not available", "store_failed")
            durable = self._pump()
        return None

    async def _done(self, work: Work) -> None:
        """Nobody waits for it but what the core said."""
        result = await self.host.do(work)
        self.carry_out(self.board.done(work, result, self._loop.time()))

    def _pump(self) -> "asyncio.Future[None] | None":
        """Carry out what is due, up to a frame that has to wait for the store: until this is done."""
        host, queue, observer = self.host, self._queue, self._observer
        ledger, tap, trace = host.ledger, host.tap, host.trace
        dirty = ledger.owes
        while queue and not host.over:
            item = queue.popleft()
            # Nobody derives from an effect, and to ask for the type takes a fifth of what isinstance takes.
            if dirty and type(item) in _FOR_THE_WIRE:
                dirty = False
                durable = ledger.commit()
                if durable is not None:
                    queue.appendleft(item)
                    return durable
            if type(item) is ToCsms:
                if self.csms is not None:  # what is written into a lost connection is written again or stale
                    if tap is not None:
                        tap.wrote("csms", item.frame)
                    if trace is not None:
                        trace.wrote("csms", item.frame)
                    self.csms.send(item.frame.text)
            elif type(item) is ToStation:
                if tap is not None:
                    tap.wrote("station", item.frame)
                if trace is not None:
                    trace.wrote("station", item.frame)
                self.station.send(item.frame.text)
                observer.sent_to_station(item.frame)
            elif type(item) is _Carried:
                item.duration.observe(perf_counter() - item.began)
            elif type(item) is Note:
                observer.note(item)
                if tap is not None:
                    tap.noted(item)
                if trace is not None:
                    trace.noted(item)
            elif type(item) is Remember or type(item) is Forget:
                dirty = ledger.put(item) or dirty
            elif type(item) is Copy:
                host.copied(item)
            elif type(item) is Work:
                host.work(self._done(item))
            elif type(item) is Close:
                host.end(item.code, item.reason, "answer_withheld")
        if dirty and not host.over and (durable := ledger.commit()) is not None:
            return durable
        self._pumping = False
        self._settled()
        return None


def _nothing() -> None:
    return
