"""A station, its primary and one follower around a `Shadow`, without sockets: what the follower hears, and says."""

import json
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

from gateway.comparison import Compared
from gateway.shadow import Act, Dropped, HangUp, Reach, Shadow
from translators.effects import Answered, Copy, Forget, Note, Remember, ToCsms
from translators.frames import Call, Error, Result, decode
from translators.links import between
from translators.options import Options

BEGAN = 1_800_000_000.0
Answer = Callable[[str, dict[str, Any]], Any]
"""action, payload -> payload of the answer, ("code", text) for a CALLERROR, None for silence."""


class World:
    """`heard`: [action, payload] of every call the follower got; `answers`: what it was answered to its own calls."""

    def __init__(
        self,
        station: str = "ocpp1.6",
        follower: str = "ocpp1.6",
        answer: Answer | None = None,
        memory: dict[str, Any] | None = None,
        **more: Any,
    ) -> None:
        self.station, self.follower = station, follower
        self.answer = answer or (lambda action, payload: {})
        self.memory: dict[str, Any] = {} if memory is None else memory
        self.stored: dict[str, Any] = dict(self.memory)
        self.now = 1000.0
        self._numbers = count(1)
        self.heard: list[list[Any]] = []
        self.texts: list[str] = []
        self.answers: dict[str, Any] = {}
        self.reached: list[Call] = []
        self.compared: list[Compared] = []
        self.dropped = self.hung_up = 0
        self.notes: list[Note] = []
        options = Options(identity="CP-1", provision=False)
        stage = between(
            station,
            follower,
            options=options,
            memory=self.memory,
            new_id=self.new_id,
            connected_at=BEGAN,
            epoch=BEGAN - self.now,
        )
        self.shadow = Shadow(
            stage,
            station_version=station,
            csms_version=follower,
            memory=self.memory,
            new_id=self.new_id,
            **more,
        )

    def new_id(self) -> str:
        return f"g{next(self._numbers)}"

    def back(self) -> None:
        self._do(self.shadow.back(self.now))

    def lost(self) -> None:
        self.shadow.lost(self.now)

    def later(self, seconds: float) -> None:
        self.now += seconds
        self._do(self.shadow.tick(self.now))

    def says(self, action: str, payload: dict[str, Any], answer: dict[str, Any] | Error | None = None) -> None:
        """The station says this and has this answer of the primary."""
        call = decode(json.dumps([2, f"s{next(self._numbers)}", action, payload]))
        assert isinstance(call, Call)
        reply = answer if isinstance(answer, Error) else Result(call.message_id, answer or {})
        self._do(self.shadow.copied(Copy(call, reply, 0.01), self.now))

    def calls(self, action: str, payload: dict[str, Any]) -> str:
        """The follower calls the station."""
        message_id = f"f{next(self._numbers)}"
        self._do(self.shadow.from_follower(Call(message_id, action, payload), self.now))
        return message_id

    def replies(self, payload: dict[str, Any]) -> None:
        """The real station answers the call that reached it last."""
        self._do(self.shadow.from_station(Result(self.reached[-1].message_id, payload), self.now))

    def heard_of(self, action: str) -> list[Any]:
        return [payload for name, payload in self.heard if name == action]

    def _do(self, acts: list[Act]) -> None:
        todo = deque(acts)
        while todo:
            act = todo.popleft()
            if isinstance(act, ToCsms):
                todo.extend(self._to_follower(act))
            elif isinstance(act, Remember):
                self.stored[act.key] = act.value
            elif isinstance(act, Forget):
                self.stored.pop(act.key, None)
            elif isinstance(act, Reach):
                self.reached.append(act.call)
            elif isinstance(act, Compared):
                self.compared.append(act)
            elif isinstance(act, Dropped):
                self.dropped += act.copies
            elif isinstance(act, HangUp):
                self.hung_up += 1
            elif isinstance(act, Note):
                self.notes.append(act)
            elif isinstance(act, Answered):
                pass
            else:
                raise AssertionError(act)
        assert self.stored == self.memory

    def _to_follower(self, act: ToCsms) -> list[Act]:
        frame = decode(act.frame.text)
        self.texts.append(act.frame.text)
        if not isinstance(frame, Call):
            self.answers[frame.key] = frame.payload if isinstance(frame, Result) else (frame.code, frame.description)
            return []
        self.heard.append([frame.action, frame.payload])
        given = self.answer(frame.action, frame.payload)
        if given is None:
            return []
        answer = Error(frame.message_id, *given) if isinstance(given, tuple) else Result(frame.message_id, given)
        received = decode(answer.text)
        return self.shadow.from_follower(received, self.now)


def numbering(first: int = 1, status: str = "Accepted") -> Answer:
    """A 1.6 CSMS that counts its transactions."""
    numbers = count(first)

    def answer(action: str, payload: dict[str, Any]) -> Any:
        if action == "StartTransaction":
            return {"transactionId": next(numbers), "idTagInfo": {"status": status}}
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": "2026-11-21T10:00:00Z", "interval": 300}
        if action in ("Authorize", "StopTransaction"):
            return {"idTagInfo": {"status": status}}
        return {"currentTime": "2026-11-21T10:00:00Z"} if action == "Heartbeat" else {}

    return answer


def csms_201(action: str, payload: dict[str, Any]) -> Any:
    """A 2.0.1 CSMS that accepts everything."""
    if action == "BootNotification":
        return {"status": "Accepted", "currentTime": "2026-11-21T10:00:00Z", "interval": 300}
    if action in ("Authorize", "TransactionEvent"):
        return {"idTokenInfo": {"status": "Accepted"}}
    return {"currentTime": "2026-11-21T10:00:00Z"} if action == "Heartbeat" else {}
