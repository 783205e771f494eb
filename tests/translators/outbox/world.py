"""A station and a CSMS around a switchboard with an outbox, and a store that a crash leaves as it is."""

import json
from itertools import count
from typing import Any

from gateway.switchboard import Switchboard
from translators.effects import Close, Effect, Forget, Note, Remember, ToCsms, ToStation
from translators.frames import Call, Error, Frame, Result, decode
from translators.links import between
from translators.options import Options

Message = tuple[str, dict[str, Any]]


class World:
    """The station sends its messages one at a time and repeats the one that was not answered; the CSMS gives
    transactions numbers from 1 on. `taken`: what the CSMS has answered, in order, by the place in `sent`."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.now = 1_800_000_000.0
        self.stored: dict[str, Any] = {}
        self._unwritten: dict[str, Any] = {}
        """What is written with the next that has to be durable; None forgets."""
        self.away = False
        self.sent: list[Message] = []
        self.answered = 0
        """How many of them the station has an answer to."""
        self.numbers: dict[str, int] = {}
        """The station's numbers of its transactions, by their starts' timestamps."""
        self.taken: list[int] = []
        self.doubtful: set[int] = set()
        """Messages that a crash may have made the CSMS hear twice."""
        self.given: dict[str, int] = {}
        """The CSMS's numbers of the transactions, the same way."""
        self.asked: Call | None = None
        """The call that the CSMS has not answered yet."""
        self.told: list[Call] = []
        """Calls of the CSMS that came to the station."""
        self.closed = False
        self._calls = count(1)
        self._ids = count(1)
        self._waiting: str | None = None
        self._crash_after: int | None = None
        self.board: Switchboard
        self.connect()

    # -- the gateway ------------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """A station connection: a new stage over what was stored."""
        self.asked = None
        self.closed = False
        self._unwritten.clear()
        self._waiting = None
        memory = json.loads(json.dumps(self.stored))
        stage = between(
            self.version,
            self.version,
            options=Options(),
            memory=memory,
            new_id=lambda: f"g{next(self._ids)}",
            connected_at=self.now,
            epoch=0.0,
            outbox=True,
        )
        self.board = Switchboard(stage, station_version=self.version, csms_version=self.version, queue_calls=100)
        self.carry_out(self.board.open(self.now, away=self.away))

    def carry_out(self, effects: list[Effect]) -> None:
        """In order, as a bridge and its ledger do; a crash that was announced comes after so many of them."""
        dirty = False
        for effect in effects:
            if self._crash_after is not None:
                if self._crash_after == 0:
                    break
                self._crash_after -= 1
            if dirty and isinstance(effect, ToStation | ToCsms | Close):
                dirty = False
                self.write()
            if isinstance(effect, Remember):
                self._unwritten[effect.key] = json.loads(json.dumps(effect.value))
                dirty = dirty or not effect.behind
            elif isinstance(effect, Forget):
                self._unwritten[effect.key] = None
            elif isinstance(effect, ToStation):
                self.heard_by_station(decode(effect.frame.text))
            elif isinstance(effect, ToCsms):
                self.heard_by_csms(decode(effect.frame.text))
            elif isinstance(effect, Close):
                self.closed = True
            elif isinstance(effect, Note) and effect.kind == "call_timeout" and effect.facts["peer"] == "csms":
                self.asked = None  # its answer would be too late
        if self._crash_after is not None:
            self._crash_after = None
            self.connect()
            return
        if dirty:
            self.write()
        if self.closed:
            self.reconnect()

    def write(self) -> None:
        for key, value in self._unwritten.items():
            if value is None:
                self.stored.pop(key, None)
            else:
                self.stored[key] = value
        self._unwritten.clear()

    def reconnect(self) -> None:
        """The station comes again; the gateway has had the time to write."""
        self.write()
        self.connect()

    def crash_during(self, effects: int) -> None:
        self._crash_after = effects

    def lose_csms(self) -> None:
        self.away = True
        self.asked = None
        self.carry_out(self.board.away_csms(self.now))

    def find_csms(self) -> None:
        self.away = False
        self.carry_out(self.board.resume_csms(self.now))

    def wait(self, seconds: float) -> None:
        self.write()
        end = self.now + seconds
        while (due := self.board.deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.carry_out(self.board.tick(self.now))
        self.now = end

    # -- the station ------------------------------------------------------------------------------------------------

    @property
    def may_send(self) -> bool:
        return self._waiting is None

    def send_next(self) -> None:
        """The first message without an answer, under a new id."""
        if self._waiting is None and self.answered < len(self.sent):
            self._waiting = f"s{next(self._calls)}"
            action, payload = self.sent[self.answered]
            if "transactionId" in payload:
                payload = {**payload, "transactionId": self.numbers[payload["transactionId"]]}
            self.carry_out(self.board.from_station(Call(self._waiting, action, payload), self.now))

    def heard_by_station(self, frame: Frame) -> None:
        if isinstance(frame, Call):
            self.told.append(frame)
            return
        if frame.key != self._waiting:
            return
        self._waiting = None
        if isinstance(frame, Result):
            action, payload = self.sent[self.answered]
            if action == "StartTransaction":
                self.numbers[payload["timestamp"]] = frame.payload["transactionId"]
            self.answered += 1

    # -- the CSMS ---------------------------------------------------------------------------------------------------

    def heard_by_csms(self, frame: Frame) -> None:
        if isinstance(frame, Call):
            assert self.asked is None, "two calls at a time"
            self.asked = frame

    def answer(self) -> None:
        """The CSMS takes what it was asked."""
        assert self.asked is not None
        call, self.asked = self.asked, None
        self.carry_out(self.board.from_csms(Result(call.message_id, self.take(call)), self.now))

    def fail(self) -> None:
        assert self.asked is not None
        call, self.asked = self.asked, None
        self.carry_out(self.board.from_csms(Error(call.message_id, "InternalError", "busy"), self.now))

    def take(self, call: Call) -> dict[str, Any]:
        place = self.place(call)
        if self._crash_after is not None:
            self.doubtful.add(place)
        self.taken.append(place)
        action, payload = self.sent[place]
        if action == "StartTransaction":
            number = self.given[payload["timestamp"]] = 1 + len(self.taken)
            return {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
        if "transactionId" in payload:
            assert call.payload["transactionId"] == self.given[payload["transactionId"]], "another transaction's number"
        return {}

    def place(self, call: Call) -> int:
        """Which of the station's messages this is: their timestamps differ."""
        return next(place for place, (_, payload) in enumerate(self.sent) if moment(payload) == moment(call.payload))

    def ask_to_stop(self) -> None:
        """The CSMS asks for a transaction by its own number, and the station hears its own."""
        doubtful = {moment(self.sent[place][1]) for place in self.doubtful}
        for start, number in self.numbers.items():
            if start in self.given and start not in doubtful:
                self.told.clear()
                call = Call(f"c{next(self._calls)}", "RemoteStopTransaction", {"transactionId": self.given[start]})
                self.carry_out(self.board.from_csms(call, self.now))
                if self.told:
                    assert self.told[-1].payload == {"transactionId": number}
                    self.carry_out(self.board.from_station(Result(call.message_id, {"status": "Rejected"}), self.now))


def moment(payload: dict[str, Any]) -> str:
    values = payload.get("meterValue")
    return str(values[0]["timestamp"] if values else payload["timestamp"])
