"""Notes become numbers, and log lines that cannot flood."""

from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from gateway.metrics import Metrics
from gateway.observer import Observer
from translators.effects import Answered, Note
from translators.frames import Call, Result, Send


@pytest.fixture
def parts() -> Any:
    capture = LogCapture()
    logger = structlog.wrap_logger(None, processors=[capture], wrapper_class=structlog.stdlib.BoundLogger)
    metrics = Metrics()
    return Observer(metrics, logger, "ocpp1.6", "ocpp2.0.1"), metrics, capture


FACTS = {"from": "ocpp1.6", "to": "ocpp2.0.1", "action": "MeterValues"}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"ocpp_gateway_{name}", labels)


def test_calls_and_sends_are_counted_when_they_come(parts: Any) -> None:
    observer, metrics, _ = parts
    observer.received("station", Call("a", "Heartbeat", {}))
    observer.received("csms", Send("a", "NotifyPeriodicEventStream", {}))
    assert (
        value(
            metrics, "messages_total", direction="from_station", subprotocol="ocpp1.6", action="Heartbeat", type="call"
        )
        == 1
    )
    assert (
        value(
            metrics,
            "messages_total",
            direction="from_csms",
            subprotocol="ocpp2.0.1",
            action="NotifyPeriodicEventStream",
            type="send",
        )
        == 1
    )


def test_sessions_between_the_same_versions_count_together_and_keep_no_word_of_a_station() -> None:
    metrics, logger = Metrics(), structlog.get_logger()
    one, other, elsewhere = (Observer(metrics, logger, "ocpp1.6", csms) for csms in ("ocpp1.6", "ocpp1.6", "ocpp2.0.1"))
    for observer in (one, other, elsewhere):
        observer.received("station", Call("a", "Heartbeat", {}))
        observer.received("station", Call("b", "MadeUp", {}))
    labels = {"direction": "from_station", "subprotocol": "ocpp1.6", "type": "call"}
    assert value(metrics, "messages_total", action="Heartbeat", **labels) == 3
    assert value(metrics, "messages_total", action="other", **labels) == 3
    assert list(metrics.counters("ocpp1.6", "ocpp1.6")) == [("station", "Heartbeat", "call")]


def test_answers_are_counted_when_they_are_paired(parts: Any) -> None:
    observer, metrics, capture = parts
    observer.answered(Answered("csms", "Heartbeat", 0.2))
    observer.note(Note("call_error", {"peer": "csms", "action": "Heartbeat", "seconds": 0.2, "code": "weird"}))
    observer.note(Note("call_timeout", {"peer": "csms", "action": "Heartbeat", "seconds": 25.001000000000204}))
    assert (
        value(
            metrics, "messages_total", direction="from_csms", subprotocol="ocpp2.0.1", action="Heartbeat", type="result"
        )
        == 1
    )
    assert value(metrics, "call_errors_total", peer="csms", action="Heartbeat", code="other") == 1
    assert value(metrics, "call_timeouts_total", peer="csms", action="Heartbeat") == 1
    assert value(metrics, "call_duration_seconds_count", peer="csms", action="Heartbeat") == 2
    assert [(entry["event"], entry["seconds"]) for entry in capture.entries] == [("call_timeout", 25.001)]


