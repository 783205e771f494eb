"""Rows that are cheap enough are measured; of the others, what can be wrong without anybody noticing."""

import gc
from pathlib import Path

import pytest

from tests.bench.certificates import make
from tests.bench.lab import Lab
from tests.bench.rows import ROWS, alone, claims, idle
from tests.bench.scale import SCALES, SMALLEST

PAGE = """\
ocpp_gateway_collector_pause_seconds_bucket{generation="0",le="0.005"} 4.0
ocpp_gateway_collector_pause_seconds_bucket{generation="0",le="0.01"} 5.0
ocpp_gateway_collector_pause_seconds_bucket{generation="0",le="+Inf"} 5.0
ocpp_gateway_collector_pause_seconds_bucket{generation="2",le="0.005"} 0.0
ocpp_gateway_collector_pause_seconds_bucket{generation="2",le="0.01"} 1.0
ocpp_gateway_collector_pause_seconds_bucket{generation="2",le="+Inf"} 2.0
ocpp_gateway_forward_duration_seconds_bucket{direction="from_station",le="0.01"} 9.0
"""


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(SMALLEST, (None, None), make(tmp_path), tmp_path, frozenset(), lambda _: None)


def test_pauses_are_those_of_all_generations() -> None:
    assert idle._pauses(PAGE) == {"0.005": 4, "0.01": 6, "+Inf": 7}
    assert idle.LONG in idle._pauses(PAGE)


def test_a_simulated_fleet_is_claimed_written_held_and_let_go(lab: Lab) -> None:
    claims.measure(lab)
    assert lab.failures == {}
    for what in ("claim", "write", "hold", "release"):
        assert (lab.figures.middle(f"claims/100/{what} a second") or 0) > 10
    assert 0 < (lab.figures.middle("claims/100/memory") or 0) < 100


def test_a_message_alone_has_a_price_and_the_collector_is_left_as_it_was(lab: Lab) -> None:
    before = gc.get_threshold()
    alone.measure(lab)
    assert gc.get_threshold() == before
    passing, translated = (lab.figures.middle(f"alone/path/gateway {what}") for what in ("passthrough", "1.6 to 2.0.1"))
    assert passing
    assert translated
    assert passing < translated


def test_every_row_ends_some_time_at_every_scale() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for scale in SCALES.values():
        for row in ROWS:
            assert 0 < row.deadline(scale) < 1800
