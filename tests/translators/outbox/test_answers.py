"""Answers that break no schema."""

import pytest

from translators import schemas
from translators.effects import is_transaction_message
from translators.frames import Call
from translators.outbox import answers


@pytest.mark.parametrize("version", schemas.VERSIONS)
def test_every_answer_fits_its_schema(version: str) -> None:
    answered = set()
    for action in schemas.STATION_ACTIONS[version]:
        answer = answers.at_once(version, action, 0.0)
        if answer is not None:
            assert schemas.valid(version, action, answer, answer=True), action
            answered.add(action)
    assert {"Authorize", "Heartbeat", "DataTransfer", "StatusNotification"} <= answered
    assert not {"StartTransaction", "StopTransaction", "TransactionEvent", "MeterValues"} & answered


@pytest.mark.parametrize(
    ("version", "action", "payload", "assumed"),
    [
        ("ocpp1.6", "StartTransaction", {"timestamp": "2026-11-21T10:00:00Z"}, True),
        ("ocpp1.6", "StopTransaction", {"idTag": "A"}, False),
        ("ocpp1.6", "MeterValues", {}, False),
        ("ocpp2.0.1", "TransactionEvent", {"idToken": {}}, True),
        ("ocpp2.1", "TransactionEvent", {}, False),
        ("ocpp2.0.1", "SecurityEventNotification", {}, False),
    ],
)
def test_answers_to_what_is_kept(version: str, action: str, payload: dict[str, object], assumed: bool) -> None:
    call = Call("x", action, payload)
    assert answers.is_kept(call)
    answer, said = answers.to_kept(version, call, 0.0, lambda number: False)
    assert said is assumed
    assert schemas.valid(version, action, answer, answer=True)


def test_a_number_is_given_once() -> None:
    call = Call("x", "StartTransaction", {"timestamp": "2026-11-21T10:00:00Z"})
    assert is_transaction_message(call)
    first = answers.to_kept("ocpp1.6", call, 0.0, lambda number: False)[0]["transactionId"]
    assert answers.to_kept("ocpp1.6", call, 0.0, lambda number: number == first)[0]["transactionId"] == first + 1


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ({"idTagInfo": {"status": "Accepted"}}, False),
        ({"idTagInfo": {"status": "ConcurrentTx"}}, True),
        ({"idTokenInfo": {"status": "Invalid"}}, True),
        ({"idTokenInfo": "?"}, False),
        ({}, False),
    ],
)
def test_refusals(answer: dict[str, object], refused: bool) -> None:
    assert answers.refuses(answer) is refused
