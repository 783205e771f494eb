"""Every action has its row, and every row answers: whatever fits the schema goes in, only what fits the schema comes
out, and no call stays without an answer."""

from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.translators.generate import calls
from tests.translators.wire import SLOW, Wire
from translators import schemas, v21_to_v201, v201_to_v21
from translators.tables import Link

LINKS = (v201_to_v21.LINK, v21_to_v201.LINK)
STATION_CALLS = [(link, action) for link in LINKS for action in sorted(link.from_station)]
CSMS_CALLS = [(link, action) for link in LINKS for action in sorted(link.from_csms)]


def _id(part: Link | str) -> str:
    return part if isinstance(part, str) else part.name


@pytest.mark.parametrize("link", LINKS, ids=_id)
def test_every_action_has_one_row(link: Link) -> None:
    assert set(link.from_station) == schemas.STATION_ACTIONS[link.station_version]
    assert set(link.from_csms) == schemas.csms_actions(link.csms_version)


@pytest.mark.parametrize("module", [v201_to_v21, v21_to_v201], ids=lambda module: module.LINK.name)
def test_rows_say_what_becomes_of_an_action(module: ModuleType) -> None:
    # As the link's own tables have them: a guard in front may ask the station more.
    link: Link = module.LINK
    for table, version in ((module.FROM_STATION, link.csms_version), (module.FROM_CSMS, link.station_version)):
        for action, row in table.items():
            assert row.summary.startswith(f"{action} "), row.summary
            assert (row.becomes == (action,)) == (row.outcome == "translated")
            assert (action in schemas.actions(version)) == (row.outcome == "translated")


@pytest.mark.parametrize(("link", "action"), STATION_CALLS, ids=_id)
def test_a_station_is_always_answered(link: Link, action: str) -> None:
    _always_answered(link, "station", link.station_version, action)


@pytest.mark.parametrize(("link", "action"), CSMS_CALLS, ids=_id)
def test_a_csms_is_always_answered(link: Link, action: str) -> None:
    _always_answered(link, "csms", link.csms_version, action)


def _always_answered(link: Link, side: str, version: str, action: str) -> None:
    @SLOW
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        call = data.draw(calls(version, action), label="call")
        Wire(data, link.station_version, link.csms_version).call(side, action, call, f"{side[0]}1")

    holds()
