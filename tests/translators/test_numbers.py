"""The short ways say what the long way says."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.numbers import decimal_of, json_number, number_of, plain, text_of

USUAL = st.from_regex(r"-?[0-9]{1,10}(\.[0-9]{0,6})?", fullmatch=True)
NUMBERS = (
    st.integers() | st.floats() | st.decimals(-(10**9), 10**9, places=5).map(float) | st.integers(-(10**16), 10**16)
)


def same(one: object, other: object) -> bool:
    return one == other and type(one) is type(other)


@given(USUAL | NUMBERS | st.text(max_size=20))
def test_a_text_becomes_the_number_that_is_counted_in_decimal(value: Any) -> None:
    number = decimal_of(value)
    assert same(number_of(value), None if number is None else json_number(number))


@given(NUMBERS | USUAL | st.booleans(), st.sampled_from([0, 0, 0, 1, 3, -3, -31, None, "3"]))
def test_a_number_becomes_the_text_that_is_counted_in_decimal(value: Any, multiplier: Any) -> None:
    number = decimal_of(value, multiplier)
    assert text_of(value, multiplier) == (None if number is None else plain(number))


@pytest.mark.parametrize(
    ("text", "number"), [("-0", 0), ("-0.0", 0), ("007", 7), ("1234.50", 1234.5), ("999999999.99999", 999999999.99999)]
)
def test_texts_of_the_usual_kind(text: str, number: float) -> None:
    assert same(number_of(text), number)


@pytest.mark.parametrize(
    ("number", "text"), [(-0.0, "0"), (1234.0, "1234"), (0.1, "0.1"), (1e-7, "0.0000001"), (10**15, None)]
)
def test_numbers_of_the_usual_kind(number: float, text: str | None) -> None:
    assert text_of(number) == text


@given(st.decimals(-(10**14), 10**14, places=1))
def test_fifteen_digits_are_carried_as_they_are(number: Decimal) -> None:
    value = decimal_of(float(number))
    assert value is None or len(value.as_tuple().digits) <= 15
