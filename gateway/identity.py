"""The station's identity and how it is read from the request's path (2.1 part 4 section 3.1.1). PURE.

An identity is at most 48 characters of `a-zA-Z0-9*-_=+|@.`, compared without regard to letter case. Anything else is
refused before it is looked up, logged or put into a URL.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

_IDENTITY = re.compile(r"[a-zA-Z0-9*\-_=+|@.]{1,48}")
_ONLY_DOTS = re.compile(r"\.+")
_AUTHORITY = re.compile(r"(?i:https?|wss?)://[^/?#]*")
"""What stands before the path where a whole URL is asked for, as proxies do (RFC 9112 section 3.2.2)."""


class Identity(NamedTuple):
    """`spelt` as the station wrote it (kept for the backend), `key` for every comparison."""

    spelt: str
    key: str

    @property
    def quoted(self) -> str:
        """Percent-encoded for a path segment."""
        return quote(self.spelt, safe="*-_=+@.")


def read_identity(segment: str) -> Identity | None:
    """An identity from one percent-encoded path segment, decoded once; None when it is none."""
    decoded = unquote_to_bytes(segment)
    try:
        spelt = decoded.decode("ascii")
    except UnicodeDecodeError:
        return None
    return identity_of(spelt)


def identity_of(spelt: str) -> Identity | None:
    """An identity from plain text, nothing decoded; None when it is none."""
    # `.` and `..` would climb in the backend's URL.
    if not _IDENTITY.fullmatch(spelt) or _ONLY_DOTS.fullmatch(spelt):
        return None
    return Identity(spelt, spelt.casefold())


def segment_of(raw_target: str, patterns: tuple[str, ...]) -> str | None:
    """The identity's path segment (still percent-encoded) when the target fits one of the patterns, such as
    `/ocpp/{identity}`; None otherwise. Doubled and trailing slashes are forgiven, the query is ignored."""
    before = _AUTHORITY.match(raw_target)
    path = raw_target[before.end() if before else 0 :].split("?", 1)[0].split("#", 1)[0]
    parts = _parts(path)
    prefixes = _prefixes(patterns)
    # A prefix alone, `/ocpp/`, is a URL that somebody forgot to put the identity to, and no station called ocpp.
    if not parts or parts in prefixes or parts[:-1] not in prefixes:
        return None
    return parts[-1]


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


@cache  # of the configuration
def _prefixes(patterns: tuple[str, ...]) -> list[list[str]]:
    return [_parts(pattern)[:-1] for pattern in patterns]


class Basic(NamedTuple):
    """HTTP Basic credentials; the password is octets, stations send more than UTF-8."""

    username: str
    password: bytes


class BadCredentials(Exception):
    """An Authorization header that is not well-formed HTTP Basic."""


def read_basic(header: str | None) -> Basic | None:
    """The credentials of an Authorization header, None without one. Raises BadCredentials."""
    if header is None:
        return None
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.casefold() != "basic":
        raise BadCredentials("not Basic")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise BadCredentials("not base64") from None
    username, colon, password = decoded.partition(b":")
    if not colon:
        raise BadCredentials("no colon")
    return Basic(username.decode("latin-1"), password)


def write_basic(username: str, password: bytes) -> str:
    """The Authorization header of these credentials."""
    return "Basic " + base64.b64encode(username.encode() + b":" + password).decode("ascii")


def offered_subprotocols(lines: Iterable[str]) -> list[str]:
    """The members of the header's lines, in order; empty ones are forgiven (seen from a KEBA x30)."""
    return [member.strip() for line in lines for member in line.split(",") if member.strip()]
