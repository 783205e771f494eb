"""What a capture holds."""

import json
from typing import Any

import pytest

from gateway.replay.capture import Answer, CaptureError, filled, read


def record(direction: str, kind: str, name: str, action: str, payload: Any, **more: Any) -> str:
    told = {"at": 1.5, "station": "CP-1", "node": "n", "side": "station", "direction": direction, "version": "ocpp1.6"}
    return json.dumps({**told, "type": kind, "action": action, "id": name, "payload": payload, **more})


def test_calls_and_their_answers_of_either_side() -> None:
    error = {"errorCode": "NotSupported", "errorDescription": "", "errorDetails": {}}
    found = read(
        [
            record("in", "call", "1", "Authorize", {"idTag": "[redacted]"}),
            record("out", "call", "1", "ClearCache", {}),
            record("out", "call", "1", "Authorize", {}, side="csms"),
            "",
            record("in", "error", "1", "ClearCache", error),
            record("out", "result", "1", "Authorize", {"idTagInfo": {"status": "Accepted"}}),
            record("in", "call", "1", "Heartbeat", {}, at=9.0),  # ids may come again
            record("in", "send", "2", "NotifyPeriodicEventStream", {}),
            record("in", "call", "1", "Heartbeat", {}, station="CP-2", version="ocpp2.1"),
            record("in", "unreadable", "", "", None),
            record("in", "note", "", "", None, side=None),
            json.dumps({"type": "lost", "frames": 3}),
        ]
    )
    assert [(one.station, one.version) for one in found.scripts] == [("CP-1", "ocpp1.6"), ("CP-2", "ocpp2.1")]
    first = found.scripts[0]
    assert [(one.action, one.line, one.at, one.is_send) for one in first.calls] == [
        ("Authorize", 1, 1.5, False),
        ("Heartbeat", 7, 9.0, False),
        ("NotifyPeriodicEventStream", 8, 1.5, True),
    ]
    assert first.calls[0].answer == Answer(False, {"idTagInfo": {"status": "Accepted"}})
    assert first.calls[1].answer is None
    assert (first.asked[0].action, first.asked[0].answer) == ("ClearCache", Answer(True, error))
    assert (found.lost, found.hidden) == (3, 1)


@pytest.mark.parametrize("line", ["no", "{}", "[]", "1", record("in", "call", "1", "A", None)])
def test_what_is_no_record_is_told_with_its_line(line: str) -> None:
    with pytest.raises(CaptureError, match="line 2: "):
        read([record("in", "call", "1", "Heartbeat", {}), line])


def test_a_tag_takes_the_place_of_those_that_are_hidden() -> None:
    hidden = {
        "idTag": "[redacted]",
        "list": [{"idToken": {"idToken": "[redacted]", "type": "t"}}],
        "password": "[redacted]",
    }
    assert filled(hidden, "TAG") == {
        "idTag": "TAG",
        "list": [{"idToken": {"idToken": "TAG", "type": "t"}}],
        "password": "[redacted]",
    }
    assert filled({"idTag": "KNOWN"}, "TAG") == {"idTag": "KNOWN"}
