"""A follower's own ids, its own memory, its weather, what it may and may not; and nothing of it reaches the station."""

import json
from typing import Any

import pytest

from gateway.comparison import Difference
from tests.gateway.shadowed import BEGAN, World, csms_201, numbering
from translators.frames import Error

TIME = "2027-01-15T08:00:00Z"
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 0, "timestamp": TIME}
ACCEPTED = {"status": "Accepted"}


def begun(number: int) -> dict[str, Any]:
    return {"transactionId": number, "idTagInfo": ACCEPTED}


def start(tag: str, **more: Any) -> dict[str, Any]:
    return {**START, "idTag": tag, **more}


def stop(number: Any) -> dict[str, Any]:
    return {"transactionId": number, "meterStop": 9, "timestamp": TIME}


def meter(number: Any) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "transactionId": number,
        "meterValue": [{"timestamp": TIME, "sampledValue": [{"value": "5"}]}],
    }


def test_two_csmss_that_count_from_one_never_close_each_others_sessions() -> None:
    world = World(answer=numbering(1))
    world.back()
    world.says("StartTransaction", start("A"), begun(2))
    world.says("StartTransaction", start("B"), begun(1))
    world.says("MeterValues", meter(1))
    world.says("StopTransaction", stop(2))
    world.says("StopTransaction", stop("1"))
    assert [one["transactionId"] for one in world.heard_of("StopTransaction")] == [1, 2]
    assert world.heard_of("MeterValues")[0]["transactionId"] == 2
    # Of the primary's other sessions the follower was never told: a number it takes for its own must not reach it.
    world.says("StopTransaction", stop(77))
    world.says("MeterValues", meter(3))
    assert len(world.heard_of("StopTransaction")) == 2
    assert world.dropped == 2
    assert all(not one.differences for one in world.compared)


def test_what_has_no_numbers_to_change_goes_on_as_the_text_it_came_as() -> None:
    world = World(answer=numbering())
    world.back()
    world.says("Authorize", {"idTag": "ä"}, {"idTagInfo": ACCEPTED})
    assert json.dumps([2, "s1", "Authorize", {"idTag": "ä"}]) in world.texts


def test_a_201_follower_of_a_16_station_has_its_own_names() -> None:
    world = World(follower="ocpp2.0.1", answer=csms_201)
    world.back()
    world.says(
        "BootNotification",
        {"chargePointVendor": "V", "chargePointModel": "M"},
        {**ACCEPTED, "currentTime": TIME, "interval": 300},
    )
    world.says("StartTransaction", START, begun(41))
    world.says("MeterValues", meter(41))
    world.says("StopTransaction", stop(41), {})
    events = world.heard_of("TransactionEvent")
    assert [one["eventType"] for one in events] == ["Started", "Updated", "Ended"]
    assert [one["seqNo"] for one in events] == [0, 1, 2]
    assert len({one["transactionInfo"]["transactionId"] for one in events}) == 1
    assert [one.action for one in world.compared] == [
        "BootNotification",
        "StartTransaction",
        "MeterValues",
        "StopTransaction",
    ]
    assert all(not one.differences for one in world.compared)


def event(kind: str, seq: int, name: str = "T1") -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": TIME,
        "triggerReason": "Authorized",
        "seqNo": seq,
        "transactionInfo": {"transactionId": name, "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "TAG", "type": "ISO14443"},
        "meterValue": [
            {"timestamp": TIME, "sampledValue": [{"value": 5.0, "measurand": "Energy.Active.Import.Register"}]}
        ],
    }


