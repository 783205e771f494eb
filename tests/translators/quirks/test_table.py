"""Every file is a quirk, every quirk says what it mends and where that was seen."""

import pkgutil
import re
from typing import Any

import pytest

from tests.translators.quirks.scene import Station
from translators import quirks, schemas
from translators.quirk import Maker

ODD: list[Any] = [None, 1, 1.5, True, "", "x", [], [1], {}, {"a": None}, "9" * 300]
FIELDS = ("idTag", "timestamp", "meterValue", "transactionData", "currentTime", "connectorId", "status")


def test_the_table_is_complete() -> None:
    assert list(quirks.QUIRKS) == sorted(name for _, name, _ in pkgutil.iter_modules(quirks.__path__))


@pytest.mark.parametrize("name", quirks.QUIRKS)
def test_a_quirk_is_told(name: str) -> None:
    quirk = quirks.QUIRKS[name]
    assert quirk.summary
    assert quirk.summary[-1] not in ".!"
    assert quirk.seen
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+(#[0-9]+|: \w+\.(md|cpp))", thread) for thread in quirk.seen)
    assert quirk.version in schemas.VERSIONS
    assert quirk.of is not None or quirk.text is not None
    for route, actions in (
        ("calls", schemas.STATION_ACTIONS[quirk.version]),
        ("answers", schemas.csms_actions(quirk.version)),
        ("calls_to", schemas.csms_actions(quirk.version)),
        ("answers_to", schemas.STATION_ACTIONS[quirk.version]),
    ):
        assert set(getattr(quirk, route)) <= actions | schemas.BOTH_WAYS
    assert set(quirk.refused) <= schemas.csms_actions(quirk.version)


@pytest.mark.parametrize("name", quirks.QUIRKS)
def test_nobody_else_has_it(name: str) -> None:
    of = quirks.QUIRKS[name].of
    if of is not None:
        assert not of(Maker())
        assert not of(Maker("unknown", "unknown", "1.0"))


@pytest.mark.parametrize("name", quirks.QUIRKS)
def test_any_payload_is_read(name: str) -> None:
    quirk = quirks.QUIRKS[name]
    station = Station({"station/quirk/clock": {"seconds": 7200.0, "at": 0.0}})
    for route in (quirk.calls, quirk.answers, quirk.calls_to, quirk.answers_to):
        for mend in route.values():
            assert mend({}, station) == {}
            for field in FIELDS:
                for value in ODD:
                    payload = {field: value}
                    mend(payload, station)
                    assert payload == {field: value}
    for refused in quirk.refused.values():
        assert refused({}, station) is None
        for field in ("key", "value"):
            for value in ODD:
                assert refused({"key": "MeterValuesSampledData", field: value}, station) is None
