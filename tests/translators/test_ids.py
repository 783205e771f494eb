"""Ids that follow from what they name."""

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators import ids, times

START = {"connectorId": 1, "idTag": "04a1b2c3d4e5f6", "meterStart": 120500, "timestamp": "2026-11-21T10:05:00Z"}


def never(_: int) -> bool:
    return False


@given(st.text())
def test_uuid5_is_that_of_the_rfc(name: str) -> None:
    assert ids.uuid5(name) == str(uuid.uuid5(uuid.UUID(ids.NAMESPACE), name))


def test_the_namespace_never_changes() -> None:
    assert ids.transaction_uuid("CP-1", 1) == str(uuid.uuid5(uuid.UUID(ids.NAMESPACE), "transaction/1/CP-1"))
    assert ids.NAMESPACE == "7b0c3c1e-5d0e-5d52-9d5b-6f1b9a2c4e80"


def test_fingerprint_is_that_of_the_start() -> None:
    mark = ids.start_fingerprint("CP-1", START)
    assert len(mark) == 40
    assert mark == ids.start_fingerprint("CP-1", START | {"idTag": "04A1B2C3D4E5F6", "reservationId": 0})


@pytest.mark.parametrize(
    "change",
    [
        {"connectorId": 2},
        {"idTag": "x"},
        {"meterStart": 120501},
        {"timestamp": "2026-11-21T10:05:01Z"},
        {"reservationId": 3},
    ],
)
def test_another_start_has_another_fingerprint(change: dict[str, Any]) -> None:
    assert ids.start_fingerprint("CP-1", START) != ids.start_fingerprint("CP-1", START | change)
    assert ids.start_fingerprint("CP-1", START) != ids.start_fingerprint("CP-2", START)


def test_parts_of_a_fingerprint_do_not_run_together() -> None:
    assert ids.start_fingerprint("CP1", {"connectorId": 1}) != ids.start_fingerprint("CP", {"connectorId": 11})


def test_transaction_id_is_the_time_of_the_start() -> None:
    seconds = times.epoch(START["timestamp"])
    assert seconds is not None
    assert ids.transaction_int(START, never) == seconds - 1577836800
    assert ids.transaction_int(START | {"timestamp": "2026-11-21T11:05:00.9+01"}, never) == seconds - 1577836800


def test_transaction_id_moves_on_while_taken() -> None:
    first = ids.transaction_int(START, never)
    assert ids.transaction_int(START, {first, first + 1}.__contains__) == first + 2
    last = {"timestamp": "2088-01-19T03:14:07Z"}
    assert ids.transaction_int(last, never) == ids.LARGEST_INT
    assert ids.transaction_int(last, {ids.LARGEST_INT}.__contains__) == 1


@pytest.mark.parametrize(
    "timestamp", ["1970-01-01T00:00:12Z", "2020-01-01T00:00:00Z", "2088-01-19T03:14:08Z", "0", None]
)
def test_transaction_id_without_a_clock_is_the_fingerprint(timestamp: str | None) -> None:
    start = START | {"timestamp": timestamp}
    chosen = ids.transaction_int(start, never)
    assert chosen == ids.transaction_int(dict(start), never)
    assert 0 < chosen <= ids.LARGEST_INT
    assert chosen != ids.transaction_int(start | {"meterStart": 7}, never)


@given(st.dictionaries(st.sampled_from([*START, "reservationId"]), st.none() | st.integers() | st.text()))
def test_transaction_id_is_always_a_positive_31_bit_number(call: dict[str, Any]) -> None:
    assert 0 < ids.transaction_int(call, never) <= 2**31 - 1
    assert len(ids.start_fingerprint("CP", call)) == 40


def test_transaction_uuid_is_one_of_its_pair() -> None:
    assert ids.transaction_uuid("CP-1", 5) == ids.transaction_uuid("CP-1", 5)
    assert len({ids.transaction_uuid(name, number) for name in ("a", "b") for number in (-1, 0, 1)}) == 6


def test_a_number_of_ours_tells_its_start() -> None:
    began = times.epoch(START["timestamp"])
    assert began is not None
    number = ids.transaction_int(START, never)
    for moment in (began - 60.0, began, began + 90 * 86400.0):
        assert ids.transaction_start(number, moment) == began
    for moment in (began - 61.0, began + 90 * 86400.0 + 1.0):
        assert ids.transaction_start(number, moment) is None


@pytest.mark.parametrize("number", [-(2**31), -1, 0, 1, 4711, 7_775_999, 1_795_255_200, 2**63])
def test_a_number_of_somebody_else_tells_none(number: int) -> None:
    for moment in ("2020-01-01T00:10:00Z", "2020-03-01T00:00:00Z", "2026-11-21T10:00:00Z"):
        assert ids.transaction_start(number, times.epoch(moment) or 0.0) is None