def test_a_16_follower_of_a_201_station_gives_its_own_numbers() -> None:
    world = World("ocpp2.0.1", "ocpp1.6", numbering(500))
    world.back()
    world.says("TransactionEvent", event("Started", 0), {"idTokenInfo": ACCEPTED})
    world.says("TransactionEvent", event("Updated", 1))
    world.says("TransactionEvent", {**event("Ended", 2), "triggerReason": "StopAuthorized"})
    assert len(world.heard_of("StartTransaction")) == 1
    assert [one["transactionId"] for one in world.heard_of("StopTransaction")] == [500]


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
def test_what_began_and_ended_while_a_follower_was_away_is_told_even_to_the_next_session(version: str) -> None:
    answer = numbering(30) if version == "ocpp1.6" else csms_201
    world = World(follower=version, answer=answer)
    world.says("StartTransaction", START, begun(7))
    world.says("StopTransaction", stop(7))
    world.says("StartTransaction", start("B", connectorId=2), begun(8))
    later = World(follower=version, answer=answer, memory=world.memory)
    later.says("MeterValues", meter(8))
    later.back()
    if version == "ocpp1.6":
        calls = [name for name, _ in later.heard]
        assert calls == ["StartTransaction", "StartTransaction", "MeterValues", "StopTransaction"]
        assert later.heard_of("StopTransaction")[0]["transactionId"] == 30
        assert later.heard_of("MeterValues")[0]["transactionId"] == 31
    else:
        assert [one["eventType"] for one in later.heard_of("TransactionEvent")] == [
            "Started",
            "Started",
            "Updated",
            "Ended",
        ]
    # The one that goes on is kept, the other is done with.
    assert [key for key in later.memory if key.startswith("open/")] == ["open/8"]
    later.says("StopTransaction", stop(8))
    assert not [key for key in later.memory if key.startswith("open/")]
    assert later.dropped == 0


