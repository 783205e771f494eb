"""How a value is written in either version.

What is to be written is converted whole or refused: a list is never shortened (1.6 section 3.16.4 wants an unsupported
measurand rejected). What is read is told as far as the other version has words for it, and as it is where it has none.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from translators.losses import Fields
from translators.words import MEASURAND, PHASE, TwoWay, same, table

Version = Literal["1.6", "2.0.1"]
"""The version to write for."""

_WHOLE = re.compile(r"([+-]?[0-9]{1,18})(\.0{1,18})?")


class UnfitValueError(Exception):
    """A value that cannot be written. `code`: a reasonCode of 2.0.1; `why` repeats nothing but words of lists."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is: its 1.6 type, its 2.0.1 dataType, unit, limits, and the words a list is made of."""

    name: str
    type_16: str
    data_type: str
    unit: str | None = None
    words: TwoWay | None = None
    what: str = "value"
    least: int | None = None
    most: int | None = None


RATE_UNIT_WORDS = table("""
    Current  <->  A
    Power    <->  W
""")
"""ChargingScheduleAllowedChargingRateUnit (1.6 section 9.4.2) against SmartChargingCtrlr.RateUnit. Profiles say A and W
in both versions."""

FILE_TRANSFER_WORDS = same("FTP FTPS HTTP HTTPS SFTP")

KINDS = {
    kind.name: kind
    for kind in (
        Kind("boolean", "boolean", "boolean"),
        Kind("integer", "integer", "integer"),
        Kind("seconds", "integer", "integer", "s"),
        Kind("Wh", "integer", "integer", "Wh"),
        Kind("percent", "integer", "integer", "Percent"),
        Kind("text", "string", "string"),
        Kind("date", "string", "dateTime"),
        Kind("list", "CSL", "MemberList"),
        Kind("measurands", "CSL", "MemberList", words=MEASURAND, what="measurand"),
        Kind("rate units", "CSL", "MemberList", words=RATE_UNIT_WORDS, what="unit"),
        Kind("protocols", "CSL", "MemberList", words=FILE_TRANSFER_WORDS, what="protocol"),
        Kind("password", "string", "string"),
        Kind("phases", "CSL", "string"),
        Kind("profiles", "CSL", "boolean"),
        Kind("price", "JSON", "string"),
    )
}

STRANGERS: Fields = {
    kind.what: f"left out: words for a {kind.what} that the other version has not"
    for kind in KINDS.values()
    if kind.words is not None
}
"""What reading a value may lose: members of lists."""


def written(kind: Kind, text: str, version: Version) -> str:
    """The value for the other version, whole. Raises UnfitValueError."""
    value = text.strip()
    if kind.data_type == "boolean":
        value = value.lower()
        if value not in ("true", "false"):
            raise UnfitValueError("InvalidValue", "not a boolean")
    elif kind.data_type == "integer":
        value = _whole(kind, value)
    elif kind.data_type == "MemberList":
        value, strangers = _list(kind, value, version)
        if strangers:
            raise UnfitValueError("InvalidValue", f"{kind.what} not available in OCPP {version}: {strangers[0][:50]}")
    elif kind.name == "password":
        value = _password_16(text) if version == "1.6" else _password_201(value)
    return value


def read(kind: Kind, text: str, version: Version) -> tuple[str, list[str]]:
    """The value as the other version says it, and the words it has none for."""
    if kind.data_type == "MemberList":
        return _list(kind, text.strip(), version)
    try:
        return written(_unlimited(kind), text, version), []
    except UnfitValueError:
        return text.strip(), []


def cut(text: str, most: int) -> str:
    """The text, or as many whole members of the list as fit."""
    if len(text) <= most:
        return text
    end = text.rfind(",", 0, most + 1)
    return text[: end if end > 0 else most]


def members(text: str) -> list[str]:
    """A comma separated list without blanks and empty members."""
    return [word for part in text.split(",") if (word := part.strip())]


def values_list(kind: Kind) -> str | None:
    """2.0.1 valuesList: the words there may be, where they are known."""
    return ",".join(sorted(set(kind.words.to_201.values()))) if kind.words is not None else None


def _whole(kind: Kind, value: str) -> str:
    match = _WHOLE.fullmatch(value)
    if match is None:
        raise UnfitValueError("InvalidValue", "not an integer")
    number = int(match[1])
    if kind.least is not None and number < kind.least:
        raise UnfitValueError("ValueTooLow", f"less than {kind.least}")
    if kind.most is not None and number > kind.most:
        raise UnfitValueError("ValueTooHigh", f"more than {kind.most}")
    return str(number)


def _unlimited(kind: Kind) -> Kind:
    return replace(kind, least=None, most=None)


def _list(kind: Kind, value: str, version: Version) -> tuple[str, list[str]]:
    found: list[str] = []
    strangers: list[str] = []
    for word in members(value):
        if kind.words is None:
            found.append(word)
            continue
        words = kind.words.to_201 if version == "2.0.1" else kind.words.to_16
        plain = _without_phase(word) if kind.words is MEASURAND and version == "2.0.1" else word
        meant = next((words[one] for one in words if one.casefold() == plain.casefold()), None)
        if meant is None:
            strangers.append(word)
        else:
            found.append(meant)
    return ",".join(dict.fromkeys(found)), strangers


def _without_phase(word: str) -> str:
    """1.6 may name a measurand's phase (section 9.1.17: `Voltage.L1`), 2.0.1 lists measurands alone."""
    head, _, phase = word.rpartition(".")
    return head if head and phase.casefold() in {one.casefold() for one in PHASE.to_201} else word


def _password_16(password: str) -> str:
    """AuthorizationKey is hexadecimal, of at most 20 bytes (1.6 section 9.1 with the security whitepaper)."""
    value = password.encode("utf-8", "surrogatepass").hex()
    if not value or len(value) > 40:
        raise UnfitValueError("TooLargeElement" if value else "InvalidValue", "1.6 takes 1 to 20 bytes")
    return value


def _password_201(value: str) -> str:
    """BasicAuthPassword is the password itself: 16 to 40 characters (2.0.1 SecurityCtrlr)."""
    try:
        password = bytes.fromhex(value).decode("ascii")
    except ValueError:
        raise UnfitValueError("InvalidValue", "not the hexadecimal form of a text") from None
    if not password.isprintable() or not 16 <= len(password) <= 40:
        raise UnfitValueError("InvalidValue", "2.0.1 takes 16 to 40 printable characters")
    return password
