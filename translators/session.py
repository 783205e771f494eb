"""Runs one link for one station connection: pairs calls with replies and steps the mappings.

A session never touches a socket or a clock. Time comes in as `now` (seconds, steady); `epoch` is what to add to it to
get Unix time. Message ids on either side are the session's own, from `new_id`: both sides may choose the same ids, so
those of one are never used towards the other. In a chain only the first session faces the station: the others tell the
one before them that a call was not answered, and the first decides what that means to the station.
"""

from translators import local, mend, poison, schemas
from translators.answering import Job, Side
from translators.effects import Effect, Forget, Note, PeerError, PeerSilent, Refused
from translators.frames import CALLERROR, BadFrame, Call, Error, Frame, NoAnswer, Reply
from translators.jobs import Jobs
from translators.tables import Conversation


class Session(Jobs):
    """A Stage: frames and time in, effects out, in the order they are to be carried out."""

    __slots__ = ()

    # -- Stage ------------------------------------------------------------------------------------------------------

    def open(self, now: float) -> list[Effect]:
        """The session begins: both connections are up."""
        self._now = now
        if self.link.opened is not None:
            self._start(Job(self.link.opened(self), "csms", None, "translated"))
        return self._flush()

    def away(self, now: float) -> list[Effect]:
        """Nothing to do: whoever stands behind this session answers in place of the CSMS."""
        return []

    def resumed(self, now: float) -> list[Effect]:
        """The CSMS has a new connection under a session that went on."""
        self._now = now
        if self.link.resumed is not None:
            self._start(Job(self.link.resumed(self), "csms", None, "translated"))
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
        if not self._expecting:
            return None  # as nearly always, and asked at every message
        return min((job.deadline for job in self._expecting if job.deadline is not None), default=None)

    def close(self) -> None:
        """The station's connection is gone: conversations end where they are."""
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
        self._wake()
        effects, self._effects = self._effects, []
        return effects

    def _called(self, side: Side, call: Call) -> None:
        table = self.link.from_station if side == "station" else self.link.from_csms
        row = table.get(call.action)
        job = Job(_NOTHING, side, call, row.outcome if row else "unsupported")
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

    def _refused(self, job: Job, asked: Call, error: PeerError) -> None:
        error.asked = asked
        if self._refused_before:
            entry = self.memory.get(poison.key_of(asked))
            error.lasting = poison.verdict(entry, self.unix_time) == "poison"
        self._throw(job, error)


def _nothing() -> Conversation:
    return None
    yield


_NOTHING = _nothing()
"""The conversation of a call that has not begun one."""
