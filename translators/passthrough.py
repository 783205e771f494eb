"""Both sides speak the same version: frames go on as the text they came as, or are answered here as a whole.

Memory, of the station whichever CSMS it talks to:

    passthrough/boot                        its last BootNotification
    passthrough/status/<version>/<place>    the last StatusNotification of each connector, in that version
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Literal

from translators import errors, local, schemas
from translators.effects import Close, Effect, Note, Remember, ToCsms, ToStation, is_transaction_message
from translators.frames import CALLERROR, BadFrame, Call, Error, Frame, NoAnswer, Payload, Result
from translators.guard import Refusal, looked_at, question, refusal
from translators.times import iso

Validation = Literal["off", "count", "reject"]

_BOOT, _STATUS = "passthrough/boot", "passthrough/status/"
SHARED_KEYS = HINT_KEYS = ("passthrough/",)
_KEPT = frozenset({"BootNotification", "StatusNotification"})
_MOST_CONNECTORS = 256


class Passthrough:
    """A Stage that changes nothing. It knows open calls by direction and id, to count, to check, and to keep the rule
    that a transaction message is never answered with a CALLERROR for want of an answer. Calls that could take the station
    away (`guard`) are refused."""

    __slots__ = (
        "_answer_locally",
        "_asked",
        "_due",
        "_guarded_of_csms",
        "_guarded_of_station",
        "_memory",
        "_new_id",
        "_of_csms",
        "_of_station",
        "_replay",
        "_replays",
        "_rules",
        "_status",
        "_status_keys",
        "_validation",
        "epoch",
        "version",
    )

    def __init__(
        self,
        version: str,
        new_id: Callable[[], str] = lambda: "",
        memory: dict[str, Any] | None = None,
        *,
        validation: Validation = "count",
        answer_locally: frozenset[str] = frozenset(),
        guard: Mapping[str, str] | None = None,
        epoch: float = 0.0,
        replays: bool = True,
    ) -> None:
        """`replays`: whether this stage tells a CSMS that comes back what it missed; in a chain one of them does."""
        self.version = version
        self._replays = replays
        self.epoch = epoch
        self._validation = validation
        self._answer_locally = answer_locally
        self._rules: Mapping[str, str] = guard or {}
        self._guarded_of_station, self._guarded_of_csms = _sides(version, looked_at(version, self._rules))
        self._asked: dict[str, Call] = {}
        """The station is asked about these calls of the CSMS, by the id of the question."""
        self._of_station: dict[str, Call] = {}
        self._of_csms: dict[str, Call] = {}
        self._new_id = new_id
        self._memory: dict[str, Any] = {} if memory is None else memory
        self._status = f"{_STATUS}{version}/"
        self._status_keys = [key for key in self._memory if key.startswith(self._status)]
        self._replay: Call | None = None
        """Our own call that is on its way to a CSMS that came back."""
        self._due: list[str] = []
        """The statuses that it is still to be told, and that the station has not told itself meanwhile."""

    def open(self, now: float) -> list[Effect]:
        return []

    def away(self, now: float) -> list[Effect]:
        return []

    def resumed(self, now: float) -> list[Effect]:
        """The last boot, then the last status of every connector, as calls of our own: one after another."""
        boot = self._memory.get(_BOOT) if self._replays else None
        if boot is None:
            return []
        self._due = list(self._status_keys)
        return self._retold("BootNotification", boot)

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        if isinstance(frame, Call):
            if frame.type == Call.type and frame.action in self._answer_locally:
                answer = local.answer(self.version, frame.action, iso(now + self.epoch))
                if answer is not None:
                    note = Note("translated", self._facts(frame) | {"outcome": "answered"})
                    return [note, ToStation(Result(frame.message_id, answer))]
            if frame.action in self._guarded_of_station:
                return self._judged(frame, None, self._of_station, ToStation, ToCsms)
            effects = self._called(frame, self._of_station, ToStation, ToCsms)
            return self._kept(frame) + effects if frame.action in _KEPT else effects
        if frame.key in self._asked:
            return self._told(frame)
        return self._replied(frame, self._of_csms, ToCsms)

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        if isinstance(frame, Call):
            if frame.action in self._guarded_of_csms:
                return self._asked_first(frame)
            return self._called(frame, self._of_csms, ToCsms, ToStation)
        if self._replay is not None and frame.key == self._replay.key:
            return self._replayed(self._replay, frame)
        return self._replied(frame, self._of_station, ToStation)

    def tick(self, now: float) -> list[Effect]:
        return []

    def deadline(self) -> float | None:
        return None

    def close(self) -> None:
        self._of_station.clear()
        self._of_csms.clear()
        self._asked.clear()

    def idle(self) -> bool:
        return not (self._of_station or self._of_csms or self._replay or self._asked)

    def _asked_first(self, call: Call) -> list[Effect]:
        """A guarded call of the CSMS, which the station alone may be able to judge."""
        ask = question(self.version, call.action)
        if ask is None or call.type != Call.type:
            return self._judged(call, None, self._of_csms, ToCsms, ToStation)
        own = Call(self._new_id(), ask.action, ask.payload)
        self._asked[own.key] = call
        return [ToStation(own)]

    def _told(self, reply: Result | Error | NoAnswer) -> list[Effect]:
        call = self._asked.pop(reply.key)
        if isinstance(reply, NoAnswer):
            return self._unanswered(call, reply, ToCsms)
        told = None
        ask = question(self.version, call.action)
        with suppress(BadFrame):
            if (
                ask is not None
                and isinstance(reply, Result)
                and schemas.valid(self.version, ask.action, reply.payload, answer=True)
            ):
                told = reply.payload
        return self._judged(call, told, self._of_csms, ToCsms, ToStation)

    def _judged(
        self,
        call: Call,
        told: Payload | None,
        pending: dict[str, Call],
        back: type[ToStation | ToCsms],
        onward: type[ToStation | ToCsms],
    ) -> list[Effect]:
        """A guarded call: refused here as a whole, or on its way as it came."""
        try:
            refused = refusal(self.version, call.action, call.payload, self._rules, told)
        except BadFrame:
            # What cannot be read here a station might read.
            refused = Refusal((call.action,), {})
        if refused is None:
            return self._called(call, pending, back, onward)
        notes: list[Effect] = [Note("guarded", self._facts(call) | {"call": name}) for name in refused.calls]
        if call.type != Call.type:
            return notes
        if schemas.valid(self.version, call.action, refused.answer, answer=True):
            return [*notes, back(Result(call.message_id, refused.answer))]
        code = errors.spelt_for(self.version, "FormatViolation")
        return [*notes, back(Error(call.message_id, code, "breaks its schema, and is managed by the gateway"))]

    def _kept(self, call: Call) -> list[Effect]:
        """Keep what a backend that comes back is told, for the next connections too: the boot (a station boots once),
        and the last status of every connector (a station tells one when it changes)."""
        try:
            payload = call.payload
        except BadFrame:
            return []
        if call.action == "BootNotification":
            self._memory[_BOOT] = payload
            return [Remember(_BOOT, payload)]
        place = [payload[name] for name in ("evseId", "connectorId") if name in payload]
        key = self._status + ".".join(map(str, place))
        if key not in self._memory:
            if not place or not all(type(one) is int for one in place) or len(self._status_keys) >= _MOST_CONNECTORS:
                return []
            self._status_keys.append(key)
        if key in self._due:
            self._due.remove(key)
        self._memory[key] = payload
        return [Remember(key, payload)]

    def _retold(self, action: str, payload: Payload) -> list[Effect]:
        self._replay = Call(self._new_id(), action, payload)
        return [ToCsms(self._replay)]

    def _replayed(self, done: Call, reply: Result | Error | NoAnswer) -> list[Effect]:
        self._replay = None
        notes: list[Effect] = []
        if not isinstance(reply, Result):
            notes.append(Note("replay_failed", {"action": done.action}))
            if done.action == "BootNotification":
                self._due.clear()
        if not self._due:
            return notes
        return [*notes, *self._retold("StatusNotification", self._memory[self._due.pop(0)])]

    def _called(
        self, call: Call, pending: dict[str, Call], back: type[ToStation | ToCsms], onward: type[ToStation | ToCsms]
    ) -> list[Effect]:
        if call.type != Call.type and self.version != "ocpp2.1":
            return [Note("send_dropped", self._facts(call))]  # SEND is 2.1's
        effects: list[Effect] = []
        offence = self._offence(call, call.action, answer=False)
        if offence is not None:
            effects.append(Note("schema_violation", self._facts(call) | {"why": offence[1]}))
            if self._validation == "reject":
                if call.type == Call.type:
                    code = errors.spelt_for(self.version, offence[0])
                    effects.append(back(Error(call.message_id, code, offence[1])))
                return effects
        if call.type == Call.type:
            pending[call.key] = call
        effects.append(onward(call))
        return effects

    def _replied(
        self, reply: Result | Error | NoAnswer, pending: dict[str, Call], back: type[ToStation | ToCsms]
    ) -> list[Effect]:
        if isinstance(reply, Error) and reply.type != CALLERROR:
            return [back(reply)] if self.version == "ocpp2.1" else [Note("send_dropped", {"action": "CALLRESULTERROR"})]
        call = pending.pop(reply.key, None)
        if call is None:
            return [Note("unmatched", {"peer": "csms" if back is ToStation else "station"})]
        if isinstance(reply, NoAnswer):
            return self._unanswered(call, reply, back)
        if isinstance(reply, Result):
            offence = self._offence(reply, call.action, answer=True)
            if offence is not None:
                effects: list[Effect] = [Note("schema_violation", self._facts(call) | {"why": offence[1]})]
                if self._validation != "reject":
                    return [*effects, back(reply)]
                return effects + self._unanswered(
                    call, NoAnswer(call.message_id, 0, f"answered wrongly: {offence[1]}"), back
                )
        return [back(reply)]

    def _unanswered(self, call: Call, silence: NoAnswer, back: type[ToStation | ToCsms]) -> list[Effect]:
        if back is ToStation and is_transaction_message(call):
            facts = self._facts(call) | {"why": silence.told}
            return [Note("withheld", facts), Close(1012, "backend did not take a transaction message")]
        peer = "csms" if back is ToStation else "station"
        return [back(Error(call.message_id, "InternalError", f"{peer} {silence.told}"))]

    def _offence(self, frame: Call | Result, action: str, *, answer: bool) -> tuple[str, str] | None:
        """The code and text of what the payload breaks, where it is to be checked."""
        if self._validation == "off":
            return None
        try:
            if schemas.checking(self.version, action, answer)(frame.payload):
                return None
            first = schemas.offences(self.version, action, frame.payload, answer=answer)[0]
        except KeyError:
            if action not in schemas.actions(self.version):
                return ("NotImplemented", "unknown action")
            return ("NotSupported", "this action has no answer")
        except BadFrame as bad:
            return ("FormatViolation", bad.why)
        return (schemas.error_code(first), str(first))

    def _facts(self, call: Call) -> dict[str, str]:
        return {"from": self.version, "to": self.version, "action": call.action}


@lru_cache
def _sides(version: str, guarded: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Of the station and of the CSMS; all sessions share them."""
    of_station = guarded & schemas.STATION_ACTIONS[version]
    return of_station, guarded - of_station