def test_a_follower_that_comes_back_hears_boot_and_statuses_then_what_waits() -> None:
    world = World(answer=numbering())
    world.back()
    world.says(
        "BootNotification",
        {"chargePointVendor": "V", "chargePointModel": "M"},
        {**ACCEPTED, "currentTime": TIME, "interval": 300},
    )
    world.says("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
    world.lost()
    world.says("Heartbeat", {}, {"currentTime": TIME})
    world.heard.clear()
    world.back()
    assert [name for name, _ in world.heard] == ["BootNotification", "StatusNotification", "Heartbeat"]


def test_a_full_queue_drops_readings_before_begins_and_ends() -> None:
    world = World(answer=numbering(), most_copies=4)
    world.says("StartTransaction", START, begun(7))
    for _ in range(9):
        world.says("MeterValues", meter(7))
    world.says("StopTransaction", stop(7))
    assert world.shadow.waiting == 4
    assert world.dropped == 7
    world.back()
    assert [name for name, _ in world.heard] == ["StartTransaction", "MeterValues", "MeterValues", "StopTransaction"]


def test_a_full_queue_of_begins_and_ends_is_recalled_from_memory() -> None:
    world = World(answer=numbering(100), most_copies=4)
    for number in range(5):
        world.says("StartTransaction", start(f"T{number}"), begun(number + 1))
        world.says("StopTransaction", stop(number + 1))
    world.back()
    assert sorted(one["idTag"] for one in world.heard_of("StartTransaction")) == [f"T{number}" for number in range(5)]
    assert sorted(one["transactionId"] for one in world.heard_of("StopTransaction")) == [100, 101, 102, 103, 104]


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
def test_a_follower_that_does_not_answer_a_transaction_is_hung_up_and_asked_again(version: str) -> None:
    silent = [True]
    real = numbering(50) if version == "ocpp1.6" else csms_201
    world = World(follower=version, answer=lambda action, payload: None if silent[0] else real(action, payload))
    world.back()
    world.says("StartTransaction", START, begun(7))
    world.says("StopTransaction", stop(7))
    world.later(26)
    assert world.hung_up == 1
    assert len(world.heard) == 1
    silent[0] = False
    world.heard.clear()
    world.back()
    assert len(world.heard) == 2
    assert [one.action for one in world.compared] == ["StartTransaction", "StopTransaction"]
    assert world.dropped == 0


def test_a_follower_that_is_silent_for_good_costs_three_tries_and_is_asked_again_when_it_matters() -> None:
    world = World(answer=lambda action, payload: None)
    world.says("StartTransaction", START, begun(7))
    for _ in range(3):
        world.back()
        world.later(26)
        world.lost()
    assert world.hung_up == 2
    assert [one.differences for one in world.compared] == [(Difference("answer", "result", "none"),)]
    world.says("StopTransaction", stop(7))
    world.back()
    assert len(world.heard_of("StartTransaction")) == 4
    assert world.heard_of("StopTransaction") == []


def test_a_start_that_a_follower_refuses_three_times_is_given_up_with_all_of_its_transaction() -> None:
    world = World(answer=lambda action, payload: ("PropertyConstraintViolation", "no"))
    world.back()
    world.says("StartTransaction", START, begun(7))
    for _ in range(5):
        world.says("MeterValues", meter(7))
    world.says("StopTransaction", stop(7))
    assert [name for name, _ in world.heard] == ["StartTransaction"] * 3
    assert not [key for key in world.memory if key.startswith("open/")]
    assert world.dropped == 6


def test_one_connection_lost_is_no_answer_lost() -> None:
    answers = [False]
    world = World(answer=lambda action, payload: {"idTagInfo": ACCEPTED} if answers[0] else None)
    world.back()
    world.says("Authorize", {"idTag": "A"}, {"idTagInfo": ACCEPTED})
    world.lost()
    world.later(300)
    answers[0] = True
    world.back()
    assert [one.differences for one in world.compared] == [()]


def test_what_a_follower_may_not_call_is_refused_and_what_it_may_reaches_the_station() -> None:
    world = World(answer=numbering(), allow=frozenset({"RemoteStopTransaction", "ClearCache"}))
    world.back()
    world.says("StartTransaction", START, begun(900))
    refused = world.calls("Reset", {"type": "Hard"})
    assert world.answers[refused] == ("SecurityError", "a follower may not call this")
    assert world.reached == []
    # 900 is the primary's number: to this follower it means nothing.
    strange = world.calls("RemoteStopTransaction", {"transactionId": 900})
    assert world.answers[strange] == {"status": "Rejected"}
    asked = world.calls("RemoteStopTransaction", {"transactionId": 1})
    assert [call.payload for call in world.reached] == [{"transactionId": 900}]
    assert asked not in world.answers
    world.replies(ACCEPTED)
    assert world.answers[asked] == ACCEPTED


def test_an_allowed_command_is_translated_and_what_the_translation_wants_to_know_is_not_asked() -> None:
    world = World(follower="ocpp2.0.1", answer=csms_201, allow=frozenset({"RequestStartTransaction"}))
    world.back()
    world.says(
        "BootNotification",
        {"chargePointVendor": "V", "chargePointModel": "M"},
        {**ACCEPTED, "currentTime": TIME, "interval": 300},
    )
    assert world.reached == []
    token = {"idToken": "TAG", "type": "ISO14443"}
    asked = world.calls("RequestStartTransaction", {"remoteStartId": 5, "idToken": token, "evseId": 1})
    assert [call.action for call in world.reached] == ["RemoteStartTransaction"]
    world.replies(ACCEPTED)
    assert world.answers[asked]["status"] == "Accepted"
    refused = world.calls("GetVariables", {"getVariableData": []})
    assert world.answers[refused][0] == "SecurityError"


def test_differences_are_found_in_the_stations_version() -> None:
    world = World(follower="ocpp2.0.1", answer=lambda action, payload: {"idTokenInfo": {"status": "Blocked"}})
    world.back()
    world.says("Authorize", {"idTag": "A"}, {"idTagInfo": ACCEPTED})
    assert world.compared[0].differences == (Difference("idTagInfo.status", "Accepted", "Blocked"),)


def test_a_start_that_the_primary_did_not_take_is_not_told() -> None:
    world = World(answer=numbering())
    world.back()
    world.says("StartTransaction", START, Error("s1", "InternalError", ""))
    assert world.heard == []
    assert world.dropped == 1


def test_a_repeated_start_is_told_once() -> None:
    world = World(answer=numbering())
    world.back()
    world.says("StartTransaction", START, begun(7))
    world.says("StartTransaction", START, begun(8))
    world.says("StopTransaction", stop(8))
    assert len(world.heard_of("StartTransaction")) == 1
    assert world.heard_of("StopTransaction")[0]["transactionId"] == 1


def test_a_boot_that_only_the_primary_saw_is_told_to_a_new_follower() -> None:
    boot = {"chargePointVendor": "V", "chargePointModel": "M"}
    same = World(answer=numbering(), memory={"passthrough/boot": boot})
    same.back()
    assert same.heard == [["BootNotification", boot]]
    other = World(follower="ocpp2.0.1", answer=csms_201, memory={"station/boot": {"call": boot, "at": BEGAN}})
    other.back()
    other.later(6)
    assert [name for name, _ in other.heard] == ["BootNotification"]
