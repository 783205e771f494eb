"""Growatt and Chago: local time in place of UTC. It is 10:00 UTC, and noon where the station stands."""

from tests.translators.quirks.scene import NOW, Station
from translators.quirk import Maker
from translators.quirks import chago, growatt
from translators.times import epoch


def status(timestamp: str) -> dict[str, object]:
    return {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": timestamp}


def test_growatt_learns_from_a_status_and_keeps_it() -> None:
    station = Station()
    start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-07-21T12:00:10"}
    assert growatt.in_utc(start, station) is start
    assert growatt.status_in_utc(status("2026-07-21T12:00:05"), station) == status("2026-07-21T10:00:05.000Z")
    assert growatt.in_utc(start, station)["timestamp"] == "2026-07-21T10:00:10.000Z"
    data = [{"timestamp": "2026-07-21T13:00:00", "sampledValue": []}, {"sampledValue": []}, 5]
    moved = growatt.in_utc({"timestamp": "2026-07-21T13:00:01", "transactionData": data}, station)
    assert moved["timestamp"] == "2026-07-21T11:00:01.000Z"
    assert moved["transactionData"][0]["timestamp"] == "2026-07-21T11:00:00.000Z"
    assert data[0] == {"timestamp": "2026-07-21T13:00:00", "sampledValue": []}


def test_growatt_with_a_zone_or_on_time_is_right() -> None:
    station = Station()
    for text in ("2026-07-21T12:00:05Z", "2026-07-21T12:00:05+02:00", "2026-07-21T10:00:05", "2026-07-21T08:00:00"):
        call = status(text)
        assert growatt.status_in_utc(call, station) is call
    assert not station.memory


def test_growatt_a_delayed_status_does_not_count_until_summer_is_over() -> None:
    station = Station()
    growatt.status_in_utc(status("2026-07-21T12:00:05"), station)
    delayed = growatt.status_in_utc(status("2026-07-21T11:00:05"), station)
    assert delayed["timestamp"] == "2026-07-21T09:00:05.000Z"
    station.unix_time = NOW + 7 * 3600
    winter = growatt.status_in_utc(status("2026-07-21T18:00:00"), station)
    assert winter["timestamp"] == "2026-07-21T17:00:00.000Z"


def test_chago_is_of_now_when_it_is_of_the_future() -> None:
    ahead = status("2026-07-21T12:00:05Z")
    assert "timestamp" not in chago.without_future(ahead, Station())
    for text in ("2026-07-21T10:00:05Z", "2026-07-21T09:00:00Z", "2026-07-21T10:20:00Z", "2027-07-21T12:00:00Z"):
        call = status(text)
        assert chago.without_future(call, Station()) is call


def test_makers() -> None:
    assert growatt.QUIRK.of is not None
    assert growatt.QUIRK.of(Maker("growatt"))
    assert chago.QUIRK.of is not None
    assert chago.QUIRK.of(Maker("chago gmbh"))
    assert epoch("2026-07-21T10:00:00Z") == NOW
