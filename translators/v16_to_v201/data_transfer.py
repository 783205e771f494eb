"""What vendors say to each other, and the conventions that stand for messages 1.6 does not have."""

import json
from typing import Any

from translators.effects import Ask, PeerError
from translators.frames import Payload
from translators.inner import COST, PLUG_AND_CHARGE, is_from
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v16_to_v201 import cost, plug_and_charge
from translators.v16_to_v201.answers import ask_station, lean, refusal


@loses(call={"additionalInfo": "left out of a Plug & Charge Authorize"}, answer={"statusInfo": "left out"})
def from_station(call: Payload, session: Session) -> Conversation:
    """DataTransfer -> DataTransfer, the data as it is; Plug & Charge as the message it stands for. 1.6 section 4.3,
    2.0.1 P02"""
    if is_from(PLUG_AND_CHARGE, call):
        return (yield from plug_and_charge.from_station(call, session))
    if is_from(COST, call) and call.get("messageId") == cost.UNPLUGGED:
        return {"status": "Accepted"}  # the StatusNotification that comes with it tells the CSMS
    if len(call["vendorId"]) > 255 or len(call.get("messageId", "")) > 50:
        return {"status": "UnknownVendorId" if len(call["vendorId"]) > 255 else "UnknownMessageId"}
    try:
        answer = yield Ask(
            "DataTransfer", {name: call[name] for name in ("messageId", "data", "vendorId") if name in call}
        )
    except PeerError as error:
        if not error.unsupported:
            raise
        return {"status": "UnknownVendorId"}
    if "statusInfo" in answer:
        yield from lost("statusInfo")
    return lean({"status": answer["status"], "data": _text(answer.get("data"))})


def from_csms(call: Payload, session: Session) -> Conversation:
    """DataTransfer -> DataTransfer, data that is no text as JSON text. 2.0.1 P01, 1.6 section 5.6"""
    request = {
        "vendorId": call["vendorId"],
        "messageId": call.get("messageId"),
        "data": _text(call.get("data")),
    }
    if len(call["vendorId"]) > 255 or len(call.get("messageId", "")) > 50:
        return refusal("Rejected", "TooLargeElement")
    answer = yield from ask_station("DataTransfer", lean(request), otherwise={"status": "UnknownVendorId"})
    return {name: answer[name] for name in ("status", "data") if name in answer}


def _text(data: Any) -> str | None:
    """1.6 data is a text; 2.0.1 data is any JSON."""
    if data is None or isinstance(data, str):
        return data
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)
