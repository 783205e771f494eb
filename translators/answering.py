"""What is known at every step of a link, and how the answer to a call is given."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Literal

from translators import errors, poison, schemas
from translators.effects import (
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
from translators.frames import Call, Error, Payload, Result
from translators.options import Options
from translators.tables import Conversation, Link
from translators.times import iso

Side = Literal["station", "csms"]
OTHER: dict[Side, Side] = {"station": "csms", "csms": "station"}

BACKEND_LOST = 1012
"""The close code that makes a station keep its queue and come back (RFC 6455 registry: service restart)."""


class Job:
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


class Answering:
    """One station connection on one link: its circumstances, its memory, and its answers."""

    __slots__ = (
        "_asked",
        "_csms_took",
        "_drops_custom_data",
        "_effects",
        "_expecting",
        "_faces_station",
        "_memory_changed",
        "_new_id",
        "_now",
        "_refused_before",
        "_versions",
        "connected_at",
        "epoch",
        "guards",
        "link",
        "memory",
        "options",
    )

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
        self._asked: dict[tuple[Side, str], tuple[Job, Call]] = {}
        """The jobs that wait for an answer, by the side and the id of what they asked."""
        self._expecting: list[Job] = []
        """Those that wait for an event."""
        self._effects: list[Effect] = []
        self._memory_changed = False
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
        return iso(self._now + self.epoch)

    def remembered(self, prefix: str) -> Iterator[tuple[str, Any]]:
        """The keys and values of memory under a prefix, in the order they were first remembered."""
        return iter([entry for entry in self.memory.items() if entry[0].startswith(prefix)])

    # -- inside -----------------------------------------------------------------------------------------------------

    def _take(self, step: Remember | Forget | Note) -> None:
        if isinstance(step, Remember):
            self.memory[step.key] = step.value
            self._memory_changed = True
        elif isinstance(step, Forget):
            if self.memory.pop(step.key, None) is None:
                return
            self._memory_changed = True
        self._effects.append(step)

    def _answer(self, job: Job, payload: Payload) -> None:
        assert job.call is not None
        wrong = first_offence(self._versions[job.side], job.call.action, payload, answer=True)
        if wrong is not None:
            offences = schemas.offences(self._versions[job.side], job.call.action, job.call.payload, answer=False)
            if offences:
                # What was read in spite of its schema, and cannot be said back: the fault is the call's.
                return self._fail(job, Refused(schemas.error_code(offences[0]), str(offences[0])), "invalid")
            self._effects.append(Note("invalid_output", {**self._facts(job), "answer": job.action, "why": wrong}))
            return self._fail(job, Refused("InternalError", "the gateway could not translate the answer"), "invalid")
        self._reply(job, Result(job.call.message_id, payload), job.outcome)

    def _fail(self, job: Job, failure: Exception, outcome: str | None = None) -> None:
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
            error = Error(call.message_id, "InternalError", f"{OTHER[job.side]} {failure}", unheard=str(failure))
        self._reply(job, error, outcome or job.outcome)

    def _is_poison(self, job: Job, failure: Exception) -> bool:
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

    def _reply(self, job: Job, frame: Result | Error, outcome: str) -> None:
        job.answered = True
        if isinstance(frame, Result):
            note = _translated(self._versions[job.side], self._versions[OTHER[job.side]], job.action, outcome)
        else:
            note = Note("translated", {**self._facts(job), "outcome": outcome})
        self._effects.append(note)
        self._effects.append(ToStation(frame) if job.side == "station" else ToCsms(frame))

    def _facts(self, job: Job) -> dict[str, Any]:
        # What no call began tells the CSMS what the station said before.
        side = job.side if job.call is not None else "station"
        return {"from": self._versions[side], "to": self._versions[OTHER[side]], "action": job.action}


@lru_cache(512)
def _translated(spoken: str, becomes: str, action: str, outcome: str) -> Note:
    """The same for every answer to an action: made once."""
    return Note("translated", {"from": spoken, "to": becomes, "action": action, "outcome": outcome})


def _is_weather(failure: Exception) -> bool:
    if isinstance(failure, PeerError):
        return failure.code in errors.TRANSIENT
    return isinstance(failure, PeerSilent | Unanswerable)


def first_offence(version: str, action: str, payload: Payload, *, answer: bool) -> str | None:
    """Written strictly: what a frame of ours breaks, or None."""
    if schemas.checking(version, action, answer)(payload):
        return None
    return str(schemas.offences(version, action, payload, answer=answer)[0])
