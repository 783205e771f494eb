"""Runs one link for one station connection: pairs calls with replies and steps the mappings.

A session never touches a socket or a clock. Time comes in as `now` (seconds, steady); `epoch` is what to add to it to
get Unix time. Message ids on either side are the session's own, from `new_id`: both sides may choose the same ids, so
those of one are never used towards the other. In a chain only the first session faces the station: the others tell the
one before them that a call was not answered, and the first decides what that means to the station.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from translators import errors, local, mend, poison, schemas
from translators.effects import (
    Answer,
    Ask,
    Close,
    Effect,
    Expect,
    Forget,
    Note,
    PeerError,
    PeerSilent,
    Refused,
    Remember,
    ToCsms,
    ToStation,
    Unanswerable,
    is_transaction_message,
)
from translators.frames import CALLERROR, BadFrame, Call, Error, Frame, NoAnswer, Payload, Reply, Result
from translators.options import Options
from translators.tables import Conversation, Link
from translators.times import iso

Side = Literal["station", "csms"]
_OTHER: dict[Side, Side] = {"station": "csms", "csms": "station"}

BACKEND_LOST = 1012
"""The close code that makes a station keep its queue and come back (RFC 6455 registry: service restart)."""


class _Job:
    """One conversation at work."""

    __slots__ = ("action", "answered", "call", "conversation", "deadline", "expects", "outcome", "side")

    def __init__(self, conversation: Conversation, side: Side, call: Call | None, outcome: str) -> None:
        self.conversation = conversation
        self.side = side
        self.call = call
        self.action = call.action if call else "opened"
        self.outcome = outcome
        self.answered = call is None
        self.expects: Expect | None = None
        self.deadline: float | None = None


class Session:
    """A Stage: frames and time in, effects out, in the order they are to be carried out."""

    def __init__(
        self,
        link: Link,
        options: Options,
        memory: dict[str, Any],
        new_id: Callable[[], str],
        *,
        connected_at: float = 0.0,
        epoch: float = 0.0,
        faces_station: bool = True,
        guards: bool = True,
    ) -> None:
        """`guards`: whether this link keeps from the station what could take it away; in a chain one of them does."""
        self.link = link
        self.options = options
        self.memory = memory
        self.connected_at = connected_at
        self.epoch = epoch
        self.guards = guards
        self._faces_station = faces_station
        self._now = connected_at - epoch
        self._new_id = new_id
        self._versions: dict[Side, str] = {"station": link.station_version, "csms": link.csms_version}
        self._drops_custom_data = link.station_version != "ocpp1.6" and link.csms_version == "ocpp1.6"
        self._asked: dict[tuple[Side, str], tuple[_Job, Call]] = {}
        self._expecting: list[_Job] = []
        self._effects: list[Effect] = []
        self._memory_changed = False
        self._closed = False
        self._csms_took = False
        self._refused_before = any(key.startswith(poison.PREFIX) for key in memory)

    # -- what mappings use ------------------------------------------------------------------------------------------

    @property
    def unix_time(self) -> float:
        """Seconds since 1970 at the event being worked on."""
        return self._now + self.epoch

    @property
    def time(self) -> str:
        """The same as RFC 3339 with milliseconds, UTC."""
        return iso(self.unix_time)

    def remembered(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """The keys and values of memory under a prefix, in the order they were first remembered."""
        return ((key, value) for key, value in list(self.memory.items()) if key.startswith(prefix))

    # -- Stage ------------------------------------------------------------------------------------------------------

    def open(self, now: float) -> list[Effect]:
        """The session begins: both connections are up."""
        self._now = now
        if self.link.opened is not None:
            self._start(_Job(self.link.opened(self), "csms", None, "translated"))
        return self._flush()

    def away(self, now: float) -> list[Effect]:
        """Nothing to do: whoever stands behind this session answers in place of the CSMS."""
        return []

    def resumed(self, now: float) -> list[Effect]:
        """The CSMS has a new connection under a session that went on."""
        self._now = now
        if self.link.resumed is not None:
            self._start(_Job(self.link.resumed(self), "csms", None, "translated"))
        return self._flush()

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self._from("station", frame, now)

    def from_csms(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        return self._from("csms", frame, now)

    def tick(self, now: float) -> list[Effect]:
        """Wake the conversations whose wait is over."""
        self._now = now
        for job in [job for job in self._expecting if job.deadline is not None and job.deadline <= now]:
            self._expecting.remove(job)
            self._run(job, False)
        return self._flush()

    def deadline(self) -> float | None:
        """When `tick` is next due, or None."""
        return min((job.deadline for job in self._expecting if job.deadline is not None), default=None)

    def close(self) -> None:
        """The station's connection is gone: conversations end where they are."""
        self._closed = True
        for job in [job for job, _ in self._asked.values()] + self._expecting:
            job.conversation.close()
        self._asked.clear()
        self._expecting.clear()

    def idle(self) -> bool:
        """Whether nothing is at work: no call waits for an answer, no conversation for an event."""
        return not self._asked and not self._expecting

    # -- inside -----------------------------------------------------------------------------------------------------

    def _from(self, side: Side, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        self._now = now
        if isinstance(frame, Call):
            if frame.type == Call.type:
                self._called(side, frame)
            else:
                self._effects.append(Note("send_dropped", {"side": side, "action": frame.action}))
        elif isinstance(frame, Error) and frame.type != CALLERROR:
            # It speaks of an answer that was given: nobody waits for it.
            self._effects.append(Note("send_dropped", {"side": side, "action": "CALLRESULTERROR"}))
        else:
            self._replied(side, frame)
        return self._flush()

    def _flush(self) -> list[Effect]:
        while self._memory_changed:
            self._memory_changed = False
            for job in [job for job in self._expecting if job.expects and job.expects.condition()]:
                self._expecting.remove(job)
                self._run(job, True)
        effects, self._effects = self._effects, []
        return effects

    def _called(self, side: Side, call: Call) -> None:
        table = self.link.from_station if side == "station" else self.link.from_csms
        row = table.get(call.action)
        job = _Job(_nothing(), side, call, row.outcome if row else "unsupported")
        if row is None:
            known = call.action in schemas.actions(self._versions[side])
            why = "not an action of this side" if known else "unknown action"
            return self._fail(job, Refused("NotSupported" if known else "NotImplemented", why))
        try:
            payload, mends, offence = mend.read(self._versions[side], call.action, call.payload)
        except BadFrame as bad:
            return self._fail(job, Refused("FormatViolation", bad.why))
        if mends:
            self._effects.append(
                Note("mended", {"version": self._versions[side], "action": call.action, "what": mends})
            )
        if offence is not None:
            return self._fail(job, Refused(schemas.error_code(offence), str(offence)), "invalid")
        if self._drops_custom_data and side == "station" and '"customData"' in call.text:
            self._effects.append(Note("lost", {**self._facts(job), "field": "customData"}))
        if side == "station" and call.action in self.options.answer_locally:
            answer = local.answer(self._versions[side], call.action, self.time)
            if answer is not None:
                job.outcome = "answered"
                return self._answer(job, answer)
        job.conversation = row.run(payload, self)
        self._start(job)

    def _replied(self, side: Side, reply: Reply) -> None:
        job, asked = self._asked.pop((side, reply.key), (None, None))
        if job is None or asked is None:
            self._effects.append(Note("unmatched", {"peer": side}))
            return
        action = asked.action
        if isinstance(reply, NoAnswer):
            return self._throw(job, PeerSilent(reply.told))
        if isinstance(reply, Error) and reply.unheard:
            return self._throw(job, PeerSilent(reply.unheard))
        if isinstance(reply, Error):
            return self._refused(job, asked, PeerError(reply.code, reply.description, reply.details or {}))
        version = self._versions[side]
        try:
            payload, mends, offence = mend.read(version, action, reply.payload, answer=True)
        except BadFrame as bad:
            return self._refused(job, asked, PeerError("InternalError", f"unreadable answer: {bad.why}", {}))
        if mends:
            self._effects.append(Note("mended", {"version": version, "action": action, "what": mends}))
        if offence is not None:
            self._effects.append(Note("invalid_answer", {"side": side, "action": action, "why": str(offence)}))
            return self._refused(job, asked, PeerError("InternalError", f"invalid answer: {offence}", {}))
        if side == "csms":
            # A Heartbeat tells of a process that lives, not of one that can keep anything.
            self._csms_took = self._csms_took or action != "Heartbeat"
            if self._refused_before:
                self._take(Forget(poison.key_of(asked)))
        self._run(job, payload)

    def _refused(self, job: _Job, asked: Call, error: PeerError) -> None:
        error.asked = asked
        if self._refused_before:
            entry = self.memory.get(poison.key_of(asked))
            error.lasting = poison.verdict(entry, self.unix_time) == "poison"
        self._throw(job, error)

    def _start(self, job: _Job) -> None:
        self._run(job, None)

    def _throw(self, job: _Job, error: Exception) -> None:
        self._run(job, None, error)

    def _run(self, job: _Job, value: Any, error: Exception | None = None) -> None:
        """Step a conversation until it waits or ends."""
        while True:
            try:
                step = job.conversation.throw(error) if error is not None else job.conversation.send(value)
            except StopIteration as stop:
                return self._ended(job, stop.value)
            except (Refused, PeerError, PeerSilent, Unanswerable) as failure:
                return self._fail(job, failure)
            except Exception as bug:  # a mapping's bug must not end the station's session
                trace = bug.__traceback__
                while trace is not None and trace.tb_next is not None:
                    trace = trace.tb_next
                place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""
                self._effects.append(
                    Note("mapping_failed", {"action": job.action, "error": type(bug).__name__, "at": place})
                )
                return self._fail(
                    job, Refused("InternalError", "the gateway could not translate this message"), "invalid"
                )
            value = error = None
            if isinstance(step, Remember | Forget):
                self._take(step)
            elif isinstance(step, Note):
                self._effects.append(Note(step.kind, {**self._facts(job), **step.facts}))
            elif isinstance(step, Answer):
                if not job.answered:
                    self._answer(job, step.payload)
            elif isinstance(step, Ask):
                error = self._ask(job, step)
                if error is None:
                    return
                if isinstance(error, _AnsweredHere):
                    value, error = error.payload, None
            elif isinstance(step, Expect):
                if step.condition():
                    value = True
                else:
                    job.expects = step
                    job.deadline = None if step.seconds is None else self._now + step.seconds
                    self._expecting.append(job)
                    return

    def _take(self, step: Remember | Forget | Note) -> None:
        if isinstance(step, Remember):
            self.memory[step.key] = step.value
        elif isinstance(step, Forget) and self.memory.pop(step.key, None) is None:
            return
        self._effects.append(step)
        self._memory_changed = self._memory_changed or not isinstance(step, Note)

    def _ask(self, job: _Job, step: Ask) -> Exception | None:
        """Put the call on its way; None, or what the conversation gets at once instead."""
        side: Side = job.side if step.back else _OTHER[job.side]
        version = self._versions[side]
        if side == "csms" and step.action in self.options.answer_locally:
            answer = local.answer(version, step.action, self.time)
            if answer is not None:
                return _AnsweredHere(answer)
        wrong = _first_offence(version, step.action, step.payload, answer=False)
        if wrong is not None:
            self._effects.append(Note("invalid_output", {**self._facts(job), "call": step.action, "why": wrong}))
            return Refused("InternalError", "the gateway could not translate this message")
        message_id = self._new_id()
        frame = Call(message_id, step.action, step.payload)
        self._asked[side, message_id] = (job, frame)
        self._effects.append(ToStation(frame) if side == "station" else ToCsms(frame))
        return None

    def _ended(self, job: _Job, payload: Payload | None) -> None:
        if not job.answered:
            if payload is None:
                self._effects.append(Note("mapping_failed", {"action": job.action, "error": "no answer", "at": ""}))
                return self._fail(job, Refused("InternalError", "the gateway has no answer"), "invalid")
            self._answer(job, payload)

    def _answer(self, job: _Job, payload: Payload) -> None:
        assert job.call is not None
        wrong = _first_offence(self._versions[job.side], job.call.action, payload, answer=True)
        if wrong is not None:
            offences = schemas.offences(self._versions[job.side], job.call.action, job.call.payload, answer=False)
            if offences:
                # What was read in spite of its schema, and cannot be said back: the fault is the call's.
                return self._fail(job, Refused(schemas.error_code(offences[0]), str(offences[0])), "invalid")
            self._effects.append(Note("invalid_output", {**self._facts(job), "answer": job.action, "why": wrong}))
            return self._fail(job, Refused("InternalError", "the gateway could not translate the answer"), "invalid")
        self._reply(job, Result(job.call.message_id, payload), job.outcome)

    def _fail(self, job: _Job, failure: Exception, outcome: str | None = None) -> None:
        if job.answered or job.call is None:
            self._effects.append(Note("conversation_failed", {**self._facts(job), "error": str(failure)}))
            return
        version = self._versions[job.side]
        spell = errors.spelt_for
        call = job.call
        held = job.side == "station" and self._faces_station and is_transaction_message(call)
        if held and _is_weather(failure) and not self._is_poison(job, failure):
            # Section 3.7.1 of 1.6 and E13 of 2.0.1: an unanswered message is kept, a refused one may be dropped.
            job.answered = True
            self._effects.append(Note("withheld", {**self._facts(job), "why": str(failure)}))
            self._effects.append(Close(BACKEND_LOST, "backend did not take a transaction message"))
            return
        if isinstance(failure, Refused):
            error = Error(call.message_id, spell(version, failure.code), failure.description, failure.details)
        elif isinstance(failure, PeerError):
            details = {"gateway": f"{'upstream' if job.side == 'station' else 'station'} CALLERROR {failure.code[:50]}"}
            error = Error(call.message_id, spell(version, failure.code), failure.description, details)
        else:
            error = Error(call.message_id, "InternalError", f"{_OTHER[job.side]} {failure}", unheard=str(failure))
        self._reply(job, error, outcome or job.outcome)

    def _is_poison(self, job: _Job, failure: Exception) -> bool:
        """Count a refusal of a transaction message; whether it is to reach the station."""
        if not isinstance(failure, PeerError):
            return False
        steps, passed_on = poison.refused(
            self.memory, failure, self.connected_at, self.unix_time, well=self._csms_took, facts=self._facts(job)
        )
        self._refused_before = self._refused_before or bool(steps)
        for step in steps:
            self._take(step)
        return passed_on

    def _reply(self, job: _Job, frame: Result | Error, outcome: str) -> None:
        job.answered = True
        self._effects.append(Note("translated", {**self._facts(job), "outcome": outcome}))
        self._effects.append(ToStation(frame) if job.side == "station" else ToCsms(frame))

    def _facts(self, job: _Job) -> dict[str, Any]:
        # What no call began tells the CSMS what the station said before.
        side = job.side if job.call is not None else "station"
        return {"from": self._versions[side], "to": self._versions[_OTHER[side]], "action": job.action}


class _AnsweredHere(Exception):
    def __init__(self, payload: Payload) -> None:
        super().__init__()
        self.payload = payload


def _is_weather(failure: Exception) -> bool:
    if isinstance(failure, PeerError):
        return failure.code in errors.TRANSIENT
    return isinstance(failure, PeerSilent | Unanswerable)


def _first_offence(version: str, action: str, payload: Payload, *, answer: bool) -> str | None:
    """Written strictly: what a frame of ours breaks, or None."""
    if schemas.valid(version, action, payload, answer=answer):
        return None
    return str(schemas.offences(version, action, payload, answer=answer)[0])


def _nothing() -> Conversation:
    return None
    yield
