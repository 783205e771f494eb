"""Conversations at work: stepped until they wait, woken by what they wait for."""

from typing import Any

from translators import local
from translators.answering import OTHER, Answering, Job, Side, first_offence
from translators.effects import (
    Answer,
    Ask,
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
)
from translators.frames import Call, Payload


class Jobs(Answering):
    """The jobs of one session."""

    __slots__ = ()

    def _start(self, job: Job) -> None:
        self._run(job, None)

    def _throw(self, job: Job, error: Exception) -> None:
        self._run(job, None, error)

    def _run(self, job: Job, value: Any, error: Exception | None = None) -> None:
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
            if isinstance(step, Ask):
                error = self._ask(job, step)
                if error is None:
                    return
                if isinstance(error, _AnsweredHere):
                    value, error = error.payload, None
            elif isinstance(step, Remember) or isinstance(step, Forget):  # noqa: SIM101  a union is made anew each time
                self._take(step)
            elif isinstance(step, Answer):
                if not job.answered:
                    self._answer(job, step.payload)
            elif isinstance(step, Note):
                self._effects.append(Note(step.kind, {**self._facts(job), **step.facts}))
            elif isinstance(step, Expect):
                if step.condition():
                    value = True
                else:
                    job.expects = step
                    job.deadline = None if step.seconds is None else self._now + step.seconds
                    self._expecting.append(job)
                    return

    def _ask(self, job: Job, step: Ask) -> Exception | None:
        """Put the call on its way; None, or what the conversation gets at once instead."""
        side: Side = job.side if step.back else OTHER[job.side]
        version = self._versions[side]
        if side == "csms" and step.action in self.options.answer_locally:
            answer = local.answer(version, step.action, self.time)
            if answer is not None:
                return _AnsweredHere(answer)
        wrong = first_offence(version, step.action, step.payload, answer=False)
        if wrong is not None:
            self._effects.append(Note("invalid_output", {**self._facts(job), "call": step.action, "why": wrong}))
            return Refused("InternalError", "the gateway could not translate this message")
        message_id = self._new_id()
        frame = Call(message_id, step.action, step.payload)
        self._asked[side, message_id] = (job, frame)
        self._effects.append(ToStation(frame) if side == "station" else ToCsms(frame))
        return None

    def _ended(self, job: Job, payload: Payload | None) -> None:
        if not job.answered:
            if payload is None:
                self._effects.append(Note("mapping_failed", {"action": job.action, "error": "no answer", "at": ""}))
                return self._fail(job, Refused("InternalError", "the gateway has no answer"), "invalid")
            self._answer(job, payload)

    def _wake(self) -> None:
        """Go on with those whose event has come with a change of the memory."""
        while self._memory_changed:
            self._memory_changed = False
            if not self._expecting:
                return
            for job in [job for job in self._expecting if job.expects and job.expects.condition()]:
                self._expecting.remove(job)
                self._run(job, True)


class _AnsweredHere(Exception):
    def __init__(self, payload: Payload) -> None:
        super().__init__()
        self.payload = payload
