"""Whole charges through bad weather: lost answers, lost connections, calls of the CSMS in between. Whatever happens,
each session reaches the CSMS once."""

import json
from itertools import count
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.switchboard import Switchboard
from translators.effects import Close, Effect, Note, ToCsms, ToStation
from translators.frames import Call, Result
from translators.options import Options
from translators.session import Session
from translators.v201_to_v16 import LINK

EPOCH = 1_795_000_000.0


def meter(wh: int, context: str) -> list[dict[str, Any]]:
    return [{"timestamp": "2026-11-21T10:00:00Z", "sampledValue": [{"value": wh, "context": context}]}]


def charge(evse: int, *, cable_first: bool, reading: bool) -> list[dict[str, Any]]:
    """The events of a charge of 4000 Wh, begun by card `CARD<evse>`."""
    token = {"idToken": {"idToken": f"CARD{evse}", "type": "ISO14443"}}
    begin = {"meterValue": meter(1000 * evse, "Transaction.Begin")} if reading else {}
    here = {"evse": {"id": evse, "connectorId": 1}}
    first: list[tuple[str, str, str, dict[str, Any]]] = (
        [("Started", "CablePluggedIn", "EVConnected", begin | here), ("Updated", "Authorized", "EVConnected", token)]
        if cable_first
        else [("Started", "Authorized", "Idle", token | begin | here), ("Updated", "CablePluggedIn", "EVConnected", {})]
    )
    rest: list[tuple[str, str, str, dict[str, Any]]] = [
        ("Updated", "ChargingStateChanged", "Charging", {"meterValue": meter(1000 * evse, "Sample.Periodic")}),
        ("Updated", "MeterValuePeriodic", "Charging", {"meterValue": meter(1000 * evse + 2000, "Sample.Periodic")}),
        (
            "Ended",
            "StopAuthorized",
            "EVConnected",
            token | {"meterValue": meter(1000 * evse + 4000, "Transaction.End")},
        ),
    ]
    return [
        {
            "eventType": kind,
            "timestamp": f"2026-11-21T1{number}:00:0{evse}Z",
            "triggerReason": trigger,
            "seqNo": 0,
            "transactionInfo": {"transactionId": f"tx-{evse}", "chargingState": state},
            **more,
        }
        for number, (kind, trigger, state, more) in enumerate(first + rest)
    ]


class World:
    """A station that repeats what was not answered, a CSMS that is often silent, and a gateway between them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.now = 0.0
        self.memory: dict[str, Any] = {}
        self.ids = count(1)
        events = [charge(evse, cable_first=random.random() < 0.5, reading=random.random() < 0.7) for evse in (1, 2)]
        self.queue: list[dict[str, Any]] = []
        while any(events):
            self.queue.append(random.choice([one for one in events if one]).pop(0))
        self.waiting: str | None = None
        self.to_csms: list[Call] = []
        self.to_station: list[Call] = []
        self.taken: list[tuple[Call, int | None]] = []
        self.numbers = count(0)
        self.connect()

    def connect(self) -> None:
        self.memory = json.loads(json.dumps(self.memory))
        self.now += 1.0
        options = Options(connectors={1: (1, 1), 2: (2, 1)})
        session = Session(
            LINK, options, self.memory, lambda: f"g{next(self.ids)}", connected_at=self.now + EPOCH, epoch=EPOCH
        )
        self.board = Switchboard(session, station_version="ocpp2.0.1", csms_version="ocpp1.6")
        self.waiting, self.to_csms, self.to_station = None, [], []
        self.take(self.board.open(self.now))

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Note):
                assert effect.kind not in ("invalid_output", "mapping_failed"), effect
            elif isinstance(effect, Close):
                self.connect()
                return
            elif isinstance(effect, ToCsms) and isinstance(effect.frame, Call):
                self.to_csms.append(effect.frame)
            elif isinstance(effect, ToStation) and isinstance(effect.frame, Call):
                self.to_station.append(effect.frame)
            elif isinstance(effect, ToStation) and effect.frame.key == self.waiting:
                self.waiting = None
                if isinstance(effect.frame, Result):
                    self.queue.pop(0)

    def step(self, calm: bool) -> None:
        self.now += 0.1
        chance = self.random.random() if not calm else 0.16 + 0.84 * self.random.random()
        if chance < 0.04:
            self.board.close()
            self.connect()
        elif chance < 0.08:
            self.to_csms = []
            self.take(self.board.lost_csms(self.now))
        elif chance < 0.12:
            stop = Call(f"c{next(self.ids)}", "RemoteStopTransaction", {"transactionId": self.random.randrange(3)})
            self.take(self.board.from_csms(stop, self.now))
        elif chance < 0.16:
            self.to_csms, self.to_station = [], []  # nobody answers
        elif self.to_csms and chance < 0.7:
            self.answer_of_csms(self.to_csms.pop(0))
        elif self.to_station and chance < 0.8:
            refusal = Result(self.to_station.pop(0).message_id, {"status": "Rejected"})
            self.take(self.board.from_station(refusal, self.now))
        elif self.waiting is None and self.queue:
            self.waiting = f"s{next(self.ids)}"
            self.take(self.board.from_station(Call(self.waiting, "TransactionEvent", self.queue[0]), self.now))
        elif not self.to_csms and not self.to_station and (due := self.board.deadline()) is not None:
            # A late answer would be a start the CSMS knows and nobody else: 1.6 has no remedy for that.
            self.now = max(self.now, due)
            self.take(self.board.tick(self.now))

    def answer_of_csms(self, call: Call) -> None:
        answer: dict[str, Any] = {}
        number = None
        if call.action in ("Authorize", "StartTransaction", "StopTransaction"):
            answer = {"idTagInfo": {"status": "Accepted"}}
        if call.action == "StartTransaction":
            number = next(self.numbers)
            answer["transactionId"] = number
        self.taken.append((call, number))
        self.take(self.board.from_csms(Result(call.message_id, answer), self.now))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_each_session_reaches_the_csms_once(seed: int) -> None:
    world = World(Random(seed))
    for _ in range(200):
        world.step(calm=False)
    for _ in range(400):
        world.step(calm=True)
    assert not world.queue
    starts = {number: call.payload for call, number in world.taken if call.action == "StartTransaction"}
    stops = [call.payload for call, _ in world.taken if call.action == "StopTransaction"]
    values = [call.payload for call, _ in world.taken if call.action == "MeterValues"]
    assert sorted(start["idTag"] for start in starts.values()) == ["CARD1", "CARD2"]
    assert sorted(stop["transactionId"] for stop in stops) == sorted(number for number in starts if number is not None)
    for stop in stops:
        evse = starts[stop["transactionId"]]["connectorId"]
        assert starts[stop["transactionId"]]["idTag"] == f"CARD{evse}" == stop["idTag"]
        assert starts[stop["transactionId"]]["meterStart"] in (0, 1000 * evse)
        assert stop["meterStop"] == 1000 * evse + 4000
    for value in values:
        assert starts[value["transactionId"]]["connectorId"] == value["connectorId"]
    for number in starts:
        told = [call.action for call, given in world.taken if number in (given, call.payload.get("transactionId"))]
        assert told[0] == "StartTransaction"
        assert told[-1] == "StopTransaction"
