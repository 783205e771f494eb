"""Every action has its row, and every row answers: whatever fits the schema goes in, only what fits the schema comes
out, and no call stays without an answer."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.translators.generate import calls
from tests.translators.v16_to_v201.wire import Wire
from translators import schemas
from translators.frames import Call, Result
from translators.options import Options
from translators.v16_to_v201 import FROM_CSMS, FROM_STATION

CABINET = Options(connectors={1: (1, 1), 2: (1, 2)})
QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
BOOTED: dict[str, Any] = {"station/boot": {"call": {"chargePointVendor": "A", "chargePointModel": "B"}, "at": 1.0}}


def test_every_action_has_one_row() -> None:
    assert set(FROM_STATION) == schemas.STATION_ACTIONS["ocpp1.6"]
    assert set(FROM_CSMS) == schemas.csms_actions("ocpp2.0.1")


def test_rows_say_what_becomes_of_an_action() -> None:
    for table, far in ((FROM_STATION, "ocpp2.0.1"), (FROM_CSMS, "ocpp1.6")):
        for action, row in table.items():
            assert action in row.summary
            assert set(row.becomes) <= schemas.actions(far)
            assert bool(row.becomes) == (row.outcome == "translated")
            assert row.outcome != "translated" or row.summary.startswith(f"{action} -> ")


@pytest.mark.parametrize("known", [True, False], ids=["booted-elsewhere", "unknown"])
@pytest.mark.parametrize("action", sorted(FROM_STATION))
def test_a_station_is_always_answered(action: str, known: bool) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        wire = Wire(data, json.loads(json.dumps(BOOTED)) if known else {}, CABINET)
        # A boot that the new backend does not accept is replayed for as long as the station is there.
        wire.call("station", action, data.draw(calls("ocpp1.6", action), label="call"), "s1", goes_on=known)

    holds()


@pytest.mark.parametrize("action", sorted(FROM_CSMS))
def test_a_csms_is_always_answered(action: str) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        wire = Wire(data, {}, data.draw(st.sampled_from([CABINET, Options()])))
        wire.call("csms", action, data.draw(calls("ocpp2.0.1", action), label="call"), "c1")

    holds()


@st.composite
def charging(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """A message of the life of a charge: few connectors, tags and numbers, so that they meet."""
    station = ["StartTransaction", "MeterValues", "StatusNotification", "StopTransaction"]
    action = draw(st.sampled_from([*station * 3, "Reset", "RequestStartTransaction", "UnlockConnector"]))
    if action in FROM_CSMS:
        payload = draw(calls("ocpp2.0.1", action))
        if action == "RequestStartTransaction":
            payload = {**payload, "idToken": {"idToken": draw(st.sampled_from(["AA", "bb"])), "type": "Local"}}
        return "csms", action, payload
    payload = {**draw(calls("ocpp1.6", action))}
    if "connectorId" in payload:
        payload["connectorId"] = draw(st.integers(1, 2))
    if action == "StartTransaction":
        payload["timestamp"] = draw(st.sampled_from(["2026-11-18T11:00:00Z", "2026-11-18T11:20:00Z"]))
        payload["meterStart"] = 100
    if "idTag" in payload:
        payload["idTag"] = draw(st.sampled_from(["aa", "BB"]))
    return "station", action, payload


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.lists(charging(), min_size=2, max_size=12))
def test_the_life_of_a_charge(data: st.DataObject, messages: list[tuple[str, str, dict[str, Any]]]) -> None:
    memory: dict[str, Any] = {}
    wire = Wire(data, memory, CABINET)
    sent: list[Call] = []
    taken: list[Call] = []
    numbers: dict[str, int] = {}
    for index, (side, action, given_payload) in enumerate(messages):
        if wire.closed:  # the station comes back, with what the store has
            memory = json.loads(json.dumps(memory))
            sent, taken = sent + wire.sent, taken + wire.taken
            wire = Wire(data, memory, CABINET, wire.now)
        payload = given_payload
        if "transactionId" in payload and numbers:
            payload = {**payload, "transactionId": data.draw(st.sampled_from([*numbers.values(), -1]))}
        reply = wire.call(side, action, payload, f"{side}{index}")
        if action == "StartTransaction" and isinstance(reply, Result):
            key = json.dumps(
                [payload[name] for name in ("connectorId", "timestamp")] + [payload.get("reservationId") or None]
            )
            key += payload["idTag"].upper()
            # The same start has the same number, another start another one.
            assert numbers.setdefault(key, reply.payload["transactionId"]) == reply.payload["transactionId"]
            assert reply.payload["transactionId"] > 0
    assert len(set(numbers.values())) == len(numbers)
    assert_one_row_of_events(sent + wire.sent, taken + wire.taken)
    for key, record in memory.items():
        if key.startswith("tx/") and "ended" in record:
            assert "waiting" not in record


def assert_one_row_of_events(sent: list[Call], taken: list[Call]) -> None:
    """What a CSMS sees of each transaction: one number, one event; nothing it has taken comes again; Started is first
    and Ended last."""
    by_number: dict[tuple[str, int], dict[str, Any]] = {}
    last: dict[str, int] = {}
    for call in sent:
        if call.action == "TransactionEvent":
            event = call.payload
            place = (event["transactionInfo"]["transactionId"], event["seqNo"])
            assert by_number.setdefault(place, event) == event
            assert event["seqNo"] >= last.get(place[0], 0)
            last[place[0]] = event["seqNo"]
    events = [call.payload for call in taken if call.action == "TransactionEvent"]
    rows: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        rows.setdefault(event["transactionInfo"]["transactionId"], []).append(event)
    for row in rows.values():
        assert len({event["seqNo"] for event in row}) == len(row)
        kinds = [event["eventType"] for event in row]
        assert "Started" not in kinds[1:]
        assert "Ended" not in kinds[:-1]
