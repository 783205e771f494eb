"""A leg that is not, or not any more, the one of its session: it may fail by itself, and there is nobody but a narrator in
the station's place."""

import asyncio
from collections.abc import Coroutine
from secrets import token_hex
from typing import Any

import structlog

from gateway.ledger import Ledger
from gateway.leg import BackendLeg
from gateway.pump import Host, Pump
from gateway.remembered import PASSING
from gateway.tap import Tap
from gateway.tracing import Trace
from translators.effects import Copy, Forget, Remember, Work
from translators.frames import BadFrame, Call, Error, Payload, Result, decode

_TELL_SECONDS = 15.0


class Scope:
    """The ledger as one backend's stage writes to it."""

    def __init__(self, ledger: Ledger, backend: str) -> None:
        self._ledger = ledger
        self._backend = backend

    @property
    def owes(self) -> bool:
        return self._ledger.owes

    def put(self, effect: Remember | Forget) -> bool:
        return self._ledger.put(effect, self._backend)

    def commit(self) -> "asyncio.Future[None] | None":
        return self._ledger.commit()


class Trial:
    """The host of such a leg: what would end the session ends the trial."""

    def __init__(self, session: Host, ledger: Ledger, backend: str) -> None:
        """`ledger`: the session's."""
        self._session = session
        self.ledger = Scope(ledger, backend)
        self.limits = session.limits
        self.metrics = session.metrics
        self.logger: structlog.stdlib.BoundLogger = session.logger.bind(backend=backend)
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Why it ended."""
        self.passed = False
        """Its leg is the session's own by now."""

    @property
    def tap(self) -> Tap | None:
        """What is told in the station's place is not on its wire."""
        return self._session.tap if self.passed else None

    @property
    def trace(self) -> Trace | None:
        return self._session.trace if self.passed else None

    @property
    def over(self) -> bool:
        return self._session.over or (self.failed.done() and not self.passed)

    @property
    def patient(self) -> bool:
        return False

    def work(self, work: Coroutine[Any, Any, None]) -> None:
        self._session.work(self._guarded(work))

    def end(self, code: int, text: str, reason: str) -> None:
        if self.passed:
            self._session.end(code, text, reason)
        elif not self.failed.done():
            self.failed.set_result(text)

    def fail(self, error: BaseException) -> None:
        if self.passed:
            return self._session.fail(error)
        self.logger.error("trial_failed", error=type(error).__name__, exc_info=error)
        return self.end(0, "the gateway failed", "defect")

    def copied(self, copy: Copy) -> None:
        """Those who follow the station heard it when the station said it."""

    def lose(self, by: str) -> None:
        self._session.lose(by)

    async def is_ours(self, seconds: float) -> bool:
        return await self._session.is_ours(seconds)

    async def do(self, work: Work) -> Payload:
        return await self._session.do(work)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            self.fail(error)


async def introduce(leg: BackendLeg, memory: dict[str, Any], log: structlog.stdlib.BoundLogger) -> list[Remember]:
    """Tell the backend in charge the boot and the statuses that the station told another one, before its own calls come
    in. What there is to remember of it. It is told as much as it takes: the station is here in any case."""
    board, station, story = leg.board, leg.pump.station, leg.board.story
    assert story is not None
    narrator = Narrator(token_hex(8))
    copies = board.copies
    leg.pump.station, board.story, board.copies = narrator, None, False
    board.hold_station()
    memory[PASSING] = {}
    try:
        for action, payload in story.introduction():
            async with asyncio.timeout(_TELL_SECONDS):
                answer = await narrator.tell(leg.pump, action, payload)
            if action == "BootNotification" and not _accepts(answer):
                log.warning("introduction_refused")
                return []
    except TimeoutError:
        log.warning("introduction_unanswered")
        return []
    finally:
        del memory[PASSING]
        leg.pump.station, board.story, board.copies = station, story, copies
        leg.pump.carry_out(board.meet([], asyncio.get_running_loop().time()))
    return story.is_introduced()


def _accepts(answer: Result | Error) -> bool:
    try:
        return isinstance(answer, Result) and answer.payload.get("status") == "Accepted"
    except BadFrame:
        return False


class Narrator:
    """In the station's place: makes calls that the station made once, one at a time. Calls to the station never come here,
    they wait (`Switchboard.hold_station`)."""

    congested = False

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce
        self._number = 0
        self._awaited: tuple[str, asyncio.Future[Result | Error]] | None = None

    async def tell(self, pump: Pump, action: str, payload: Payload) -> Result | Error:
        """The CSMS's answer, as the station would have had it. Waits for ever: a leg that fails says so to its host."""
        loop = asyncio.get_running_loop()
        self._number += 1
        call = Call(f"{self._nonce}-told-{self._number}", action, payload)
        answer: asyncio.Future[Result | Error] = loop.create_future()
        self._awaited = call.key, answer
        pump.carry_out(pump.board.from_station(call, loop.time()))
        return await answer

    # -- StationSide ------------------------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        try:
            frame = decode(text)
        except BadFrame:
            return  # written by a CSMS of this version to a station; nobody asked for it here
        if self._awaited is None or not isinstance(frame, Result | Error):
            return
        key, answer = self._awaited
        if frame.key == key and not answer.done():
            answer.set_result(frame)

    async def room(self) -> None:
        return

    def due(self, ping_seconds: float, pong_seconds: float) -> float:
        return asyncio.get_running_loop().time() + ping_seconds

    def keep_alive(self, ping_seconds: float, pong_seconds: float) -> bool:
        return True
