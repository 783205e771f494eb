"""A 2.0.1 station and a 2.0.1 CSMS with 2.1 between them: whatever 2.1 can say comes out as it went in."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.translators.generate import answers, calls
from tests.translators.there_and_back import ThereAndBack
from translators import schemas
from translators.fitting_losses import losses
from translators.guard import ACTIONS
from translators.options import Options
from translators.tidy import tidied
from translators.words.v21 import RULES

OLD, NEW = "ocpp2.0.1", "ocpp2.1"
FEW = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
OPTIONS = Options(guard=dict.fromkeys(ACTIONS, "forward"))
CALLS = [
    (side, action)
    for side, actions in (("station", schemas.STATION_ACTIONS[OLD]), ("csms", schemas.csms_actions(OLD)))
    for action in sorted(actions)
]


@pytest.mark.parametrize(("side", "action"), CALLS)
def test_what_went_in_comes_out(side: str, action: str) -> None:
    declared = {loss.field for way in ((OLD, NEW), (NEW, OLD)) for loss in losses(RULES, *way, action)}
    other = "csms" if side == "station" else "station"

    @FEW
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        wire = ThereAndBack(OLD, NEW, OPTIONS)
        call = data.draw(calls(OLD, action), label="call")
        answer = data.draw(answers(OLD, action), label="answer")
        back = (wire.station if side == "station" else wire.csms)(action, call, answer)
        assert wire.lost <= declared
        if wire.lost:
            return
        assert wire.heard[other] == [(action, tidied(OLD, action, call))]
        assert back == tidied(OLD, action, answer, answer=True)

    holds()


@pytest.mark.parametrize(
    ("side", "action", "call", "answer"),
    [
        (
            "station",
            "Authorize",
            {"idToken": {"idToken": "A", "type": "eMAID"}},
            {"idTokenInfo": {"status": "Unknown"}},
        ),
        (
            "station",
            "TransactionEvent",
            {
                "eventType": "Ended",
                "timestamp": "2026-11-21T10:00:00Z",
                "triggerReason": "EnergyLimitReached",
                "seqNo": 3,
                "transactionInfo": {"transactionId": "T", "stoppedReason": "Other", "chargingState": "Idle"},
                "meterValue": [{"timestamp": "2026-11-21T10:00:00Z", "sampledValue": [{"value": 1234.5}]}],
            },
            {"totalCost": 1.25},
        ),
        ("csms", "Reset", {"type": "OnIdle"}, {"status": "Scheduled"}),
    ],
)
def test_nothing_of_the_usual_is_lost(side: str, action: str, call: dict[str, Any], answer: dict[str, Any]) -> None:
    wire = ThereAndBack(OLD, NEW, OPTIONS)
    assert (wire.station if side == "station" else wire.csms)(action, call, answer) == answer
    assert wire.heard["csms" if side == "station" else "station"] == [(action, call)]
    assert not wire.lost
