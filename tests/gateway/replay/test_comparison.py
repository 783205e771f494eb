"""What counts as another answer."""

from typing import Any

import pytest

from gateway.replay.capture import Answer
from gateway.replay.comparison import compared


def ok(payload: Any) -> Answer:
    return Answer(False, payload)


def error(code: str) -> Answer:
    return Answer(True, {"errorCode": code, "errorDescription": "why"})


@pytest.mark.parametrize(
    ("was", "now", "found"),
    [
        (ok({"status": "Accepted", "interval": 10}), ok({"status": "Accepted", "interval": 20}), []),
        (ok({"status": "Accepted"}), ok({"status": "Rejected"}), ["difference: status: Rejected, was Accepted"]),
        (
            ok({"idTagInfo": {"status": "Accepted"}}),
            ok({"idTagInfo": {"status": "Blocked"}}),
            ["difference: idTagInfo.status: Blocked, was Accepted"],
        ),
        (ok({"transactionId": 1}), ok({"transactionId": 2}), []),
        (ok({"transactionId": 1}), ok({}), ["difference: transactionId: missing, was 1"]),
        (ok({}), ok({"more": 1}), []),
        (
            ok({"list": [{"attributeStatus": "A"}, {"attributeStatus": "A"}]}),
            ok({"list": [{"attributeStatus": "B"}]}),
            ["difference: list: 1 entries, was 2", "difference: list[0].attributeStatus: B, was A"],
        ),
        (ok({}), error("InternalError"), ["error: CALLERROR InternalError why, was answered"]),
        (None, error("InternalError"), ["error: CALLERROR InternalError why, was answered"]),
        (error("NotSupported"), error("NotSupported"), []),
        (error("NotSupported"), error("Other"), ["difference: CALLERROR Other why, was NotSupported why"]),
        (error("NotSupported"), ok({}), ["difference: answered, was CALLERROR NotSupported why"]),
        (ok({}), None, ["error: no answer"]),
        (None, None, []),
        (None, ok({"status": "Rejected"}), []),
        (ok({"status": {"odd": 1}}), ok({"status": "x"}), []),
    ],
)
def test_answers(was: Answer | None, now: Answer | None, found: list[str]) -> None:
    assert [f"{one.kind}: {one.text}" for one in compared(was, now)] == found