@pytest.mark.parametrize(
    ("note", "series", "labels"),
    [
        (
            Note("translated", {**FACTS, "outcome": "translated"}),
            "translations_total",
            {**FACTS, "outcome": "translated"},
        ),
        (
            Note("lost", {**FACTS, "field": "measurand:RPM"}),
            "translation_losses_total",
            {**FACTS, "field": "measurand:RPM"},
        ),
        (
            Note("bad_frame", {"peer": "csms", "kind": "not_json", "why": "x"}),
            "bad_frames_total",
            {"peer": "csms", "kind": "not_json"},
        ),
        (
            Note("schema_violation", {**FACTS, "why": "x"}),
            "schema_violations_total",
            {"subprotocol": "ocpp1.6", "action": "MeterValues"},
        ),
        (
            Note("mended", {"version": "ocpp1.6", "action": "MeterValues", "what": ["x"]}),
            "mended_messages_total",
            {"subprotocol": "ocpp1.6", "action": "MeterValues"},
        ),
        (Note("late_answer", {"peer": "station"}), "unmatched_answers_total", {"peer": "station", "reason": "late"}),
        (Note("unmatched", {"peer": "station"}), "unmatched_answers_total", {"peer": "station", "reason": "unknown"}),
        (
            Note("mapping_failed", {"action": "MeterValues", "error": "x", "at": "y"}),
            "translation_failures_total",
            {"action": "MeterValues"},
        ),
        (
            Note("invalid_output", {**FACTS, "call": "x", "why": "y"}),
            "translation_failures_total",
            {"action": "MeterValues"},
        ),
        (Note("withheld", {**FACTS, "why": "y"}), "withheld_answers_total", {"action": "MeterValues"}),
        (
            Note("poison_message", {**FACTS, "call": "x", "code": "InternalError", "answers": 5, "passed_on": False}),
            "poison_messages_total",
            {"action": "MeterValues", "passed_on": "no"},
        ),
        (
            Note("guarded", {**FACTS, "action": "SetVariables", "call": "Identity"}),
            "guarded_calls_total",
            {"action": "SetVariables"},
        ),
    ],
    ids=lambda part: part.kind if isinstance(part, Note) else "",
)
def test_every_kind_has_its_number(parts: Any, note: Note, series: str, labels: dict[str, str]) -> None:
    observer, metrics, _ = parts
    observer.note(note)
    assert value(metrics, series, **labels) == 1


def test_repeats_are_logged_a_few_times_and_counted_always(parts: Any) -> None:
    observer, metrics, capture = parts
    for _ in range(500):
        observer.note(Note("bad_frame", {"peer": "station", "kind": "not_json", "why": "x"}))
    assert value(metrics, "bad_frames_total", peer="station", kind="not_json") == 500
    assert len(capture.entries) == 20
    assert "more" in capture.entries[-1]


def test_a_kind_without_a_number_is_logged(parts: Any) -> None:
    observer, _, capture = parts
    observer.note(Note("clock_suspect", {**FACTS, "timestamp": "1970-01-01T00:00:00Z"}))
    assert capture.entries[0]["event"] == "clock_suspect"


def test_what_waits_for_a_backend(parts: Any) -> None:
    _, metrics, capture = parts
    logger = structlog.wrap_logger(None, processors=[capture], wrapper_class=structlog.stdlib.BoundLogger)
    one, other = (Observer(metrics, logger, "ocpp1.6", "ocpp1.6", "b") for _ in range(2))

    def told(observer: Observer, event: str, messages: int) -> None:
        observer.note(Note("outbox", {"event": event, "action": "StopTransaction", "messages": messages}))

    told(one, "", 3)
    told(other, "kept", 1)
    assert value(metrics, "buffered_messages", backend="b") == 4
    for event in ("delivered", "failed", "refused_later", "set_aside"):
        told(one, event, 2)
    told(one, "delivered", 0)
    assert value(metrics, "buffered_messages", backend="b") == 1
    other.close()
    assert value(metrics, "buffered_messages", backend="b") == 0
    assert value(metrics, "outbox_events_total", event="delivered") == 2
    assert [entry["event"] for entry in capture.entries] == [
        *("delivery_failed", "assumed_token_refused", "message_set_aside", "outbox_delivered"),
    ]


def test_transactions_are_counted_by_backend_until_they_or_the_session_end(parts: Any) -> None:
    _, metrics, _ = parts
    one, other = (Observer(metrics, structlog.get_logger(), "ocpp2.0.1", "ocpp1.6", "legacy") for _ in range(2))

    def event(transaction: str, kind: str) -> Call:
        return Call("m", "TransactionEvent", {"eventType": kind, "transactionInfo": {"transactionId": transaction}})

    one.received("station", event("a", "Started"))
    other.received("station", event("a", "Started"))
    other.received("station", event("b", "Started"))
    other.received("csms", event("c", "Started"))
    assert value(metrics, "transactions_open", backend="legacy") == 3
    one.received("station", event("a", "Ended"))
    assert value(metrics, "transactions_open", backend="legacy") == 2
    other.close()
    assert value(metrics, "transactions_open", backend="legacy") == 0
    old = Observer(metrics, structlog.get_logger(), "ocpp1.6", "ocpp1.6", "legacy")
    old.received("station", Call("s", "StartTransaction", {}))
    old.sent_to_station(Result("s", {"transactionId": 1}))
    assert value(metrics, "transactions_open", backend="legacy") == 1
