"""One station and its backend: paced, paired, translated. PURE.

Frames come in as they were read; effects go out in the order they are to be carried out. A station's call goes into
the stage when the one before is answered, and so does a CSMS's; the two never wait for each other.
"""

from collections.abc import Callable
from math import inf

from gateway.pacing import Settled
from gateway.peers import BusyError, Peer
from translators.effects import Close, Copy, Effect, Note, ToCsms, ToStation, Work
from translators.frames import (
    CALL,
    CALLERROR,
    CALLRESULT,
    CALLRESULTERROR,
    BadFrame,
    Call,
    Error,
    Frame,
    NoAnswer,
    Payload,
    Result,
    decode,
)
from translators.stage import Stage
from translators.story import Story

Told = Callable[[Result | Error | NoAnswer], None]
"""Who is told what became of a call of an operator."""


class Switchboard:
    """The state machine of one station connection with one upstream connection."""

    __slots__ = ("_closed", "_csms", "_entered_at", "_mend_text", "_operators", "_station", "copies", "stage", "story")

    def __init__(
        self,
        stage: Stage,
        *,
        station_version: str,
        csms_version: str,
        call_timeout: float = 25.0,
        queue_calls: int = 16,
        mend_text: Callable[[str], str] | None = None,
        copies: bool = False,
        story: Story | None = None,
    ) -> None:
        """`mend_text`: what this station means by a text that is not JSON (`translators.quirked.text_mend`). `copies`:
        every answer to the station is followed by a `Copy`, for those who follow what it says. `story`: who listens to what
        it tells of itself."""
        self.stage = stage
        self.story = story
        self._mend_text = mend_text
        self.copies = copies
        self._entered_at = 0.0
        self._station = Peer("station", station_version, call_timeout, queue_calls, stage.from_station, ToStation)
        self._csms = Peer("csms", csms_version, call_timeout, queue_calls, stage.from_csms, ToCsms)
        self._operators: dict[str, Told] | None = None
        """Who asked for the calls that no CSMS made, by their ids."""
        self._closed = False

    @property
    def station_full(self) -> bool:
        """Whether to stop reading from the station: its calls arrive faster than they are answered."""
        return self._station.turnstile.full

    def open(self, now: float, *, away: bool = False) -> list[Effect]:
        """The station is connected; `away`: its CSMS is not, and the stage stands in for it."""
        return (self.away_csms(now) if away else []) + self._route(self.stage.open(now), now)

    def from_station(self, frame: Frame, now: float) -> list[Effect]:
        return self._from(self._station, frame, now)

    def from_csms(self, frame: Frame, now: float) -> list[Effect]:
        return self._from(self._csms, frame, now)

    def bad_from_station(self, bad: BadFrame, now: float) -> list[Effect]:
        if self._mend_text is not None and bad.kind == "not_json":
            try:
                frame = decode(self._mend_text(bad.text))
            except BadFrame:
                return self._bad(self._station, bad, now)
            action = frame.action if isinstance(frame, Call) else ""
            note = Note("mended", {"version": self._station.version, "action": action, "what": ["text"]})
            return [note, *self.from_station(frame, now)]
        return self._bad(self._station, bad, now)

    def bad_from_csms(self, bad: BadFrame, now: float) -> list[Effect]:
        return self._bad(self._csms, bad, now)

    def tick(self, now: float) -> list[Effect]:
        """Whatever is due by now: calls that timed out, conversations that waited long enough."""
        out: list[Effect] = []
        for peer in (self._csms, self._station):
            expired = peer.lane.expire(now)
            if expired is not None:
                out += self._settled(peer, expired, now)
        due = self.stage.deadline()
        if due is not None and due <= now:
            out += self._route(self.stage.tick(now), now)
        return out

    def deadline(self) -> float | None:
        """When `tick` is next due, or None."""
        first = self.stage.deadline()
        due, other = self._station.lane.due, self._csms.lane.due
        if other < due:
            due = other
        if due < inf and (first is None or due < first):
            return due
        return first

    def done(self, work: Work, result: Payload, now: float) -> list[Effect]:
        """What came of something that the stage asked for."""
        return [] if self._closed else self._route(work.done(result, now), now)

    def hold_csms(self) -> None:
        """The upstream connection is gone and may come back: calls to it wait; its own calls are nobody's now."""
        self._csms.lane.hold()
        self._csms.turnstile.lose()

    def away_csms(self, now: float) -> list[Effect]:
        """The upstream connection is gone, and the session goes on without it: what waits for it comes back unanswered
        to a stage that stands in for it, its own calls are nobody's now. `resume_csms` ends it."""
        return self._route(self.stage.away(now), now) + self.lost_csms(now)

    def resume_csms(self, now: float) -> list[Effect]:
        """There is a new upstream connection: what it must be told first, then what waited, in order."""
        waited = self._csms.lane.release()
        out = self._route(self.stage.resumed(now), now)
        for call in waited:
            if self._csms.lane.send(call, now) is not None:
                out.append(ToCsms(call))
        return out

    def lost_csms(self, now: float) -> list[Effect]:
        """The upstream connection is gone: what waits for it comes back unanswered, what it asked is answered to
        nobody."""
        out: list[Effect] = []
        self._csms.turnstile.lose()
        for settled in self._csms.lane.lose(now):
            out += self._settled(self._csms, settled, now)
        return out

    def call(self, call: Call, told: Told, now: float) -> list[Effect]:
        """An operator's call to the station, past the stage: `told` hears what becomes of it, the CSMS never does.
        Raises BusyError."""
        if self._closed:
            told(NoAnswer(call.message_id, 0.0, "is gone"))
            return []
        if self._operators is None:
            self._operators = {}
        if len(self._operators) >= self._station.turnstile.limit:
            raise BusyError(f"{len(self._operators)} calls are waiting")
        self._operators[call.key] = told
        return [ToStation(call)] if self._station.lane.send(call, now) is not None else []

    # -- the change of the backend ----------------------------------------------------------------------------------

    def shut(self) -> None:
        """Let no call in any more, from either side: what is at work comes to its end, what arrives waits."""
        self._station.turnstile.shut()
        self._csms.turnstile.shut()

    def reopen(self, now: float) -> list[Effect]:
        """Go on after `shut`, with what waited first."""
        out: list[Effect] = []
        for peer in (self._station, self._csms):
            entering = peer.turnstile.reopen()
            if entering is not None:
                out += self._route(self._enter(peer, entering, now), now)
        return out

    def quiet(self) -> bool:
        """Whether nothing is at work, in either direction: no call, no conversation."""
        return self.stage.idle() and self._station.quiet and self._csms.quiet

    def hold_station(self) -> None:
        """Somebody else speaks for the station: calls to it wait until `meet`."""
        self._station.lane.hold()

    def meet(self, waited: list[Call], now: float) -> list[Effect]:
        """The station itself is here: the calls that waited for it go to it, and its own that `waited` come in."""
        lane = self._station.lane
        out: list[Effect] = [ToStation(call) for call in lane.release() if lane.send(call, now) is not None]
        for call in waited:
            out += self._called(self._station, call, now)
        return out

    def taken_over(self) -> list[Call]:
        """The station's calls that wait, for the board that takes its place."""
        return self._station.turnstile.taken_over()

    def close(self) -> None:
        self._closed = True
        self.stage.close()
        operators, self._operators = self._operators, None
        for message_id, told in (operators or {}).items():
            told(NoAnswer(message_id, 0.0, "is gone"))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _from(self, peer: Peer, frame: Frame, now: float) -> list[Effect]:
        if self._closed:
            return []
        if isinstance(frame, Call):
            if frame.type == CALL:
                return self._called(peer, frame, now)
            copied: list[Effect] = [Copy(frame, None)] if self.copies and peer is self._station else []
            return self._route([*peer.feed(frame, now), *copied], now)
        if frame.type == CALLRESULTERROR:
            return self._route(peer.feed(frame, now), now)
        settled = peer.lane.settle(frame, now)
        if settled is None:
            # Never answered, never a reason to close (late answers are common), never given to another call.
            kind = "late_answer" if peer.lane.was_late(frame) else "unmatched"
            return [Note(kind, {"peer": peer.name})]
        return self._settled(peer, settled, now)

    def _called(self, peer: Peer, call: Call, now: float) -> list[Effect]:
        turnstile = peer.turnstile
        if turnstile.repeats(call):
            return [Note("repeated_call", {"peer": peer.name, "action": call.action})]
        if peer is self._csms and turnstile.full:
            # A station is never told so, a transaction message could be lost by it: the reader stops instead.
            return peer.busy(call)
        entering = turnstile.arrive(call)
        effects = self._route(self._enter(peer, entering, now), now) if entering is not None else []
        if type(call.message_id) is str:
            return effects
        return [
            Note("mended", {"version": peer.version, "action": call.action, "what": ["integer message id"]}),
            *effects,
        ]

    def _enter(self, peer: Peer, call: Call, now: float) -> list[Effect]:
        # Not called where it is found: CPython would look for a method first, each time.
        feed = peer.feed
        if peer is self._station:
            self._entered_at = now
            if self.story is not None and (told := self.story.received(call)):
                return told + feed(call, now)
        return feed(call, now)

    def _settled(self, peer: Peer, settled: Settled, now: float) -> list[Effect]:
        out: list[Effect] = [peer.told(settled)]
        told = self._operators.pop(settled.call.key, None) if self._operators and peer is self._station else None
        if told is not None:
            told(settled.answer)
        else:
            feed = peer.feed
            out += self._route(feed(settled.answer, now), now)
        following = peer.lane.next(now)
        if following is not None:
            out.append(peer.write(following))
        return out

    def _bad(self, peer: Peer, bad: BadFrame, now: float) -> list[Effect]:
        """A text that is no frame."""
        out: list[Effect] = [peer.bad(bad)]
        if bad.message_type in (CALLRESULT, CALLERROR):
            settled = peer.lane.fail(str(bad.message_id), f"gave an unreadable answer: {bad.why}", now)
            return out + self._settled(peer, settled, now) if settled is not None else out
        return out + peer.refusal_of(bad)

    def _route(self, effects: list[Effect], now: float) -> list[Effect]:
        """Pace the frames among the effects, a list that nobody else holds; let the next call in where one was
        answered."""
        out: list[Effect] = []
        if self._closed:
            return out
        for effect in effects:  # which grow meanwhile
            if type(effect) is ToStation:
                peer = self._station
            elif type(effect) is ToCsms:
                peer = self._csms
            else:
                out.append(effect)
                if type(effect) is Close:
                    self._closed = True
                    break
                continue
            frame = effect.frame
            if isinstance(frame, Call):
                if frame.type != CALL or peer.lane.send(frame, now) is not None:
                    out.append(effect)
            elif frame.type == CALLRESULTERROR:
                out.append(effect)
            else:
                key, turnstile = frame.key, peer.turnstile
                # What a connection asked that is gone is answered to nobody.
                expected = turnstile.expects(key)
                out.append(effect if expected else Note("stale_answer", {"peer": peer.name}))
                if peer is self._station:
                    if self.story is not None:
                        out += self.story.sent(frame)
                    if self.copies and expected:
                        out.append(self._copy(frame, now))
                entering = turnstile.answered(key)
                if entering is not None:
                    effects += self._enter(peer, entering, now)
        return out

    def _copy(self, answer: Frame, now: float) -> Copy:
        call = self._station.turnstile.inside
        assert call is not None
        assert isinstance(answer, Result | Error)
        return Copy(call, answer, now - self._entered_at)
