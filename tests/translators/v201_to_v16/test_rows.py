"""Every action has its row, and every row answers: whatever fits the schema goes in, only what fits the schema comes
out, and no call stays without an answer."""

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.translators.generate import answers, calls
from translators import schemas
from translators.effects import Close, Effect, Note, ToCsms, ToStation
from translators.frames import Call, Error, NoAnswer, Result
from translators.options import Options
from translators.session import Session
from translators.v201_to_v16 import FROM_CSMS, FROM_STATION, LINK

EPOCH = 1_795_000_000.0
ONE_EVSE = {1: (1, 1), 2: (1, 2)}
SLOW = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


class Wire:
    """A session with a station and a CSMS that answer anything that fits the schema, a CALLERROR, or nothing."""

    def __init__(self, data: st.DataObject, memory: dict[str, Any], options: Options) -> None:
        self.data = data
        self.memory = memory
        self.now = 100.0
        self._ids = count(1)
        self.session = Session(LINK, options, memory, lambda: f"g{next(self._ids)}", connected_at=100.0, epoch=EPOCH)
        self.asked: list[tuple[str, Call]] = []
        self.answers: list[tuple[str, Result | Error]] = []
        self.sent: list[tuple[str, Call]] = []
        self.closed = False
        self.acknowledged: list[Call] = []
        self.take(self.session.open(self.now))

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Note):
                assert effect.kind not in ("invalid_output", "mapping_failed"), effect
            elif isinstance(effect, Close):
                self.closed = True
            elif isinstance(effect, ToStation | ToCsms):
                side = "station" if isinstance(effect, ToStation) else "csms"
                frame = effect.frame
                if isinstance(frame, Call):
                    version = LINK.station_version if side == "station" else LINK.csms_version
                    assert schemas.valid(version, frame.action, frame.payload, answer=False)
                    self.asked.append((side, frame))
                    self.sent.append((side, frame))
                else:
                    self.answers.append((side, frame))

    def call(self, side: str, action: str, payload: dict[str, Any], message_id: str) -> None:
        """Make this call and keep the conversation going until nothing is at work."""
        self.now += 1.0
        frame = Call(message_id, action, payload)
        self.take((self.session.from_station if side == "station" else self.session.from_csms)(frame, self.now))
        for _ in range(200):
            if self.asked:
                self.reply(*self.asked.pop(0))
            elif (due := self.session.deadline()) is not None:
                self.now = max(self.now, due)
                self.take(self.session.tick(self.now))
            else:
                break
        assert self.session.idle()
        mine = [reply for at, reply in self.answers if at == side and reply.key == message_id]
        assert len(mine) == (0 if self.closed else 1), (action, payload, mine)
        if mine and isinstance(mine[0], Result):
            version = LINK.station_version if side == "station" else LINK.csms_version
            assert schemas.valid(version, action, mine[0].payload, answer=True)

    def reply(self, side: str, call: Call) -> None:
        version = LINK.station_version if side == "station" else LINK.csms_version
        how = self.data.draw(st.sampled_from(["result"] * 6 + ["unsupported", "error", "silence", "lost"]), label="how")
        frame: Result | Error | NoAnswer
        if how == "result":
            frame = Result(call.message_id, self.data.draw(answers(version, call.action), label=call.action))
            self.acknowledged.append(call)
        elif how in ("unsupported", "error"):
            code = "NotSupported" if how == "unsupported" else "InternalError"
            frame = Error(call.message_id, code, "said so", {})
        else:
            frame = NoAnswer(call.message_id, 25.0, "is gone" if how == "lost" else "")
        self.now += 0.5
        self.take((self.session.from_station if side == "station" else self.session.from_csms)(frame, self.now))


def test_every_action_has_one_row() -> None:
    assert set(FROM_STATION) == schemas.STATION_ACTIONS["ocpp2.0.1"]
    assert set(FROM_CSMS) == schemas.csms_actions("ocpp1.6")


