"""Messages that 1.6 has no message for, as JSON text in the `data` of a DataTransfer.

Two conventions of the Open Charge Alliance: Plug & Charge with OCPP 1.6, where the data is the payload of the 2.0.1
message named by messageId, and California pricing, whose messages are its own.
"""

from collections.abc import Generator
from typing import Any

import msgspec

from translators import mend, schemas
from translators.effects import Ask, Note, PeerError, Step
from translators.frames import BadFrame, Payload

PLUG_AND_CHARGE = "org.openchargealliance.iso15118pnc"
COST = "org.openchargealliance.costmsg"

UNKNOWN = ("UnknownVendorId", "UnknownMessageId")
"""Statuses of a DataTransfer whose receiver does not follow the convention."""

_VERSION = "ocpp2.0.1"


def is_from(vendor: str, call: Payload) -> bool:
    """Whether a DataTransfer follows this convention; a vendorId is compared without case (CiString)."""
    return bool(call["vendorId"].strip().lower() == vendor)


def transfer(vendor: str, message: str, payload: Payload) -> Payload:
    """The DataTransfer that carries the payload."""
    return {"vendorId": vendor, "messageId": message, "data": packed(payload)}


def packed(payload: Payload) -> str:
    return msgspec.json.encode(payload).decode()


def unpacked(data: object) -> Payload | None:
    """The JSON object that a text holds; None when it holds none."""
    try:
        value = msgspec.json.decode(data) if isinstance(data, str) else data
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    return value if isinstance(value, dict) else None


def message(data: object, action: str, *, answer: bool = False) -> Payload | None:
    """The 2.0.1 payload that a text holds, mended where its meaning is plain; None for one that cannot be sent on."""
    payload = unpacked(data)
    if payload is None:
        return None
    try:
        payload = mend.read(_VERSION, action, payload, answer=answer)[0]
        return payload if schemas.valid(_VERSION, action, payload, answer=answer) else None
    except (BadFrame, RecursionError):
        return None


def exchanged(action: str, payload: Payload) -> Generator[Step, Any, tuple[str, Payload | None]]:
    """Ask by a DataTransfer of Plug & Charge: the envelope's status, and the message in the answer where one can be
    read. A peer that does not know DataTransfer is one that does not know the vendor."""
    try:
        answer = yield Ask("DataTransfer", transfer(PLUG_AND_CHARGE, action, payload))
    except PeerError as error:
        if not error.unsupported:
            raise
        return "UnknownVendorId", None
    status: str = answer["status"]
    if status in UNKNOWN:
        return status, None
    inner = message(answer.get("data"), action, answer=True)
    if inner is None and status == "Accepted":
        yield Note("invalid_data", {"message": action})
    return status, inner
