"""What vendors say to each other, and the conventions that stand for messages 1.6 does not have."""

import json
from typing import Any

from translators.effects import Ask, PeerError
from translators.frames import Payload
from translators.inner import COST, PLUG_AND_CHARGE, is_from
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16 import certificates, cost


def from_station(call: Payload, session: Session) -> Conversation:
    """DataTransfer -> DataTransfer, data that is no text as JSON text. 2.0.1 P02, 1.6 section 4.3."""
    return (yield from _transferred(call))


@loses(call=cost.LOST_OF_PRICES, answer={"statusInfo": "left out"})
def from_csms(call: Payload, session: Session) -> Conversation:
    """DataTransfer -> DataTransfer, the data as it is; Plug & Charge and costs as the messages they stand for. 1.6
    section 5.6, 2.0.1 P01."""
    if is_from(PLUG_AND_CHARGE, call):
        return (yield from certificates.by_plug_and_charge(call, session))
    if is_from(COST, call):
        return (yield from cost.from_csms(call, session))
    return (yield from _transferred(call))


def _transferred(call: Payload) -> Conversation:
    if len(call["vendorId"]) > 255 or len(call.get("messageId", "")) > 50:
        return {"status": "UnknownVendorId" if len(call["vendorId"]) > 255 else "UnknownMessageId"}
    data = _text(call.get("data"))
    try:
        answer = yield Ask(
            "DataTransfer",
            {
                "vendorId": call["vendorId"],
                **({"messageId": call["messageId"]} if "messageId" in call else {}),
                **({"data": data} if data is not None else {}),
            },
        )
    except PeerError as error:
        if not error.unsupported:
            raise
        return {"status": "UnknownVendorId"}
    if "statusInfo" in answer:
        yield from lost("statusInfo")
    said = _text(answer.get("data"))
    return {"status": answer["status"], **({"data": said} if said is not None else {})}


def _text(data: Any) -> str | None:
    """1.6 data is a text; 2.0.1 data is any JSON."""
    if data is None or isinstance(data, str):
        return data
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
