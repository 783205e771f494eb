"""One follower of one station. PURE.

A follower hears what the station says once the station has been answered, under its own version, translation, numbers
and memory. The station it talks to is a virtual one: what the follower answers goes nowhere but to the comparison with
the primary's answer, and what it calls reaches the real station only where it is allowed.

One copy at a time is inside. It is put into the follower's numbers when it goes in: by then it is known what the
follower calls the transaction.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.comparison import Compared, compare
from gateway.copies import MOST_COPIES, MOST_TRIES, Copies, Item, number_of
from gateway.namesakes import Namesakes
from gateway.patient import Patient
from gateway.switchboard import Switchboard
from translators import errors
from translators.aliases import Numbers
from translators.effects import Copy, Effect, Note, Remember, ToCsms, ToStation
from translators.frames import CALL, CALLERROR, CALLRESULT, BadFrame, Call, Error, Frame, NoAnswer, Result
from translators.links import reached
from translators.pairs import Pairs
from translators.stage import Stage

_SETTLES_WITHIN = 10.0
"""Seconds for which a new connection tells the boot and the statuses before what waits goes in."""
_MOST_SILENCES = 3
"""Calls left unanswered in a row, after which the connection is not worth keeping."""
_MET = "met"


@dataclass(frozen=True, slots=True)
class Reach:
    """Make this call to the real station; its answer is for `Shadow.from_station`."""

    call: Call


@dataclass(frozen=True, slots=True)
class Dropped:
    """So many copies will not reach the follower."""

    copies: int = 1


@dataclass(frozen=True, slots=True)
class HangUp:
    """The follower does not do its part: its connection is to be closed, and dialled again later."""


Act = Effect | Reach | Dropped | HangUp | Compared


class Shadow:
    """The state machine of one follower, from its first dial to the end of the station's session."""

    def __init__(
        self,
        stage: Stage,
        *,
        station_version: str,
        csms_version: str,
        memory: dict[str, Any],
        new_id: Callable[[], str],
        name: str = "",
        allow: frozenset[str] = frozenset(),
        call_timeout: float = 25.0,
        most_copies: int = MOST_COPIES,
    ) -> None:
        """`memory` is the follower's own, which `stage` works on as well; `name` that of its backend. `allow`: the follower's calls that may reach
        the station."""
        self._version = station_version
        self._csms_version = csms_version
        self._memory = memory
        self._allow = allow
        self._reaches = reached(station_version, csms_version, allow)
        self._stage = Patient(stage)
        self._board = Switchboard(
            self._stage, station_version=station_version, csms_version=csms_version, call_timeout=call_timeout
        )
        # A number that is no pair is another's: it must never mean a transaction of the primary's.
        pairs = Pairs(memory, lambda kind, number: kind == "transactionId") if station_version == "ocpp1.6" else None
        self._numbers = Numbers(pairs, ("transactionId",)) if pairs is not None else None
        self._namesakes = Namesakes(name, memory)
        self._copies = Copies(station_version, memory, new_id, most_copies)
        self._connected = self._opened = False
        self._settled_at = 0.0
        self._inside: Item | None = None
        self._entered_at = 0.0
        self._silent = False
        self._silences = 0

    @property
    def waiting(self) -> int:
        """How many copies wait."""
        return len(self._copies)

    @property
    def stage(self) -> Stage:
        return self._stage

    # -- events -----------------------------------------------------------------------------------------------------

    def copied(self, copy: Copy, now: float) -> list[Act]:
        """The station has said this, and has been answered."""
        effects, dropped = self._copies.put(copy)
        return [*effects, *([Dropped(dropped)] if dropped else []), *self._next(now)]

    def back(self, now: float) -> list[Act]:
        """The follower has a connection: what it missed is told first."""
        self._connected = True
        self._silences = 0
        self._settled_at = now + _SETTLES_WITHIN
        self._copies.missed()
        effects: list[Effect] = []
        if self._opened:
            effects += self._board.resume_csms(now)
        else:
            self._opened = True
            effects += self._board.open(now)
            if _MET not in self._memory:
                self._memory[_MET] = True
                effects.append(Remember(_MET, True))
                # A link tells its CSMS by itself of a boot that it has not seen.
                if self._version == self._csms_version and not self._copies.boots():
                    effects += self._board.resume_csms(now)
        return self._worked(effects, now)

    def lost(self, now: float) -> None:
        """The follower's connection is gone."""
        if self._connected:
            self._connected = False
            self._board.hold_csms()

    def from_follower(self, frame: Frame, now: float) -> list[Act]:
        if isinstance(frame, Call) and frame.action not in self._allow:
            note = Note("follower_refused", {"action": frame.action})
            if frame.type != CALL:
                return [note]
            code = errors.spelt_for(self._csms_version, "SecurityError")
            return [note, ToCsms(Error(frame.message_id, code, "a follower may not call this"))]
        return self._worked(self._board.from_csms(frame, now), now)

    def bad_from_follower(self, bad: BadFrame, now: float) -> list[Act]:
        return self._worked(self._board.bad_from_csms(bad, now), now)

    def from_station(self, reply: Result | Error | NoAnswer, now: float) -> list[Act]:
        """What the real station made of a `Reach`."""
        if isinstance(reply, NoAnswer):
            reply = Error(reply.message_id, "InternalError", f"station {reply.told}", unheard=reply.told)
        return self._worked(self._board.from_station(reply, now), now)

    def tick(self, now: float) -> list[Act]:
        return self._worked(self._board.tick(now), now)

    def deadline(self) -> float | None:
        due = self._board.deadline()
        if self._connected and self._inside is None and len(self._copies):
            due = self._settled_at if due is None else min(due, self._settled_at)
        return due

    def close(self) -> None:
        self._board.close()

    # -- copies on their way in -------------------------------------------------------------------------------------

    def _next(self, now: float) -> list[Act]:
        """Let in what may go in."""
        out: list[Act] = []
        while self._connected and self._inside is None:
            self._copies.recall()
            first = self._copies.first
            if first is None:
                break
            settles = now < self._settled_at and not self._board.stage.idle()
            if settles and first.call.action != "BootNotification":
                break
            lacking = self._copies.lacking(first)
            if lacking is not None:
                self._copies.back(lacking)
            out += self._enter(self._copies.take(), now)
        return out

    def _enter(self, item: Item, now: float) -> list[Act]:
        call, effects = self._numbered(item)
        if call is None or (call := self._namesakes.copied(call)) is None:
            return effects
        if call.type == CALL:
            self._inside, self._entered_at, self._silent = item, now, False
        return self._work(self._board.from_station(call, now), now)

    def _numbered(self, item: Item) -> tuple[Call | None, list[Act]]:
        """The call in the follower's numbers; None for one that it must not hear, or has heard, with what follows."""
        place, call, numbers = item.place, item.call, self._numbers
        if numbers is None or not place.phase:
            return call, []
        number = number_of(place.transaction)
        record = self._copies.record(item)
        if number is None:
            return None, [Dropped()]
        if place.phase == "begins":
            if record is not None and record["told"]:
                return None, []
            twin = self._copies.twin(item)
            if twin is not None:
                # The station repeated its start, and the primary gave it another number.
                _, remembered = numbers.pairs.met("transactionId", numbers.pairs.to_csms("transactionId", twin), number)
                return None, [*remembered, *self._copies.told(item, taken=True)]
            numbers.pairs.promise(call.key, number)
        elif not numbers.pairs.has_met(number) or (record is not None and not record["told"]):
            # What the follower takes by this number is another's transaction.
            return None, [Dropped(), *self._copies.told(item, taken=False)]
        elif call.payload.get("transactionId") != number:
            call = Call(call.message_id, call.action, {**call.payload, "transactionId": number})
        return numbers.sent(call), []

    # -- what comes of it -------------------------------------------------------------------------------------------

    def _worked(self, effects: list[Effect], now: float) -> list[Act]:
        return [*self._work(effects, now), *self._next(now)]

    def _work(self, effects: list[Effect], now: float) -> list[Act]:
        """Carry out what the virtual station is to do; the rest goes out."""
        out: list[Act] = []
        todo = deque(effects)
        while todo:
            effect = todo.popleft()
            if isinstance(effect, ToStation):
                frame = effect.frame
                if isinstance(frame, Call):
                    todo.extend(self._called(frame, out, now) if frame.type == CALL else [])
                elif frame.type in (CALLRESULT, CALLERROR):
                    out += self._answered(frame, now)
            else:
                if isinstance(effect, Note) and effect.kind == "call_timeout" and effect.facts["peer"] == "csms":
                    self._silent = True
                out.append(effect)
        return out

    def _called(self, call: Call, out: list[Act], now: float) -> list[Effect]:
        """The follower, or its translation, calls the station."""
        if self._numbers is not None:
            called, remembered = self._numbers.called(call)
            out += remembered
            if isinstance(called, Result):
                return self._board.from_station(called, now)
            call = called
        if call.action not in self._reaches:
            # What a translation would like to know, and nobody has allowed.
            code = errors.spelt_for(self._version, "SecurityError")
            return self._board.from_station(Error(call.message_id, code, "a follower may not call this"), now)
        call, remembered = self._namesakes.called(call)
        out += [*remembered, Reach(call)]
        return []

    def _answered(self, reply: Result | Error, now: float) -> list[Act]:
        """The follower's answer to the copy inside."""
        item, self._inside = self._inside, None
        if item is None:
            return []
        out: list[Act] = []
        if self._numbers is not None:
            out += self._numbers.answered(reply, now + self._stage.epoch)[1]
        unheard = self._silent or (isinstance(reply, Error) and bool(reply.unheard))
        self._silences = self._silences + 1 if unheard else 0
        if unheard and item.place.phase and item.tries + 1 < MOST_TRIES:
            item.tries += 1
            self._copies.back(item)
            return [*out, *self._hang_up()]
        if not unheard:  # else it is kept as not told
            out += self._copies.told(item, taken=isinstance(reply, Result))
        if item.answer is not None:
            answer = None if unheard else reply
            out.append(compare(item.call.action, item.answer, answer, now - self._entered_at, item.seconds))
        if unheard and item.place.phase and self._copies.record(item) is None:
            out.append(Dropped())
        if self._silences >= _MOST_SILENCES:
            out += self._hang_up()
        return out

    def _hang_up(self) -> list[Act]:
        self._connected = False
        self._board.hold_csms()
        return [HangUp()]
