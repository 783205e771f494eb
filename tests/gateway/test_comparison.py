"""What counts as a difference between two answers, what is counted of it, and what is never kept."""

import json
from typing import Any

import pytest

from gateway.comparison import MOST_SAMPLES, Difference, Mirror, compare, report
from translators.frames import Error, Result, decode


def result(payload: dict[str, Any]) -> Result:
    return Result("1", payload)


def differences(action: str, primary: Any, follower: Any) -> list[tuple[str, str | None, str | None]]:
    return [tuple(one) for one in compare(action, primary, follower, 0.1, 0.1).differences]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("action", "primary", "follower", "expected"),
    [
        ("Heartbeat", {"currentTime": "a"}, {"currentTime": "b"}, []),
        ("BootNotification", {"status": "Accepted", "interval": 300}, {"status": "Accepted", "interval": 300.0}, [("interval", "300", "300.0")]),
        ("BootNotification", {"status": "Accepted"}, {"status": "Pending"}, [("status", "Accepted", "Pending")]),
        ("Authorize", {"idTagInfo": {"status": "Accepted"}}, {"idTagInfo": {"status": "Invalid"}}, [("idTagInfo.status", "Accepted", "Invalid")]),
        ("TransactionEvent", {}, {"idTokenInfo": {"status": "Accepted"}}, []),
        ("TransactionEvent", {}, {"idTokenInfo": {"status": "Blocked"}}, [("idTokenInfo.status", None, "Blocked")]),
        ("DataTransfer", {"status": "Accepted", "data": "x"}, {"status": "Accepted", "data": "y"}, []),
        ("StartTransaction", {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}, {"transactionId": 9, "idTagInfo": {"status": "Accepted"}}, []),
        ("Authorize", {"idTagInfo": "no object"}, {"idTagInfo": None}, []),
    ],
)  # fmt: skip
def test_what_a_station_acts_on_is_compared(
    action: str, primary: dict[str, Any], follower: dict[str, Any], expected: list[Any]
) -> None:
    assert differences(action, result(primary), result(follower)) == expected


def test_an_error_an_answer_and_none_differ_and_so_do_codes() -> None:
    answer, error = result({"status": "Accepted"}), Error("1", "InternalError", "for SECRET")
    assert differences("Authorize", answer, error) == [("answer", "result", "error")]
    assert differences("Authorize", error, answer) == [("answer", "error", "result")]
    assert differences("Authorize", answer, None) == [("answer", "result", "none")]
    assert differences("Authorize", error, Error("1", "NotSupported", "")) == [
        ("code", "InternalError", "NotSupported")
    ]
    assert differences("Authorize", error, Error("1", "InternalError", "other words")) == []
    unreadable = decode('[3,"1",[]]')
    assert isinstance(unreadable, Result)
    assert differences("Authorize", answer, unreadable) == [("answer", "result", "unreadable")]


def test_a_long_word_is_cut() -> None:
    ((_, _, told),) = differences("DataTransfer", result({"status": "Accepted"}), result({"status": "x" * 9999}))
    assert told == "x" * 50


def test_several_processes_are_one_report() -> None:
    one, other = Mirror(), Mirror()
    for mirror, at in ((one, 10.0), (other, 20.0)):
        mirror.take(compare("Authorize", result({"status": "A"}), result({"status": "B"}), 0.2, 0.1), "CP-1", at)
        mirror.take(compare("Authorize", result({"status": "A"}), None, 25.0, 0.3), "CP-1", at)
        mirror.take(compare("Heartbeat", result({}), result({}), 0.4, 0.1), "CP-1", at)
        mirror.dropped += 2
        mirror.refuse("Reset")
    told = report(json.loads(json.dumps([one.seen(), other.seen()])))
    assert {name: told[name] for name in ("compared", "different", "missing", "dropped", "refused_calls")} == {
        "compared": 6,
        "different": 4,
        "missing": 2,
        "dropped": 4,
        "refused_calls": {"Reset": 2},
    }
    assert told["difference_rate"] == pytest.approx(4 / 6, abs=1e-6)
    assert told["actions"]["Authorize"] == {
        "compared": 4,
        "different": 4,
        "difference_rate": 1.0,
        "missing": 2,
        "fields": {"status": 2, "answer": 2},
        "mean_seconds": 0.2,
        "slowest_seconds": 0.2,
        "primary_mean_seconds": 0.2,
    }
    assert [sample["at"] for sample in told["samples"]] == [20.0, 20.0, 10.0, 10.0]
    assert told["samples"][0] == {
        "at": 20.0,
        "station": "CP-1",
        "action": "Authorize",
        **Difference("status", "A", "B")._asdict(),
    }


def test_nothing_compared_yet_has_no_rate() -> None:
    assert report([])["difference_rate"] is None
    assert report([])["actions"] == {}


def test_what_is_kept_is_bounded() -> None:
    mirror = Mirror()
    for number in range(500):
        mirror.take(compare(f"A{number}", result({"status": "A"}), result({"status": "B"}), 0, 0), "CP-1", number)
        mirror.refuse(f"A{number}")
    seen = mirror.seen()
    assert len(seen["samples"]) == MOST_SAMPLES
    assert len(seen["actions"]) == 101
    assert len(seen["refused"]) == 100
    assert sum(count["compared"] for count in seen["actions"].values()) == 500