def test_rows_say_what_becomes_of_an_action() -> None:
    rows = [*FROM_STATION.items(), *FROM_CSMS.items()]
    assert all(row.summary for _, row in rows)
    mapped = [(action, row) for action, row in rows if row.outcome == "translated"]
    assert all(row.becomes and row.summary.startswith(f"{action} -> ") for action, row in mapped)
    for table, version in ((FROM_STATION, "ocpp1.6"), (FROM_CSMS, "ocpp2.0.1")):
        assert {to for row in table.values() for to in row.becomes} <= schemas.actions(version)


@pytest.mark.parametrize("known", [True, False], ids=["configured", "learned"])
@pytest.mark.parametrize("action", sorted(FROM_STATION))
def test_a_station_is_always_answered(action: str, known: bool) -> None:
    @SLOW
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        wire = Wire(data, {}, Options(connectors=ONE_EVSE if known else {}))
        wire.call("station", action, data.draw(calls("ocpp2.0.1", action), label="call"), "s1")

    holds()


@pytest.mark.parametrize("action", sorted(FROM_CSMS))
def test_a_csms_is_always_answered(action: str) -> None:
    @SLOW
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        wire = Wire(data, {}, Options(connectors=ONE_EVSE))
        wire.call("csms", action, data.draw(calls("ocpp1.6", action), label="call"), "c1")

    holds()


TX = ("7f3f0a5e-6a0c-5c7e-9d53-2f6f5b1a9c11", "tx-2")
PLACES = st.sampled_from([None, {"id": 1}, {"id": 1, "connectorId": 1}, {"id": 1, "connectorId": 2}])


@st.composite
def charging(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """A message of the life of a charge: few transactions and connectors, so that they meet."""
    action = draw(
        st.sampled_from(["TransactionEvent"] * 6 + ["StatusNotification", "RemoteStopTransaction", "UnlockConnector"])
    )
    if action in FROM_CSMS:
        payload = draw(calls("ocpp1.6", action))
        name = "transactionId" if action == "RemoteStopTransaction" else "connectorId"
        return "csms", action, {**payload, name: draw(st.integers(0, 2))}
    payload = json.loads(json.dumps(draw(calls("ocpp2.0.1", action))))
    if action == "StatusNotification":
        return "station", action, {**payload, "evseId": 1, "connectorId": draw(st.integers(1, 2))}
    payload["transactionInfo"]["transactionId"] = draw(st.sampled_from(TX))
    payload.pop("evse", None)
    evse = draw(PLACES)
    if evse is not None:
        payload["evse"] = evse
    if "idToken" in payload:
        payload["idToken"] = {"idToken": draw(st.sampled_from(["AA", "BB", "y" * 30])), "type": "Central"}
    return "station", action, payload


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.lists(charging(), min_size=2, max_size=12))
def test_the_life_of_a_charge(data: st.DataObject, messages: list[tuple[str, str, dict[str, Any]]]) -> None:
    memory: dict[str, Any] = {}
    acknowledged: list[Call] = []
    wire = Wire(data, memory, Options(connectors=ONE_EVSE))
    for number, (side, action, payload) in enumerate(messages):
        if wire.closed:  # the station comes back, with what the store has
            memory = json.loads(json.dumps(memory))
            acknowledged += wire.acknowledged
            wire = Wire(data, memory, Options(connectors=ONE_EVSE))
        wire.call(side, action, payload, f"{side}{number}")
    acknowledged += wire.acknowledged
    taken = [call.action for call in acknowledged]
    records = {key: record for key, record in memory.items() if key.startswith("tx/")}
    # What the CSMS has taken is never told it again.
    assert taken.count("StartTransaction") == sum("transactionId" in record for record in records.values())
    assert taken.count("StopTransaction") == sum("transactionId" in one and "ended" in one for one in records.values())
    for record in records.values():
        assert len(record.get("answers", [])) <= 8
        assert "asked" not in record
        assert type(record.get("transactionId", 0)) is int
