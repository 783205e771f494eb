"""Moves one connected station to another backend: its connection is not touched, and until the last step nothing that
fails leaves it anywhere but where it was.

The new backend is dialled and told what the station has told of itself (`translators.story`): it must accept the boot.
Then no call is let in until nothing is at work, transactions that go on are told to it from their beginning, and the
route is written. Only then is it in charge; the former one is told the end of what it has no part in any more.
"""

import asyncio
import secrets
from typing import Literal, NamedTuple, Protocol

from gateway.bridge import Bridge
from gateway.leg import BackendLeg
from gateway.migration import going_on
from gateway.prospects import Prospect
from gateway.remembered import PASSING
from gateway.retelling import payload_of, say_farewell, set_interval
from gateway.store import Store, StoreError
from gateway.trial import Narrator, Trial
from gateway.upstream import DialError
from translators.frames import Error, Payload, Result
from translators.story import Open, Story

When = Literal["idle", "now"]
State = Literal["done", "waiting", "failed"]

_DIAL_SECONDS = 10.0
_ANSWER_SECONDS = 15.0
"""For each thing the new backend is told."""
_QUIET_SECONDS = 10.0
"""For what is at work to come to its end, while nothing new is let in. Shorter than any station's patience."""
_SHUT_SECONDS = 20.0
"""For what is told while nothing is let in; and the route."""
_TAKEN = ("Accepted", "ConcurrentTx")


class Outcome(NamedTuple):
    """`waiting`: a transaction goes on. `reason` is one word for why not, `why` for people."""

    state: State
    reason: str = ""
    why: str = ""


class Route(Protocol):
    """The station's route, which is to lead to the new backend."""

    async def write(self) -> None:
        """Durably. Raises StoreError."""

    async def undo(self) -> None:
        """Lead where it led before, if a write was begun, whether it seemed to succeed or not."""


class _NoSwitchError(Exception):
    def __init__(self, reason: str, why: str, state: State = "failed") -> None:
        super().__init__(why)
        self.outcome = Outcome(state, reason, why)


def cannot_carry(story: Story, target: str, old_version: str, new_version: str) -> str | None:
    """Why the transactions that go on cannot be told to the backend `target` honestly; None: they can."""
    needs_reading = story.version == "ocpp1.6" or "ocpp1.6" in (old_version, new_version)
    for one in story.open():
        if not one.calls:
            return f"the beginning of transaction {one.id} was not heard"
        if needs_reading and not one.metered:
            return f"transaction {one.id} began without a meter reading"
        if target in story.left(one.id) and (story.version != "ocpp1.6" or new_version != "ocpp1.6"):
            return f"{target} was told the end of transaction {one.id}, and 2.x has nothing after that"
    return None


async def switch(
    session: Bridge,
    prospect: Prospect,
    when: When,
    store: Store,
    route: Route,
    wait_seconds: float = 0.0,
) -> Outcome:
    """`wait_seconds`: how long transactions are waited for."""
    if session.switching:
        return Outcome("failed", "busy", "it is about to change its backend already")
    session.switching = True
    try:
        return await _Switch(session, prospect, when, store, route).run(wait_seconds)
    except _NoSwitchError as failure:
        return failure.outcome
    except StoreError as error:
        return Outcome("failed", "store", f"the store is not available: {error}")
    finally:
        session.switching = False


