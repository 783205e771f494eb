"""Every trip that is measured goes there and back."""

import pytest

from tests.bench.translation import TRIPS, microseconds
from translators.effects import ToStation


@pytest.mark.parametrize("name", TRIPS)
def test_a_trip_ends_with_an_answer(name: str) -> None:
    step, text = TRIPS[name]()
    for turn in (1, 2):
        (answer,) = (effect.frame for effect in step(text(turn)) if isinstance(effect, ToStation))
        assert answer.message_id == f"m{turn}"
        assert answer.type == 3


def test_a_cost_is_more_than_nothing() -> None:
    assert 0 < microseconds(TRIPS["Heartbeat 1.6 -> 2.0.1"](), series=1) < float("inf")
