"""When a refusal is weather, and when it is the message."""

from typing import Any

import pytest

from translators import poison
from translators.effects import Forget, Note, PeerError, Remember
from translators.frames import Call

STOP = Call("g1", "StopTransaction", {"transactionId": 7, "meterStop": 900})


def refusals(*, times: int, connections: int, seconds: float, well: bool = True) -> dict[str, Any] | None:
    """What is kept after so many refusals, spread evenly."""
    entry = None
    for number in range(times):
        at = 1000.0 + seconds * number / max(1, times - 1)
        connection = 900.0 if number % connections == 0 else 1000.5 + number % connections
        entry = poison.counted(entry, connection, at, well=well)
    return entry


def test_the_message_id_is_no_content() -> None:
    again = Call("other", "StopTransaction", {"meterStop": 900, "transactionId": 7})
    assert poison.key_of(STOP) == poison.key_of(again)
    assert poison.key_of(STOP) != poison.key_of(Call("g1", "StopTransaction", {"transactionId": 7, "meterStop": 901}))
    assert poison.key_of(STOP) != poison.key_of(Call("g1", "StartTransaction", {"transactionId": 7, "meterStop": 900}))


@pytest.mark.parametrize(
    ("spread", "verdict"),
    [
        ({"times": 5, "connections": 3, "seconds": 3600.0}, "poison"),
        ({"times": 5, "connections": 3, "seconds": 3599.0}, "alarm"),
        ({"times": 4, "connections": 3, "seconds": 7200.0}, "weather"),
        ({"times": 9, "connections": 2, "seconds": 7200.0}, "weather"),
        ({"times": 9, "connections": 5, "seconds": 7200.0, "well": False}, "weather"),
    ],
)
def test_verdict(spread: dict[str, Any], verdict: str) -> None:
    assert poison.verdict(refusals(**spread), 1000.0 + spread["seconds"]) == verdict


def test_the_backend_may_have_fallen_ill_on_the_first_connection() -> None:
    entry = None
    for _ in range(6):
        entry = poison.counted(entry, 900.0, 1000.0, well=True)
    assert entry is not None
    assert not entry["well"]


def test_nothing_counts_that_is_no_definite_answer() -> None:
    unasked = PeerError("InternalError", "", {})
    assert poison.refused({}, unasked, 1.0, 2.0, well=True, facts={}) == ([], False)
    security = PeerError("SecurityError", "", {})
    security.asked = STOP
    assert poison.refused({}, security, 1.0, 2.0, well=True, facts={}) == ([], False)


def test_the_alarm_comes_once_and_every_pass_is_told() -> None:
    memory: dict[str, Any] = {}
    error = PeerError("InternalError", "", {})
    error.asked = STOP
    told = []
    for number, at in enumerate((0.0, 600.0, 1200.0, 1800.0, 2400.0, 3000.0, 3600.0, 3601.0)):
        steps, passed_on = poison.refused(memory, error, at - 1.0, at, well=True, facts={"action": "StopTransaction"})
        for step in steps:
            if isinstance(step, Remember):
                memory[step.key] = step.value
        notes = [step.facts["passed_on"] for step in steps if isinstance(step, Note)]
        told.append((number + 1, notes, passed_on))
    assert told == [(n, [], False) for n in (1, 2, 3, 4)] + [
        (5, [False], False),
        (6, [], False),
        (7, [True], True),
        (8, [True], True),
    ]


def test_what_was_kept_too_long_or_too_much_of_is_forgotten() -> None:
    memory = {
        f"poison/{number}": {"answers": 1, "connections": [1.0], "since": float(number), "well": False}
        for number in range(40)
    }
    memory["poison/old"] = {"answers": 1, "connections": [1.0], "since": -31 * 86400.0, "well": False}
    error = PeerError("InternalError", "", {})
    error.asked = STOP
    steps, _ = poison.refused(memory, error, 50.0, 50.0, well=False, facts={})
    forgotten = {step.key for step in steps if isinstance(step, Forget)}
    assert forgotten == {"poison/old", *(f"poison/{number}" for number in range(8))}
