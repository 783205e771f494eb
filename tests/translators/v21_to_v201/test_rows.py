"""Every action has its row, and every row answers: whatever fits the schema goes in, only what fits the schema comes
out, and no call stays without an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.translators.generate import calls
from tests.translators.wire import SLOW, Wire
from translators import schemas
from translators.v21_to_v201 import FROM_CSMS, FROM_STATION

STATION, CSMS = "ocpp2.1", "ocpp2.0.1"


def test_every_action_has_one_row() -> None:
    assert set(FROM_STATION) == schemas.STATION_ACTIONS[STATION]
    assert set(FROM_CSMS) == schemas.csms_actions(CSMS)


def test_rows_say_what_becomes_of_an_action() -> None:
    for table, version in ((FROM_STATION, CSMS), (FROM_CSMS, STATION)):
        for action, row in table.items():
            assert row.summary.startswith(f"{action} "), row.summary
            assert (row.becomes == (action,)) == (row.outcome == "translated")
            assert (action in schemas.actions(version)) == (row.outcome == "translated")


@pytest.mark.parametrize("action", sorted(FROM_STATION))
def test_a_station_is_always_answered(action: str) -> None:
    @SLOW
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        Wire(data, STATION, CSMS).call("station", action, data.draw(calls(STATION, action), label="call"), "s1")

    holds()


@pytest.mark.parametrize("action", sorted(FROM_CSMS))
def test_a_csms_is_always_answered(action: str) -> None:
    @SLOW
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        Wire(data, STATION, CSMS).call("csms", action, data.draw(calls(CSMS, action), label="call"), "c1")

    holds()
