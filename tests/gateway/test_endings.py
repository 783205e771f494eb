"""Why a station's connection ended, in the metric's words."""

import pytest

from gateway.endings import end_of_station
from gateway.framing import Gone


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        (Gone(1000, "closed by peer"), "station_closed"),
        (Gone(1006, "lost"), "station_lost"),
        (Gone(1002, "reserved bits", refused=True), "protocol"),
    ],
)
def test_the_end_of_a_station(gone: Gone, reason: str) -> None:
    assert end_of_station(gone) == reason
