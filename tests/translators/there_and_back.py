"""Two links in a row of which the second undoes the first: station and CSMS speak the same version again."""

from itertools import count
from typing import Any

from translators import schemas
from translators.chain import Chain
from translators.effects import Close, Effect, Note, ToCsms, ToStation
from translators.frames import Call, Error, NoAnswer, Result
from translators.links import LINKS
from translators.options import Options
from translators.session import Session

EPOCH = 1_795_255_200.0
"""2026-11-21T10:00:00Z"""
Payload = dict[str, Any]
Answers = dict[str, Payload]


class ThereAndBack:
    """What one side is asked stands in `heard`, oldest first. It answers what `answers` has for the action, and knows
    no other."""

    def __init__(self, version: str, between: str, options: Options) -> None:
        self.version = version
        self.answers: dict[str, Answers] = {"station": {}, "csms": {}}
        self.heard: dict[str, list[tuple[str, Payload]]] = {"station": [], "csms": []}
        self.lost: set[str] = set()
        self.now = 0.0
        ids = count(1)
        self.stage = Chain(
            [
                Session(
                    LINKS[way],
                    options,
                    {},
                    lambda: f"g{next(ids)}",
                    connected_at=EPOCH,
                    epoch=EPOCH,
                    faces_station=not place,
                    guards=False,
                )
                for place, way in enumerate(((version, between), (between, version)))
            ]
        )
        self._asked: list[tuple[str, Call]] = []
        self._replies: dict[str, Result | Error] = {}
        self._ids = count(1)
        self._take(self.stage.open(self.now))
        self._settle()

    def station(self, action: str, payload: Payload, answer: Payload | None = None) -> Payload | None:
        return self._call("station", "csms", action, payload, answer)

    def csms(self, action: str, payload: Payload, answer: Payload | None = None) -> Payload | None:
        return self._call("csms", "station", action, payload, answer)

    def last(self, side: str, action: str) -> Payload:
        """What this side was asked last by this name."""
        return next(payload for name, payload in reversed(self.heard[side]) if name == action)

    def _call(self, side: str, other: str, action: str, payload: Payload, answer: Payload | None) -> Payload | None:
        """Make the call, and let everything that follows from it happen: the answer, None for a CALLERROR. `answer`:
        what the other side answers to this action from now on."""
        if answer is not None:
            self.answers[other][action] = answer
        self.now += 1.0
        call = Call(f"{side}{next(self._ids)}", action, payload)
        self._feed(side, call)
        self._settle()
        reply = self._replies[call.key]
        return reply.payload if isinstance(reply, Result) else None

    def _settle(self) -> None:
        for _ in range(300):
            if self._asked:
                side, call = self._asked.pop(0)
                answer = self.answers[side].get(call.action)
                frame = Error(call.message_id, "NotImplemented") if answer is None else Result(call.message_id, answer)
                self._feed(side, frame)
            elif (due := self.stage.deadline()) is not None:
                self.now = max(self.now, due)
                self._take(self.stage.tick(self.now))
            else:
                return
        raise AssertionError("this never ends")

    def _feed(self, side: str, frame: Call | Result | Error | NoAnswer) -> None:
        self._take((self.stage.from_station if side == "station" else self.stage.from_csms)(frame, self.now))

    def _take(self, effects: list[Effect]) -> None:
        for effect in effects:
            assert not isinstance(effect, Close), effect
            if isinstance(effect, Note):
                assert effect.kind not in ("invalid_output", "mapping_failed", "unmatched"), effect
                if effect.kind == "lost":
                    self.lost.add(effect.facts["field"])
            elif isinstance(effect, ToStation | ToCsms):
                side = "station" if isinstance(effect, ToStation) else "csms"
                frame = effect.frame
                if isinstance(frame, Call):
                    assert schemas.valid(self.version, frame.action, frame.payload, answer=False), frame.text
                    self.heard[side].append((frame.action, frame.payload))
                    self._asked.append((side, frame))
                else:
                    self._replies[frame.key] = frame
