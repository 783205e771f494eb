"""The stage nearest to the station: guarded calls that were let through are looked at once more, in the station's own
version, whatever the CSMS's.

With `adopt` what the gateway verifies changes together with the station. A new secret or certificate is known before the
station is told of it, and what the station answers decides which counts; what would lock the station out is refused. With
`station_certificates: gateway` the station's certificate is signed here. Each of these calls is noted with what became of
it (`guarded`: `call`, its name in `guard`, `rule`, `outcome`), never with its value.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from translators import adopted, guard, signing, transfers
from translators.around import Around
from translators.effects import Effect, Note, Remember, ToStation, Work
from translators.frames import BadFrame, Call, Error, Frame, NoAnswer, Payload, Result
from translators.looks import Look, looked_at, outcomes, refusal
from translators.options import Options
from translators.stage import Stage

_LOOKED_AT = guard.ACTIONS | {guard.TRANSFER}
_SETTLED = {"accepted": adopted.taken, "reboot_required": adopted.taken, "rejected": adopted.refused}
Reply = Result | Error | NoAnswer


@dataclass(slots=True)
class _Change:
    """A change that the station has not answered: of which item, and where it is remembered under which id."""

    look: Look
    key: str = ""
    change: str = ""


@dataclass(slots=True)
class _Watched:
    call: Call
    changes: list[_Change] = field(default_factory=list)


class Warden(Around):
    """A Stage around another: frames pass it on their way between the station and `inner`."""

    __slots__ = (
        "_asked",
        "_memory",
        "_new_id",
        "_options",
        "_ours",
        "_own",
        "_rules",
        "_watched",
        "_working",
        "version",
    )

    def __init__(
        self,
        inner: Stage,
        version: str,
        csms_version: str,
        options: Options,
        memory: dict[str, Any],
        new_id: Callable[[], str],
    ) -> None:
        super().__init__(inner)
        self.version = version
        self._options = options
        self._rules: Mapping[str, str] = options.guard
        self._ours = "reject" if (version == "ocpp1.6") != (csms_version == "ocpp1.6") else "adopt"
        """What holds for the station's own certificate where configuration says nothing."""
        self._memory = memory
        self._new_id = new_id
        self._watched: dict[str, _Watched] = {}
        self._asked: dict[str, Call] = {}
        """The station's own requests for a certificate, on their way to the CSMS."""
        self._own: dict[str, Callable[[Reply, float], list[Effect]]] = {}
        """Calls of our own, with what is to be done with their answers."""
        self._working = 0

    # -- Stage ------------------------------------------------------------------------------------------------------

    def from_station(self, frame: Frame | NoAnswer, now: float) -> list[Effect]:
        before: list[Effect] = []
        if isinstance(frame, Call):
            if frame.action == "SignCertificate" and frame.type == Call.type and not guard.is_call_for_car(frame):
                if self._options.adoption.signs:
                    return self._signed_here(frame)
                if self._rule_of_certificates("SignCertificate") != "reject":
                    self._asked[frame.key] = frame
        elif frame.key in self._own:
            return self._own.pop(frame.key)(frame, now)
        elif frame.key in self._watched:
            before = self._settled(self._watched.pop(frame.key), frame)
        after = self._out(self.inner.from_station(frame, now), now)
        return before + after if before else after

    def close(self) -> None:
        self._watched.clear()
        self._asked.clear()
        self._own.clear()
        super().close()

    def idle(self) -> bool:
        return not (self._working or self._own) and super().idle()

    # -- calls to the station ---------------------------------------------------------------------------------------

    def _out(self, effects: list[Effect], now: float) -> list[Effect]:
        for effect in effects:
            if type(effect) is ToStation and self._concerns(effect.frame):
                break
        else:
            return effects
        out: list[Effect] = []
        work = deque(effects)
        while work:
            effect = work.popleft()
            if isinstance(effect, ToStation):
                frame = effect.frame
                if isinstance(frame, Call) and frame.action in _LOOKED_AT:
                    made, answer = self._looked_at(frame)
                    out += made
                    if answer is not None:
                        work.extend(self.inner.from_station(answer, now))
                    continue
                if self._asked and isinstance(frame, Result | Error):
                    out += self._answered(frame)
            out.append(effect)
        return out

    def _concerns(self, frame: Frame) -> bool:
        return frame.action in _LOOKED_AT if isinstance(frame, Call) else bool(self._asked)

    def _looked_at(self, call: Call) -> tuple[list[Effect], Result | None]:
        """What to do with a call to the station, or the answer in its place."""
        try:
            payload = call.payload
        except BadFrame:
            return [ToStation(call)], None
        if call.action == guard.TRANSFER:
            return self._unpacked(call, transfers.guarded(payload, self._rules))
        looks = looked_at(self.version, call.action, payload, self._options, self._rule_of_certificates)
        if not looks:
            return [ToStation(call)], None
        if any(look.secret is not None for look in looks) and adopted.is_full(self._memory.get(adopted.SECRET)):
            for look in looks:
                look.objection = look.objection or ("too many changes unanswered" if look.secret is not None else None)
        if any(look.objection for look in looks):
            notes: list[Effect] = [
                self._note(call.action, look, "refused", why=look.objection) for look in looks if look.objection
            ]
            return notes, Result(call.message_id, refusal(self.version, call.action, payload, looks))
        watched = _Watched(call, [_Change(look) for look in looks])
        return self._prepared(watched, [one for one in watched.changes if one.look.works]), None

    def _unpacked(self, call: Call, within: transfers.Carried | None) -> tuple[list[Effect], Result | None]:
        """As `_looked_at`, of a call in a DataTransfer."""
        if within is None:
            return [ToStation(call)], None
        look = Look(within.name, within.rule)
        if within.is_to_be_asked and self._ours == "reject":
            return [ToStation(call)], None  # the link's own, which has asked already
        if within.rule == "forward":
            self._watched[call.key] = _Watched(call, [_Change(look)])
            return [ToStation(call)], None
        refused: list[Effect] = [self._note(call.action, look, "refused", why=transfers.WHY)]
        answer = Result(call.message_id, {"status": "Rejected"})
        if not within.is_to_be_asked or (ask := guard.question(self.version, within.name)) is None:
            return refused, answer
        own = Call(self._new_id(), ask.action, ask.payload)

        def told(reply: Reply, now: float) -> list[Effect]:
            if transfers.is_harmless(self.version, within, ask, reply):
                return [ToStation(call)]
            return refused + self._out(self.inner.from_station(answer, now), now)

        self._own[own.key] = told
        return [ToStation(own)], None

    def _prepared(self, watched: _Watched, left: list[_Change]) -> list[Effect]:
        """One thing after another that is to be known before the station is told; then the call itself."""
        if not left:
            self._watched[watched.call.key] = watched
            return [ToStation(watched.call)]
        one, *others = left
        kind, value = ("hash", one.look.secret) if one.look.secret is not None else ("certificate", one.look.chain)

        def done(result: Payload, now: float) -> list[Effect]:
            self._working -= 1
            return self._known(watched.call.action, one, result) + self._prepared(watched, others)

        self._working += 1
        return [Work(kind, value or "", done)]

    def _known(self, action: str, one: _Change, result: Payload) -> list[Effect]:
        effects: list[Effect] = []
        if one.look.secret is not None:
            one.key = adopted.SECRET
        else:
            if not result["trusted"]:
                # The station would be refused with it, so somebody must know before it has it.
                effects.append(Note("station_certificate_untrusted", {"action": action, "why": result["why"]}))
            if result["lines"]:
                one.key = adopted.CERTIFICATE
        return effects + (self._begun(one, result) if one.key else [])

    def _begun(self, one: _Change, result: Payload) -> list[Effect]:
        one.change = self._new_id()
        record = adopted.begun(self._memory.get(one.key), result["over"], one.change, result["lines"])
        return self._remembered(one.key, record)

    def _settled(self, watched: _Watched, reply: Reply) -> list[Effect]:
        """The station's word on each change. Without one both the old and the new hold."""
        effects: list[Effect] = []
        told = outcomes(watched.call.action, reply, [one.look for one in watched.changes])
        for one, outcome in zip(watched.changes, told, strict=True):
            effects += self._settle(one.key, one.change, outcome)
            effects.append(self._note(watched.call.action, one.look, outcome))
        return effects

    def _settle(self, key: str, change: str, outcome: str) -> list[Effect]:
        rule = _SETTLED.get(outcome)
        if rule is None or not key:
            return []
        record = rule(self._memory.get(key), change)
        return [] if record is None else self._remembered(key, record)

    def _remembered(self, key: str, record: adopted.Record) -> list[Effect]:
        self._memory[key] = record
        return [Remember(key, record)]

    # -- the station's own certificate ------------------------------------------------------------------------------

    def _rule_of_certificates(self, action: str) -> str:
        return self._rules.get(action, self._ours)

    def _answered(self, frame: Result | Error) -> list[Effect]:
        call = self._asked.pop(frame.key, None)
        if call is None:
            return []
        look = Look("SignCertificate", self._rule_of_certificates("SignCertificate"))
        return [self._note("SignCertificate", look, outcomes("SignCertificate", frame, [look])[0])]

    def _signed_here(self, call: Call) -> list[Effect]:
        """SignCertificate, answered here. A02 of 2.0.1, the 1.6 security whitepaper: the certificate follows the answer,
        in a call of our own."""
        look = Look("SignCertificate", "gateway")

        def refused(why: str) -> list[Effect]:
            answer = signing.refused(self.version)
            note = self._note("SignCertificate", look, "refused", why=why)
            return [note, ToStation(Result(call.message_id, answer))]

        try:
            payload = call.payload
        except BadFrame as bad:
            return refused(bad.why)
        if not isinstance(payload.get("csr"), str):
            return refused("no request in it")
        if self._working or self._own:
            return refused("another is at work")

        def done(result: Payload, now: float) -> list[Effect]:
            self._working -= 1
            if "why" in result:
                return refused(result["why"])
            question = Call(self._new_id(), *signing.question(self.version))
            self._own[question.key] = lambda reply, _: self._sized(payload, result, reply)
            return [ToStation(Result(call.message_id, {"status": "Accepted"})), ToStation(question)]

        self._working += 1
        return [Work("sign", payload["csr"], done)]

    def _sized(self, request: Payload, result: Payload, reply: Reply) -> list[Effect]:
        look, longest = Look("SignCertificate", "gateway"), signing.longest(self.version, reply)
        chain = next((one for one in (result["chain"], result["leaf"]) if len(one) <= longest), None)
        if chain is None:
            return [self._note("CertificateSigned", look, "refused", why=f"longer than the {longest} it takes")]
        own = Call(self._new_id(), "CertificateSigned", signing.signed(self.version, request, chain))
        one = _Change(look, adopted.CERTIFICATE if result["lines"] else "")
        effects = self._begun(one, result) if one.key else []
        self._own[own.key] = lambda answer, _: self._settled(_Watched(own, [one]), answer)
        return [*effects, ToStation(own)]

    # -- telling ----------------------------------------------------------------------------------------------------

    def _note(self, action: str, look: Look, outcome: str, **more: Any) -> Note:
        return Note("guarded", {"action": action, "call": look.name, "rule": look.rule, "outcome": outcome, **more})
