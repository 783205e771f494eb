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
from translators.effects import Answered, Close, Copy, Effect, Forget, Note, Remember, ToCsms, ToStation, Work
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
    """Stands in the queue behind the effects of a frame that have to wait: how long it was inside."""

    began: float
    duration: Spread


class Pump:
    """All readers and timers feed it; nobody else writes to the station or to this CSMS."""

    __slots__ = (
        "__weakref__",
        "_durations",
        "_loop",
        "_observer",
        "_queue",
        "_settled",
        "board",
        "csms",
        "host",
        "station",
    )

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
        self._queue: deque[Effect | _Carried] | None = None
        """What is being carried out; None where nothing is."""
        self._loop = asyncio.get_running_loop()

    def release(self) -> None:
        """The session has ended."""
        del self.host, self._settled

    def let_go(self) -> None:
        """Nobody is to hear of it any more; a reader may still be at its last words."""
        self._settled = _nothing

    def take(self, peer: Peer, text: str) -> None:
        """A text from one side, and all that follows from it."""
        host = self.host
        if host.over:
            return
        began = perf_counter()
        try:
            try:
                frame = decode(text)
            except BadFrame as bad:
                self._take_bad(peer, bad)
            else:
                self._take(peer, frame)
                frame.lighten()
        except Exception as error:  # the socket that calls is no place for it
            return host.fail(error)
        if self._queue is None:
            self._durations[peer].observe(perf_counter() - began)
        else:
            self._queue.append(_Carried(began, self._durations[peer]))

    def carry_out(self, effects: Sequence[Effect]) -> None:
        """In order, across all who feed it: whoever comes while it works only adds to the queue. It waits for the store
        in a task of its own, so that the peers are heard meanwhile."""
        if self._queue is not None:
            self._queue.extend(effects)
            return
        self._queue = deque(effects)
        durable = self._pump(self._queue)
        if durable is not None:
            self.host.work(self._pump_on(durable))

    def later(self, effects: Sequence[Effect]) -> None:
        """The same in the next step of the loop: what else is to be remembered comes before it."""
        if self._queue is not None:
            self._queue.extend(effects)
            return
        self._queue = deque(effects)
        self.host.work(self._pump_on(None))

    def drop_calls_to_csms(self) -> None:
        """The board writes them again, or they are stale: behind a slow store they would reach the next connection as
        well."""
        if self._queue is not None:
            kept = [item for item in self._queue if not isinstance(item, ToCsms)]
            self._queue.clear()
            self._queue.extend(kept)

    @property
    def busy(self) -> bool:
        """Whether something is still to be carried out."""
        return self._queue is not None

    def clear(self) -> None:
        if self._queue is not None:
            self._queue.clear()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _take(self, peer: Peer, frame: Frame) -> None:
        host, board, now = self.host, self.board, self._loop.time()
        self._observer.received(peer, frame)
        if host.tap is not None:
            host.tap.read(peer, frame)
        if host.trace is not None:
            host.trace.read(peer, frame)
        self.carry_out(board.from_station(frame, now) if peer == "station" else board.from_csms(frame, now))

    def _take_bad(self, peer: Peer, bad: BadFrame) -> None:
        """A text that is no frame."""
        board, now = self.board, self._loop.time()
        if self.host.tap is not None:
            self.host.tap.unreadable(peer, bad)
        self.carry_out(board.bad_from_station(bad, now) if peer == "station" else board.bad_from_csms(bad, now))

    async def _pump_on(self, durable: "asyncio.Future[None] | None") -> None:
        """The rest of the queue; `durable`: what it waits for first."""
        while self._queue is not None:
            try:
                if durable is not None:
                    await durable
            except FencedError:
                return self.host.lose("lost_lease")
            except StoreError as error:
                # What depends on it must not be sent: the station keeps its message and comes back.
                self.host.logger.error("store_failed", error=str(error))
                return self.host.end(RESTART, "the store is not available", "store_failed")
            durable = self._pump(self._queue)
        return None

    async def _done(self, work: Work) -> None:
        """Nobody waits for it but what the core said."""
        result = await self.host.do(work)
        self.carry_out(self.board.done(work, result, self._loop.time()))

    def _pump(self, queue: "deque[Effect | _Carried]") -> "asyncio.Future[None] | None":
        """Carry out what is due, up to a frame that has to wait for the store: until this is done."""
        host, observer = self.host, self._observer
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
                    frame = item.frame
                    if tap is not None:
                        tap.wrote("csms", frame)
                    if trace is not None:
                        trace.wrote("csms", frame)
                    send = self.csms.send
                    send(frame.text)
            elif type(item) is ToStation:
                frame = item.frame
                if tap is not None:
                    tap.wrote("station", frame)
                if trace is not None:
                    trace.wrote("station", frame)
                send = self.station.send
                send(frame.text)
                observer.sent_to_station(frame)
            elif type(item) is Answered:
                observer.answered(item)
            elif type(item) is Note:
                observer.note(item)
                if tap is not None:
                    tap.noted(item)
                if trace is not None:
                    trace.noted(item)
            elif type(item) is Remember or type(item) is Forget:
                dirty = ledger.put(item) or dirty
            elif type(item) is _Carried:
                item.duration.observe(perf_counter() - item.began)
            elif type(item) is Copy:
                host.copied(item)
            elif type(item) is Work:
                host.work(self._done(item))
            elif type(item) is Close:
                host.end(item.code, item.reason, "answer_withheld")
        if dirty and not host.over and (durable := ledger.commit()) is not None:
            return durable
        self._queue = None
        settled = self._settled
        settled()
        return None


def _nothing() -> None:
    return
