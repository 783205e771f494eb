"""Decimal numbers as OCPP writes them: texts in 1.6, JSON numbers in 2.0.1, never with an exponent."""

import re
from decimal import Context, Decimal

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_USUAL = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,5})?")
_LONGEST_TEXT = 64
_LARGEST_MULTIPLIER = 30
_MAGNITUDE = 15
LARGEST = 10**_MAGNITUDE
"""What no number that is carried reaches."""
_FIFTEEN_DIGITS = Context(prec=_MAGNITUDE)
"""A double holds 15 decimal digits and no more of every number."""
_JSON_STEP = Decimal("0.00001")
"""Below this a JSON writer reaches for exponents. In kWh it is a hundredth of a Wh."""
_JSON_MAGNITUDE = -5
_TEXT_STEP = Decimal("0.000000000000001")


def decimal_of(value: object, multiplier: object = 0) -> Decimal | None:
    """The value times ten to the power of the multiplier, in at most 15 significant digits.

    value: a JSON number, or a text with a point or a comma. None for anything else, and for a number of 10^15 or more:
    no meter shows it, and neither version could carry it to the digit.
    """
    if isinstance(value, bool) or not isinstance(multiplier, int) or abs(multiplier) > _LARGEST_MULTIPLIER:
        return None
    if isinstance(value, str):
        text = value.strip(" \t\r\n\x00")
        if len(text) > _LONGEST_TEXT or not _NUMBER.fullmatch(text):
            return None
        number = Decimal(text.replace(",", "."))
    elif isinstance(value, float):
        text = repr(value)
        number = Decimal(text)
    elif isinstance(value, int) and abs(value) < LARGEST:
        text = ""
        number = Decimal(value)
    else:
        return None
    if not number.is_finite():
        return None
    if not number:
        return Decimal(0)
    if multiplier or len(text) > _MAGNITUDE:
        number = number.scaleb(multiplier, _FIFTEEN_DIGITS)
    return number if number.adjusted() < _MAGNITUDE else None


def number_of(value: object) -> int | float | None:
    """`json_number` of `decimal_of`: what a 1.6 text says, as 2.0.1 writes it."""
    if isinstance(value, str) and _USUAL.fullmatch(value):
        # Within 15 digits a double is written as it was read, so nothing has to be counted in decimal.
        double = float(value)
        return int(double) if double.is_integer() else double
    number = decimal_of(value)
    return None if number is None else json_number(number)


def text_of(value: object, multiplier: object = 0) -> str | None:
    """`plain` of `decimal_of`: what a 2.0.1 number says, as 1.6 writes it."""
    if multiplier == 0 and type(value) is int and abs(value) < LARGEST:
        return str(value)
    if multiplier == 0 and type(value) is float:
        text = repr(value)
        if _USUAL.fullmatch(text):  # a double's shortest text is the number that was meant
            text = text.removesuffix(".0")
            return "0" if text == "-0" else text
    number = decimal_of(value, multiplier)
    return None if number is None else plain(number)


def json_number(number: Decimal) -> int | float:
    """The number for JSON: an int when it is a whole one, else a float that is written without an exponent."""
    if number.adjusted() < _JSON_MAGNITUDE:
        number = number.quantize(_JSON_STEP)
    return int(number) if number == number.to_integral_value() else float(number)


def plain(number: Decimal) -> str:
    """The number as a text without exponent and without trailing zeros."""
    if number.adjusted() < 0:
        number = number.quantize(_TEXT_STEP)
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
