"""One entry of the stations file: what may be written, and what becomes of it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec
from pydantic import AfterValidator, BeforeValidator

from gateway.config.listeners import Profile
from gateway.config.parts import Once, OneOrMore, Secret, Section, Text
from gateway.config.values import Subprotocol
from gateway.config.wording import suggestion
from gateway.identity import Identity, identity_of
from gateway.passwords import read_hash

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST = 2**31 - 1
"""The schemas' connector ids are integers that stations keep in 32 bits."""


class Subject(NamedTuple):
    """What the station's certificate must be, when it is not one whose common name is the identity."""

    cn: str | None = None
    sha256: tuple[str, ...] = ()


class Station(msgspec.Struct, frozen=True, gc=False):
    """What the file says of one station. A fleet's entries live for long: the garbage collector passes them over."""

    password_hash: str | None = None
    tags: frozenset[str] = frozenset()
    csms_identity: Identity | None = None
    quirks: tuple[str, ...] = ()
    subprotocol: str | None = None
    enabled: bool = True
    connectors: Mapping[int, tuple[int, int]] = {}
    certificate: Subject = Subject()
    security_profile: int = 0
    profile_ratchet: bool = True
    csms_password: str | None = None

    def __repr__(self) -> str:
        # Hash and password stay out of logs and of failing tests.
        return f"Station({self.csms_identity}, {self.subprotocol}, {sorted(self.tags)}, enabled={self.enabled})"


@lru_cache(maxsize=1024)
def _tag_set(tags: tuple[str, ...]) -> frozenset[str]:
    """Many stations share few sets of tags."""
    return frozenset(tags)


def _hash(value: str) -> str:
    read_hash(value)
    return value


def _identity(value: str) -> str:
    if identity_of(value) is None:
        raise ValueError(NO_IDENTITY)
    return value


def _quirk(value: str) -> str:
    # As in the configuration, translators are not loaded for files that name none.
    from translators.quirked import is_quirk
    from translators.quirks import QUIRKS

    if not is_quirk(value):
        raise ValueError(f"{value!r} is not a quirk" + suggestion(value.removeprefix("-"), sorted(QUIRKS)))
    return value


def _number(value: Any) -> int:
    # `01` beside `1` would be one connector with two places.
    digits = isinstance(value, str) and value.isascii() and value.isdigit() and not value.startswith("0")
    if not digits or int(value) > _LARGEST:
        raise ValueError("should be a whole number from 1, without a leading zero")
    return int(value)


def _place(value: Any) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("should be [evse, connector], such as [1, 1]")
    return _number(value[0]), _number(value[1])


def _connectors(value: Any) -> Any:
    return {} if value is None else value


def _places_once(value: Mapping[int, tuple[int, int]]) -> Mapping[int, tuple[int, int]]:
    seen: dict[tuple[int, int], int] = {}
    for number, place in value.items():
        if place in seen:
            raise ValueError(f"connectors {seen[place]} and {number} have the same place {list(place)}")
        seen[place] = number
    return value


NO_IDENTITY = "should be 1 to 48 of the characters a-z A-Z 0-9 * - _ = + | @ . and not dots alone"


def _fingerprint(value: str) -> str:
    plain = value.replace(":", "").lower()
    if not _SHA256.fullmatch(plain):
        raise ValueError("should be a SHA-256 fingerprint: 64 hex digits, as `ocpp-gateway certs inspect` prints it")
    return plain


class Certificate(Section):
    """What a station's certificate must be, in place of one whose common name is the identity; all that is given."""

    cn: Text | None = None
    sha256: Annotated[tuple[Annotated[str, AfterValidator(_fingerprint)], ...], OneOrMore, Once] = ()


class Entry(Section):
    """What may stand under an identity. The hash is checked for its form only."""

    password_hash: Annotated[str, AfterValidator(_hash)] | None = None
    tags: Annotated[tuple[Text, ...], OneOrMore, Once] = ()
    csms_identity: Annotated[str, AfterValidator(_identity)] | None = None
    quirks: Annotated[tuple[Annotated[Text, AfterValidator(_quirk)], ...], OneOrMore, Once] = ()
    subprotocol: Subprotocol | None = None
    enabled: bool = True
    connectors: Annotated[
        Mapping[Annotated[int, BeforeValidator(_number)], Annotated[tuple[int, int], BeforeValidator(_place)]],
        BeforeValidator(_connectors),
        AfterValidator(_places_once),
    ] = {}
    certificate: Certificate = Certificate()
    security_profile: Profile = 0
    profile_ratchet: bool = True
    csms_password: Secret | None = None

    def station(self) -> Station:
        """The entry as the gateway keeps it."""
        return Station(
            self.password_hash,
            _tag_set(self.tags),
            identity_of(self.csms_identity) if self.csms_identity is not None else None,
            self.quirks,
            self.subprotocol,
            self.enabled,
            self.connectors,
            Subject(self.certificate.cn, self.certificate.sha256),
            self.security_profile,
            self.profile_ratchet,
            self.csms_password.get_secret_value() if self.csms_password is not None else None,
        )
