"""Moments: everything stations write is read, and only RFC 3339 in UTC goes out."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators import times

MOMENT = datetime(2026, 11, 21, 10, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("2026-11-21T10:05:00Z", "2026-11-21T10:05:00Z"),
        ("2026-11-21T10:05:00.5Z", "2026-11-21T10:05:00.5Z"),
        ("2026-11-21T10:05:00.123Z", "2026-11-21T10:05:00.123Z"),
        ("2026-11-21T10:05:00", "2026-11-21T10:05:00Z"),
        ("2026-11-21T10:05:00.123", "2026-11-21T10:05:00.123Z"),
        ("2026-11-21T12:05:00+02", "2026-11-21T10:05:00Z"),
        ("2026-11-21T12:05:00+0200", "2026-11-21T10:05:00Z"),
        ("2026-11-21T11:05:00+01:00", "2026-11-21T10:05:00Z"),
        ("2026-11-21T10:05:00+00:00", "2026-11-21T10:05:00Z"),
        ("2026-11-21T04:35:00-05:30", "2026-11-21T10:05:00Z"),
        ("2026-11-21T10:05:00.123456Z", "2026-11-21T10:05:00.123Z"),
        ("2026-11-21T10:05:00.1234567Z", "2026-11-21T10:05:00.123Z"),
        ("2026-11-21T10:05:00.123456789Z", "2026-11-21T10:05:00.123Z"),
        ("2026-11-21T10:05:00.9999999Z", "2026-11-21T10:05:00.999Z"),
        ("2026-11-21T10:05:00.000000Z", "2026-11-21T10:05:00.000Z"),
        ("2026-11-21 10:05:00Z", "2026-11-21T10:05:00Z"),
        ("2026-11-21t10:05:00z", "2026-11-21T10:05:00Z"),
        (" 2026-11-21T10:05:00Z ", "2026-11-21T10:05:00Z"),
        ("2026-11-21T10:05Z", "2026-11-21T10:05:00Z"),
        ("2026-11-21", "2026-11-21T00:00:00Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
        ("1970-01-01T00:00:12.000Z", "1970-01-01T00:00:12.000Z"),
    ],
)
def test_what_is_written_on_the_wire(text: str, normal: str) -> None:
    assert times.normalise(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0",
            "",
            "yesterday",
            "null",
            "2026",
            "1732183500",
            "10:05:00",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
        ),
        *("2026-11-21T25:00:00Z", "2026-11-21T10:61:00Z", "2026-11-21T10:05:61Z", "2026-11-21T10:05:00+25:00"),
        *("2026-11-21T10:05:00+01:60", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:60Z"),
        *(
            "2026-11-21T10:05:00ZZ",
            "2026-11-21T10:05:00." + "1" * 400,
            "２026-11-21T10:05:00Z",
            None,
            0,
            1732183500,
            {},
        ),
    ],
)
def test_what_names_no_moment(text: object) -> None:
    assert times.parse(text) is None
    assert times.normalise(text) is None
    assert times.epoch(text) is None


def test_parse_keeps_microseconds_in_utc() -> None:
    moment = times.parse("2026-11-21T12:05:00.1234567+02:00")
    assert moment == MOMENT.replace(microsecond=123456)
    assert moment is not None
    assert moment.tzinfo is UTC


def test_epoch_and_iso() -> None:
    assert times.epoch("2026-11-21T10:05:00Z") == MOMENT.timestamp()
    assert times.epoch("1969-12-31T23:59:59.5Z") == -0.5
    assert times.iso(MOMENT.timestamp()) == "2026-11-21T10:05:00.000Z"
    assert times.iso(0.0009) == "1970-01-01T00:00:00.001Z"
    assert times.iso(-0.5) == "1969-12-31T23:59:59.500Z"


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001
def test_iso_is_read_back_to_the_millisecond(moment: datetime) -> None:
    seconds = moment.replace(tzinfo=UTC).timestamp()
    text = times.iso(seconds)
    assert len(text) == 24
    assert times.normalise(text) == text
    assert times.epoch(text) == pytest.approx(seconds, abs=0.00051)


@given(st.text(alphabet="0123456789-+:.,TZ tz", max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    normal = times.normalise(text)
    if normal is not None:
        assert times.normalise(normal) == normal