class _Switch:
    def __init__(self, session: Bridge, prospect: Prospect, when: When, store: Store, route: Route) -> None:
        story = session.primary.board.story
        assert story is not None
        self._session = session
        self._prospect = prospect
        self._name = prospect.backend.name
        self._when = when
        self._store = store
        self._route = route
        self._story = story
        self._former = session.about.version
        self._loop = asyncio.get_running_loop()
        self._narrator = Narrator(secrets.token_hex(8))
        self._trial = Trial(session, session.ledger, self._name)
        self._follows = session.followers is not None and session.followers.has(self._name)
        self._told: list[Open] = []

    async def run(self, wait_seconds: float) -> Outcome:
        session = self._session
        if session.backend == self._name:
            await self._route.write()
            return Outcome("done", "there", "it is there already")
        if not self._story.introduction():
            raise _NoSwitchError("no_boot", "the gateway has not seen this station's boot accepted")
        await self._may_move(wait_seconds)
        candidate = await self._attached()
        adopted = False
        try:
            interval = await self._introduced(candidate)
            await self._quiet()
            try:
                async with asyncio.timeout(_SHUT_SECONDS):
                    await self._carried(candidate)
                    await self._written()
                self._still()
                former = session.adopt(candidate, self._prospect.version)
                left = [mark for one in self._told for mark in self._story.has_left(one.id, former.backend)]
                for effect in (*self._story.is_introduced(), *left):
                    session.ledger.put(effect)
                self._trial.passed = adopted = True
            except TimeoutError:
                raise _NoSwitchError("slow", f"{self._name} is too slow") from None
            finally:
                if not adopted:
                    self._reopen()
        finally:
            if not adopted:
                await self._route.undo()
                await self._abandoned(candidate)
        session.logger.info("station_switched", former=former.backend, transactions=len(self._told))
        session.work(self._afterwards(former, interval))
        return Outcome("done")

    async def _may_move(self, wait_seconds: float) -> None:
        """Raises _NoSwitchError while a transaction goes on that has to stay."""
        if self._when == "now":
            why = cannot_carry(self._story, self._name, self._former, self._prospect.version)
            if why is None and self._follows and self._story.open():
                why = f"{self._name} follows the station, and has its transactions already"
            if why is not None:
                raise _NoSwitchError("cannot_carry", why)
        elif not await self._session.primary.until(lambda: not self._story.open(), wait_seconds):
            raise _NoSwitchError("transaction", going_on(len(self._story.open())), "waiting")

    async def _attached(self) -> BackendLeg:
        """A leg to the new backend, the narrator at its other end."""
        session = self._session
        if session.followers is not None and session.followers.has(self._name):
            # A CSMS has one connection of a station.
            await session.followers.leave(self._name)
            session.logger.info("follower_left", follower=self._name)
        try:
            leg = await self._prospect.dial(_DIAL_SECONDS)
        except DialError as error:
            raise _NoSwitchError(f"backend_{error.outcome}", str(error)) from None
        try:
            memory = await self._store.load(session.ledger.identity, (self._name,))
        except BaseException:
            leg.socket.abort()
            raise
        memory |= session.ledger.of_station()
        session.ledger.beside(self._name, memory)
        # Never written: it says that nothing of what is told now has happened now.
        memory[PASSING] = {}
        numbers = self._when == "now" and bool(self._story.open())
        board = self._prospect.board(memory, numbers)
        board.hold_station()
        observer = self._prospect.observer
        candidate = BackendLeg(
            self._trial, self._narrator, self._prospect.backend, leg, self._prospect.dial, board, observer
        )
        self._memory = memory
        try:
            candidate.open()
        except BaseException:
            await self._abandoned(candidate)
            raise
        return candidate

    async def _introduced(self, candidate: BackendLeg) -> int | None:
        """The boot, which must be accepted, and every status; the HeartbeatInterval that was answered."""
        interval: int | None = None
        for action, payload in self._story.introduction():
            answer = await self._tell(candidate, action, payload)
            if action != "BootNotification":
                continue
            said = payload_of(answer) or {}
            if said.get("status") != "Accepted":
                what = answer.code if isinstance(answer, Error) else said.get("status")
                raise _NoSwitchError("boot_refused", f"{self._name} answered the boot: {what}")
            interval = said.get("interval") if isinstance(said.get("interval"), int) else None
        return interval

    async def _quiet(self) -> None:
        """Nothing is let in any more, and nothing is at work. Raises _NoSwitchError."""
        primary = self._session.primary
        primary.board.shut()
        if not await primary.until(primary.quiet, _QUIET_SECONDS):
            self._reopen()
            raise _NoSwitchError("busy", "a conversation does not come to its end")

    def _reopen(self) -> None:
        """Everything goes on as before."""
        if not self._session.over:
            primary = self._session.primary
            primary.pump.carry_out(primary.board.reopen(self._loop.time()))

    async def _carried(self, candidate: BackendLeg) -> None:
        """The transactions that go on, from their beginning."""
        await self._may_move(0.0)
        for one in self._story.open():
            if isinstance(one.id, int):
                self._memory[PASSING] = {"transactionId": one.id}
                if self._knows_number(one.id):
                    continue  # told by a switch that came to nothing, or by one that a crash cut off
            self._told.append(one)
            for action, payload in one.calls:
                said = payload_of(await self._tell(candidate, action, payload))
                if said is None:
                    raise _NoSwitchError("transaction_refused", f"{self._name} does not take transaction {one.id}")
                info = said.get("idTagInfo", said.get("idTokenInfo"))
                if isinstance(info, dict) and info.get("status") not in _TAKEN:
                    raise _NoSwitchError("token_refused", f"{self._name} refuses the token of transaction {one.id}")
        del self._memory[PASSING]

    def _knows_number(self, number: int) -> bool:
        record = self._memory.get(f"number/transactionId/{number}")
        return record is not None and record["csms"] is not None and "ended" not in record

    async def _written(self) -> None:
        """All that was remembered on the way, and the route."""
        durable = self._session.ledger.commit()
        if durable is not None:
            await durable
        self._still()
        await self._route.write()

    def _still(self) -> None:
        """Nothing has come between."""
        if self._trial.failed.done():
            raise _NoSwitchError("backend_lost", f"{self._name}: {self._trial.failed.result()}")
        if self._session.over:
            raise _NoSwitchError("station_gone", "the station went away meanwhile")
        if not self._session.primary.quiet():
            raise _NoSwitchError("busy", "the former backend was lost meanwhile")

    async def _tell(self, candidate: BackendLeg, action: str, payload: Payload) -> Result | Error:
        """The answer. Raises _NoSwitchError when there is none."""
        telling = asyncio.ensure_future(self._narrator.tell(candidate.pump, action, payload))
        waited: set[asyncio.Future[object]] = {telling, self._trial.failed}  # type: ignore[arg-type]
        try:
            await asyncio.wait(waited, timeout=_ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if telling.done():
                return telling.result()
        finally:
            telling.cancel()
        why = self._trial.failed.result() if self._trial.failed.done() else "no answer in time"
        raise _NoSwitchError("no_answer", f"{self._name} was told {action}: {why}")

    async def _abandoned(self, candidate: BackendLeg) -> None:
        """The new backend is told the end of what it was told the beginning of, and left."""
        session = self._session
        self._memory.pop(PASSING, None)
        try:
            await say_farewell(session, candidate, self._narrator, self._story, self._told)
        finally:
            session.ledger.leave(self._name)
            await candidate.retire("the station stays where it is")

    async def _afterwards(self, former: BackendLeg, interval: int | None) -> None:
        """The former backend is told the end of what goes on elsewhere, and closed; the station is told how often the new
        one wants to hear of it."""
        session = self._session
        narrator = Narrator(secrets.token_hex(8))
        former.pump.station = narrator
        former.work_for(Trial(session, session.ledger, former.backend))
        former.pump.carry_out(former.board.reopen(self._loop.time()))
        try:
            await say_farewell(session, former, narrator, self._story, self._told)
        finally:
            session.ledger.leave(former.backend)
            await former.retire("the station has moved")
        if interval is not None and interval != self._story.interval:
            await set_interval(session, self._story, interval)
