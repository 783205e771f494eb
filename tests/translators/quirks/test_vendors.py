"""The quirks of a single field: KEBA, Webasto, ABL, FoxESS."""

from typing import Any

import pytest

from tests.translators.quirks.scene import Station
from translators import schemas
from translators.quirk import Maker
from translators.quirks import abl, foxess, keba, webasto_next


@pytest.mark.parametrize(
    ("said", "meant"),
    [("04A2B3C4_17619300", "04A2B3C4"), ("04A2B3C4D5E680_17619300", "04A2B3C4D5E680"), ("1234567890ABCDEF_A1B2", None)],
)
def test_keba_the_card_alone(said: str, meant: str | None) -> None:
    meant = meant or said.partition("_")[0]
    assert keba.card_alone({"idTag": said, "x": 1}, Station()) == {"idTag": meant, "x": 1}


@pytest.mark.parametrize(
    "tag", ["04A2B3C4", "TOKEN_12345678", "04A2B3C4_", "04A2B3C4_1_2", "_12345678", 12345678, None]
)
def test_keba_no_other_tag_is_cut(tag: Any) -> None:
    call = {"idTag": tag}
    assert keba.card_alone(call, Station()) is call


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00.000Z"),
        ("2026-11-21T10:00:00+00:00", "2026-11-21T10:00:00.000+00:00"),
        ("2026-11-21T10:00:00.1Z", "2026-11-21T10:00:00.1Z"),
        ("soon", "soon"),
    ],
)
def test_webasto_a_fraction_of_a_second(said: str, meant: str) -> None:
    answer = {"status": "Accepted", "currentTime": said, "interval": 300}
    assert webasto_next.with_fraction(answer, Station())["currentTime"] == meant


def test_abl_names_the_only_connector() -> None:
    trigger = {"requestedMessage": "MeterValues"}
    one = Station({"station/status/0": {}, "station/status/1": {}})
    assert abl.with_connector(trigger, one) == {"requestedMessage": "MeterValues", "connectorId": 1}
    two = Station({"station/status/1": {}, "station/status/2": {}})
    for station in (two, Station(), Station({"station/status/0": {}})):
        assert abl.with_connector(trigger, station) is trigger
    for other in ({"requestedMessage": "Heartbeat"}, {"requestedMessage": "MeterValues", "connectorId": 0}):
        assert abl.with_connector(other, one) is other


def test_foxess_writes_what_201_has() -> None:
    old = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": "2026-11-21T10:00:00Z"}
    new = foxess.as_201(old, Station())
    assert new == {
        "timestamp": "2026-11-21T10:00:00Z",
        "connectorStatus": "Occupied",
        "evseId": 1,
        "connectorId": 1,
    }
    assert schemas.valid("ocpp2.0.1", "StatusNotification", new, answer=False)
    station = foxess.as_201({"connectorId": 0, "errorCode": "NoError", "status": "Available"}, Station())
    assert station == {
        "timestamp": "2026-07-21T10:00:00.000Z",
        "connectorStatus": "Available",
        "evseId": 0,
        "connectorId": 0,
    }
    assert foxess.as_201(new, Station()) is new
    for odd in ({"connectorId": 1, "status": "Sleeping"}, {"connectorId": "1", "status": "Available"}):
        assert foxess.as_201(odd, Station()) is odd


@pytest.mark.parametrize(
    ("quirk", "maker", "has"),
    [
        (keba.QUIRK, Maker("keba ag", "kc-p30", "1.12.0"), True),
        (webasto_next.QUIRK, Maker("webasto", "next-ws"), True),
        (webasto_next.QUIRK, Maker("webasto", "live"), False),
        (webasto_next.QUIRK, Maker("ampure", "next"), True),
        (abl.QUIRK, Maker("abl"), True),
        (abl.QUIRK, Maker("ablaze"), False),
        (foxess.QUIRK, Maker("fox ess"), True),
        (foxess.QUIRK, Maker("foxess"), True),
    ],
)
def test_makers(quirk: Any, maker: Maker, has: bool) -> None:
    assert quirk.of(maker) is has
