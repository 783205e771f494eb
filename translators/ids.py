"""Ids that follow from what they name. PURE: no randomness, no counter.

1.6 gives a transaction an integer that the CSMS chooses in its answer (section 4.8), 2.0.1 a text that the station
chooses in its request (E01). The one who stands between chooses both, and chooses them from the StartTransaction itself:
a start that is sent again after all memory was lost gets the ids it had before, so it is the same transaction to the
CSMS and not a second one to be billed. No id is given twice to one station, ever: its clock goes on.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from translators.times import epoch

NAMESPACE = "7b0c3c1e-5d0e-5d52-9d5b-6f1b9a2c4e80"
"""The project's own namespace of RFC 4122 section 4.3. Never to be changed: ids that are in use would change with it."""

LARGEST_INT = 2**31 - 1
"""The largest transactionId every 1.6 station can hold: many keep it in a signed 32-bit integer."""

_EPOCH_2020 = 1_577_836_800
_OLDEST, _MOVED = 90 * 86400.0, 60.0
"""How long before a message its transaction may have begun, and by how much its number may have been moved on, in
seconds."""


def uuid5(name: str) -> str:
    """The RFC 4122 version 5 UUID of a name in the project's namespace, in lower case."""
    namespace = bytes.fromhex(NAMESPACE.replace("-", ""))
    digest = bytearray(hashlib.sha1(namespace + name.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest())
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = bytes(digest[:16]).hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def start_fingerprint(identity: str, call_16: dict[str, Any]) -> str:
    """40 hex digits that are the same whenever a station sends the same StartTransaction.req again.

    Made of everything a station repeats: connector, idTag (CiString: without case), meterStart, timestamp, reservation.
    """
    parts = [
        identity,
        call_16.get("connectorId"),
        str(call_16.get("idTag") or "").upper(),
        call_16.get("meterStart"),
        call_16.get("timestamp"),
        call_16.get("reservationId") or None,  # 0 is how some stations say "none"
    ]
    text = json.dumps(parts, separators=(",", ":"))
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def transaction_int(call_16: dict[str, Any], taken: Callable[[int], bool]) -> int:
    """The transactionId (1 to 2^31-1) for a StartTransaction.req, the same one for the same request.

    It is the start's time in whole seconds since 2020-01-01 UTC, which lasts to January 2088 and never comes twice; for
    a station whose clock is not set, 31 bits of the request's fingerprint. `taken(id)` says whether another
    transaction of this station has the id; then the next free one is used. A retransmission gets the same id after a
    loss of all memory as well, except where it had been moved by another start of the same second.
    """
    seconds = epoch(call_16.get("timestamp"))
    chosen = int(seconds - _EPOCH_2020) if seconds is not None else 0
    if not 0 < chosen <= LARGEST_INT:
        chosen = int(start_fingerprint("", call_16)[:8], 16) & LARGEST_INT or 1
    while taken(chosen):
        chosen = chosen % LARGEST_INT + 1
    return chosen


def transaction_start(transaction_id: int, moment: float) -> float | None:
    """Unix time of the start that an integer tells which may have come from `transaction_int`, seen in a message of the
    Unix time `moment`; None for one that did not.

    Ours is one that tells a start within the 90 days before. The small counters of other CSMSs, Unix times and the
    numbers that stations make up do not; neither does the fingerprint that a station without a clock was given, because
    nothing tells it from another's. A clock in the first 90 days of 2020 was not set.
    """
    if transaction_id < _OLDEST:
        return None
    began = float(transaction_id + _EPOCH_2020)
    return began if moment - _OLDEST <= began <= moment + _MOVED else None


def transaction_uuid(identity: str, transaction_id: int) -> str:
    """The 2.0.1 transactionId for a station's integer one: the same for the same pair, on every node and at any time."""
    return uuid5(f"transaction/{transaction_id}/{identity}")
