"""Plug & Charge (ISO 15118) of a 1.6 station: messages of 2.0.1 inside DataTransfers, in both directions.

The status of the DataTransfer says that its envelope was read; what the message came to is in the data. A station
expects no CALLERROR here: what fails is Rejected without data.
"""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Forget, Note, PeerError, PeerSilent, Step
from translators.frames import Payload
from translators.inner import UNKNOWN, exchanged, message, packed
from translators.session import Session
from translators.tables import Conversation
from translators.v16_to_v201.answers import refusal
from translators.v16_to_v201.authorization import remember_token
from translators.v16_to_v201.capabilities import lacks, learn_lack

_FROM_STATION = ("Authorize", "SignCertificate", "Get15118EVCertificate", "GetCertificateStatus")
_CAPABILITY = "PlugAndCharge"
_FOR_CAR = "V2GCertificate"
_REJECTED = {"status": "Rejected"}


def from_station(call: Payload, session: Session) -> Conversation:
    """What the station asks for by DataTransfer, asked for by its own message."""
    action = call.get("messageId", "")
    if action not in _FROM_STATION:
        return {"status": "UnknownMessageId"}
    request = message(call.get("data"), action)
    if request is None:
        yield Note("invalid_data", {"message": action})
        return _REJECTED
    if action == "SignCertificate" and request.setdefault("certificateType", _FOR_CAR) != _FOR_CAR:
        # A certificate for the connection with this gateway has a message of its own, and a guard.
        yield Note("guarded", {"call": action})
        return _REJECTED
    if action == "Authorize":
        yield from remember_token(session, request["idToken"], request["idToken"]["idToken"])
    try:
        answer = yield Ask(action, request)
    except (PeerError, PeerSilent) as error:
        yield Note("plug_and_charge_failed", {"message": action, "why": str(error)})
        return _REJECTED
    return {"status": "Accepted", "data": packed(answer)}


def ask_station(
    session: Session, action: str, payload: Payload, *, otherwise: str
) -> Generator[Step, Any, tuple[Payload, bool]]:
    """The station's answer to a 2.0.1 message inside a DataTransfer, and True; from one without Plug & Charge, or with
    no answer that can be read, a refusal with the status `otherwise`, and False."""
    unable = refusal(otherwise, "UnsupportedRequest", "the station has no Plug & Charge")
    if lacks(session, _CAPABILITY):
        return unable, False
    status, inner = yield from exchanged(action, payload)
    if status in UNKNOWN:
        if status == "UnknownVendorId":
            yield from learn_lack(session, _CAPABILITY)
        yield Note("station_declined", {"reason": status})
        return unable, False
    yield Forget(f"station/lacks/{_CAPABILITY}")
    if inner is None:
        return refusal(otherwise, "InternalError", "the station could not read the message"), False
    return inner, True


def trigger_sign_certificate(session: Session) -> Conversation:
    """TriggerMessage SignV2GCertificate, for which 1.6 has no word."""
    request = {"requestedMessage": "SignV2GCertificate"}
    answer, _ = yield from ask_station(session, "TriggerMessage", request, otherwise="NotImplemented")
    return answer
