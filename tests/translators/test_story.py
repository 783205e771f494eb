"""What is heard of a station, and told again."""

from typing import Any

from translators.effects import Forget, Remember
from translators.frames import Call, Result
from translators.links import is_hint, is_shared
from translators.story import INTRODUCED, Story, farewell

BOOT = {"chargePointVendor": "Acme", "chargePointModel": "One"}
START = {"connectorId": 1, "idTag": "TAG", "meterStart": 1000, "timestamp": "2026-11-21T10:00:00Z"}


def said(story: Story, action: str, payload: dict[str, Any], answer: dict[str, Any] | None) -> list[Any]:
    """The station says it and is answered; every effect."""
    out: list[Any] = list(story.received(Call("1", action, payload)))
    if answer is not None:
        out += story.sent(Result("1", answer))
    return out


def started(number: int, status: str = "Accepted") -> dict[str, Any]:
    return {"transactionId": number, "idTagInfo": {"status": status}}


def event(kind: str, seq_no: int, **more: Any) -> dict[str, Any]:
    info = {"transactionId": "tx", **more.pop("info", {})}
    return {
        "eventType": kind,
        "timestamp": "2026-11-21T10:00:00Z",
        "triggerReason": "Authorized",
        "seqNo": seq_no,
        "transactionInfo": info,
        **more,
    }


def test_the_boot_counts_when_it_is_accepted() -> None:
    story = Story("ocpp1.6", {})
    assert said(story, "BootNotification", BOOT, {"status": "Pending", "interval": 5}) == []
    assert story.introduction() == []
    kept = said(story, "BootNotification", BOOT, {"status": "Accepted", "interval": 300})
    assert [effect.key for effect in kept] == ["story/boot", INTRODUCED]
    assert is_shared("story/boot")
    assert is_hint("story/boot")
    assert is_hint(INTRODUCED)
    assert not is_shared(INTRODUCED)
    assert (story.introduction(), story.interval, story.is_news) == ([("BootNotification", BOOT)], 300, False)
    del story.memory[INTRODUCED]
    assert story.is_news


def test_the_last_status_of_every_connector_follows_the_boot() -> None:
    story = Story("ocpp2.0.1", {})
    said(story, "BootNotification", {"reason": "PowerUp", "chargingStation": {}}, {"status": "Accepted"})
    for evse, status in ((2, "Available"), (1, "Occupied"), (1, "Available")):
        said(story, "StatusNotification", {"evseId": evse, "connectorId": 1, "connectorStatus": status}, {})
    boot, *statuses = story.introduction()
    assert boot[1]["reason"] == "Unknown"
    assert [(one["evseId"], one["connectorStatus"]) for _, one in statuses] == [(1, "Available"), (2, "Available")]


def test_a_16_transaction_goes_on_from_its_answer_to_that_of_its_stop() -> None:
    story = Story("ocpp1.6", {})
    story.received(Call("1", "StartTransaction", START))
    assert story.open() == []
    assert [type(one) for one in story.sent(Result("1", started(7)))] == [Remember]
    (one,) = story.open()
    assert (one.id, one.calls, one.metered) == (7, [("StartTransaction", START)], True)
    assert farewell("ocpp1.6", one, "now")[1]["meterStop"] == 1000
    story.received(Call("2", "StopTransaction", {"transactionId": 7}))
    assert story.open() != []
    assert story.sent(Result("2", {})) == [Forget("story/open/7")]
    # Values that come late open it no second time.
    assert said(story, "MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": []}, {}) == []
    assert story.open() == []


def test_a_start_that_is_refused_is_none_and_another_on_the_connector_takes_its_place() -> None:
    story = Story("ocpp1.6", {})
    said(story, "StartTransaction", START, started(7, "Invalid"))
    assert story.open() == []
    said(story, "StartTransaction", START, started(8))
    said(story, "StartTransaction", START, started(9))
    said(story, "StartTransaction", {**START, "connectorId": 2}, started(10))
    assert [one.id for one in story.open()] == [9, 10]


def test_a_transaction_of_which_only_the_middle_is_heard_cannot_be_told() -> None:
    story = Story("ocpp1.6", {})
    said(story, "MeterValues", {"connectorId": 1, "transactionId": 3, "meterValue": []}, {})
    assert [(one.id, one.calls, one.metered) for one in story.open()] == [(3, [], False)]
    story = Story("ocpp2.0.1", {})
    said(story, "TransactionEvent", event("Updated", 4), {})
    assert [(one.id, one.calls) for one in story.open()] == [("tx", [])]
    said(story, "TransactionEvent", event("Ended", 5), {})
    assert story.open() == []


def test_of_a_2x_transaction_the_events_are_kept_that_make_it_what_it_is() -> None:
    story = Story("ocpp2.0.1", {})
    token = {"idToken": "TAG", "type": "ISO14443"}
    began = event("Started", 0, info={"chargingState": "EVConnected"})
    authorized = event("Updated", 1, idToken=token)
    charging = event("Updated", 2, info={"chargingState": "Charging"})
    for one in (began, authorized, charging, event("Updated", 3), event("Updated", 4, idToken=token)):
        said(story, "TransactionEvent", one, {})
    (found,) = story.open()
    assert [call for _, call in found.calls] == [began, authorized, charging]
    assert (found.metered, found.seq_no) == (False, 4)
    end = farewell("ocpp2.0.1", found, "2026-11-21T11:00:00Z")[1]
    assert (end["eventType"], end["seqNo"], "meterValue" in end) == ("Ended", 5, False)


def test_what_breaks_its_schema_is_not_told() -> None:
    story = Story("ocpp1.6", {})
    said(story, "StartTransaction", {"connectorId": 1, "meterStart": "many"}, started(7))
    assert [one.calls for one in story.open()] == [[]]
    story = Story("ocpp2.0.1", {})
    assert said(story, "TransactionEvent", {"transactionInfo": "none"}, {}) == []


def test_backends_that_were_told_an_end_are_remembered() -> None:
    story = Story("ocpp1.6", {})
    said(story, "StartTransaction", START, started(7))
    assert story.left(7) == []
    assert len(story.has_left(7, "legacy")) == 1
    assert story.has_left(7, "legacy") == []
    assert (story.left(7), story.left(8)) == (["legacy"], [])
