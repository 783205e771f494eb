"""Moments as text and as numbers. Both versions write RFC 3339 (1.6 section 3.11, 2.0.1 part 2 section 2.1.3).

Stations write many near misses: no zone, a zone of hours only, a space for the T, six, seven or nine digits of
fraction, the text "0". What can be read is read; what goes out is UTC with Z and at most milliseconds.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_MOMENT = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[Tt ]\s*(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,12}))?)?"
    r"\s*(?P<zone>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_FITS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\.[0-9]{1,3})?Z")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  what is added to it is UTC
_LONGEST = 64
_READ_LATELY = 256
"""A message's timestamp is asked for several times on its way."""


def parse(text: object) -> datetime | None:
    """The moment a text names, in UTC with microseconds; None when it names none ("0", "", no text at all).

    A text without a zone is read as UTC, one without a time of day as the day's beginning. Further digits of the
    fraction are cut, never rounded up: a moment must not slip into the future.
    """
    found = _read(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    return None if found is None else found[0]


@lru_cache(_READ_LATELY)
def _read(text: str) -> tuple[datetime, str, float] | None:
    """The moment, the text that `normalise` makes of it, and its seconds since 1970."""
    if _FITS.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return moment, text, moment.timestamp()
    found = _parsed(text)
    return None if found is None else (found, _normalised(text, found), found.timestamp())


def _parsed(text: str) -> datetime | None:
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
    second = int(found["second"] or 0)
    # RFC 3339 section 5.6 allows second 60; Python does not, so the leap second is added.
    leap = 1 if second == 60 else 0
    micros = int((found["fraction"] or "")[:6].ljust(6, "0"))
    try:
        zone = _zone(found["zone"])
        local = datetime(
            year, month, day, int(found["hour"] or 0), int(found["minute"] or 0), second - leap, micros, zone
        )
        return (local + timedelta(seconds=leap)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def normalise(text: object) -> str | None:
    """RFC 3339 in UTC with `Z` and at most three digits of fraction; None when the text names no moment.

    A text that already fits comes back unchanged, so a timestamp is not rewritten without need.
    """
    found = _read(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    return None if found is None else found[1]


def _normalised(text: str, moment: datetime) -> str:
    fraction = f".{moment.microsecond // 1000:03d}" if re.search(r"[.,][0-9]", text) else ""
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + fraction + "Z"


def iso(epoch_seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 in UTC, always with three digits of fraction: some stations need them.

    Raises OverflowError outside the years 1 to 9999.
    """
    moment = _EPOCH + timedelta(milliseconds=round(epoch_seconds * 1000))
    return moment.isoformat(timespec="milliseconds") + "Z"


def epoch(text: object) -> float | None:
    """Seconds since 1970 (negative before), or None when the text names no moment."""
    found = _read(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    return None if found is None else found[2]


def _zone(text: str | None) -> timezone:
    if text is None or text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if minutes > 59:
        raise ValueError(text)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
