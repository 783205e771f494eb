"""idTag (1.6: a text of at most 20 characters) and idToken (2.0.1: at most 36, with a type).

1.6 section 4.1 with types 7.27 to 7.29, 2.0.1 part 2 section 2.28 (IdTokenType) and 2.29 (IdTokenInfoType). A tag is never cut: half a
tag is somebody else's.
"""

import base64
import hashlib
import re
from typing import Any

from translators import times
from translators.losses import Fields
from translators.words.authorization import authorization_16, authorization_201

ID_TAG_LIMIT = 20
ID_TOKEN_LIMIT = 36

_ALIAS = "ALIAS"
_HEX = re.compile(r"[0-9A-Fa-f]+")
_HEX_TYPES = {8: "ISO14443", 14: "ISO14443", 20: "ISO14443", 16: "ISO15693"}
"""Card numbers by their count of hex digits: ISO 14443 has 4, 7 or 10 bytes, ISO 15693 has 8."""
_EMAID = re.compile(r"[A-Z]{2}-?[A-Z0-9]{3}-?C?[A-Z0-9]{8,9}-?[A-Z0-9]?")
_TRAILING_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+\Z")
_SAID_IN_20_ONLY = ("chargingPriority", "evseId", "language1", "language2", "personalMessage")
LOST_TO_16: Fields = {
    "cacheExpiryDateTime": "left out: not a time",
    "groupIdToken": "left out: more than 20 characters, and the head of a group's id would be another group's",
    **dict.fromkeys(_SAID_IN_20_ONLY, "left out"),
}
"""What `id_tag_info` may lose of an idTokenInfo."""
LOST_TO_201: Fields = {
    "expiryDate": "left out: not a time",
    "parentIdTag": "left out: more than 36 characters",
}
"""What `id_token_info` may lose of an idTagInfo."""


def clean(tag: str) -> str:
    """The tag without trailing control bytes, which some readers leave at its end. Nothing else is changed."""
    return _TRAILING_CONTROLS.sub("", tag)


def key(tag: str) -> str:
    """What two spellings of one tag have in common: idTags are compared without case (CiString, 1.6 section 7.28)."""
    return clean(tag).lower()


def type_of(id_tag: str, policy: str = "auto", emaid: bool = False, mac: bool = False) -> str:
    """The idToken type for an idTag nobody has told the type of.

    policy: `auto`, or the type an operator wants for every tag (a CSMS that checks the length of ISO14443 tokens is
    content with Central). emaid, mac: whether texts that look like a contract id (`DE-8AA-C12345678-9`) or a MAC
    address (12 hex digits) are taken for one; off unless asked for, because other tags look so too.
    """
    tag = clean(id_tag)
    if not tag:
        return "NoAuthorization"
    if policy != "auto":
        return policy
    if _HEX.fullmatch(tag):
        if len(tag) in _HEX_TYPES:
            return _HEX_TYPES[len(tag)]
        if mac and len(tag) == 12:
            return "MacAddress"
    if emaid and _EMAID.fullmatch(tag):
        return "eMAID"
    return "Central"


def id_token_for(id_tag: str, kind: str) -> dict[str, Any] | None:
    """The idToken of a tag in its own spelling and of the type `kind`; None when it is longer than 36 characters."""
    tag = clean(id_tag)
    return {"idToken": tag, "type": kind} if len(tag) <= ID_TOKEN_LIMIT else None


def alias_of(id_token: str) -> str:
    """The idTag that stands for a token too long for one: `ALIAS` and 15 characters of base32, 75 bits of the SHA-256 of
    the token in upper case (tokens are compared without case). The same for ever, on any backend, after any loss."""
    digest = hashlib.sha256(clean(id_token).upper().encode("utf-8", "surrogatepass")).digest()
    return _ALIAS + base64.b32encode(digest).decode()[:15]


def memory_key(tag: str) -> str:
    """Where it is kept which token this tag is. An alias can be read back from nowhere else: it is kept apart, durably."""
    text = clean(tag).upper()
    return f"{'alias' if text.startswith(_ALIAS) and len(text) == ID_TAG_LIMIT else 'tokens'}/{text}"


def id_tag_for(id_token: dict[str, Any], stand_in: str | None = None, *, alias: bool = False) -> str | None:
    """The idTag for an idToken; for one of more than 20 characters its alias, or None where `alias` is False.

    `stand_in` is the tag for a token that names nobody (type NoAuthorization, or empty): most 1.6 CSMSs refuse an
    empty idTag. Without one the answer for such a token is None.
    """
    tag = clean(str(id_token.get("idToken") or ""))
    if not tag or id_token.get("type") == "NoAuthorization":
        return stand_in
    if len(tag) <= ID_TAG_LIMIT:
        return tag
    return alias_of(tag) if alias else None


def id_tag_info(
    id_token_info: dict[str, Any], lost: list[str] | None = None, *, start: bool = False, alias: bool = False
) -> dict[str, Any]:
    """1.6 IdTagInfo from a 2.0.1 IdTokenInfo. `start`: it goes into a StartTransaction.conf (see `authorization_16`).
    `alias`: a group that is too long gets its alias.

    `lost` gets the names of fields that 1.6 cannot say; a group of more than 20 characters is among them, because
    the head of a group's id would be another group's.
    """
    lost = [] if lost is None else lost
    info: dict[str, Any] = {"status": authorization_16(str(id_token_info.get("status")), start=start)}
    expiry = id_token_info.get("cacheExpiryDateTime")
    if expiry:
        _put(info, "expiryDate", times.normalise(expiry), "cacheExpiryDateTime", lost)
    group = id_token_info.get("groupIdToken")
    if group and group.get("idToken"):
        _put(info, "parentIdTag", id_tag_for(group, alias=alias), "groupIdToken", lost)
    lost.extend(name for name in _SAID_IN_20_ONLY if name in id_token_info)
    return info


def id_token_info(id_tag_info: dict[str, Any], lost: list[str] | None = None) -> dict[str, Any]:
    """2.0.1 IdTokenInfo from a 1.6 IdTagInfo. A parentIdTag has no type of its own and becomes a Central one.

    `lost` gets the names of fields that could not be read.
    """
    lost = [] if lost is None else lost
    info: dict[str, Any] = {"status": authorization_201(str(id_tag_info.get("status")))}
    expiry = id_tag_info.get("expiryDate")
    if expiry:
        _put(info, "cacheExpiryDateTime", times.normalise(expiry), "expiryDate", lost)
    parent = clean(str(id_tag_info.get("parentIdTag") or ""))
    if parent:
        _put(info, "groupIdToken", id_token_for(parent, "Central"), "parentIdTag", lost)
    return info


def _put(info: dict[str, Any], name: str, value: Any, origin: str, lost: list[str]) -> None:
    if value is None:
        lost.append(origin)
    else:
        info[name] = value
