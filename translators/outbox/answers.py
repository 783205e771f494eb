"""What a station is told in place of its CSMS while that is away.

A token is taken for accepted: the operator who configures `buffer` prefers a charge that may turn out not to be paid to
a driver who cannot charge. A station that caches the acceptance is told to ask again within a day (1.6
IdTagInfo.expiryDate, 2.0.1 IdTokenInfoType.cacheExpiryDateTime).
"""

from collections.abc import Callable

from translators import local, schemas
from translators.effects import is_transaction_message
from translators.frames import Call, Payload
from translators.ids import transaction_int
from translators.times import iso

CACHED_FOR = 24 * 3600.0

KEPT = frozenset({"MeterValues", "SecurityEventNotification"})
"""Delivered later as well, as far as there is room: readings outside of transactions, and what a station itself would
queue (2.0.1 A04.FR.02)."""


def is_kept(call: Call) -> bool:
    """Whether a call is delivered later, in its order."""
    return call.action in KEPT or is_transaction_message(call)


def at_once(version: str, action: str, unix_time: float) -> Payload | None:
    """The answer to a call that nobody will be told of; None for one that only a CSMS can answer."""
    if action == "Authorize":
        return _token(version, unix_time)
    if action == "DataTransfer":
        return {"status": "Rejected"}
    return local.answer(version, action, iso(unix_time))


def to_kept(version: str, call: Call, unix_time: float, taken: Callable[[int], bool]) -> tuple[Payload, bool]:
    """The answer to a call that is delivered later, and whether it takes a token for accepted. `taken`: whether this
    station has, or had, a transaction of this number. Raises BadFrame."""
    payload = call.payload
    if call.action == "StartTransaction":
        return {"transactionId": transaction_int(payload, taken), **_token(version, unix_time)}, True
    if call.action == "TransactionEvent" and "idToken" in payload:
        return _token(version, unix_time), True
    return {}, False


def refuses(answer: Payload) -> bool:
    """Whether a CSMS's answer refuses a token that had been taken for accepted."""
    info = answer.get("idTagInfo", answer.get("idTokenInfo"))
    return isinstance(info, dict) and info.get("status") not in (None, "Accepted")


def is_sound(version: str, call: Call) -> bool:
    """Whether the token in a call may be taken for accepted at all: what breaks its schema names none."""
    return schemas.valid(version, call.action, call.payload, answer=False)


def _token(version: str, unix_time: float) -> Payload:
    until = iso(unix_time + CACHED_FOR)
    if version == "ocpp1.6":
        return {"idTagInfo": {"status": "Accepted", "expiryDate": until}}
    return {"idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": until}}
