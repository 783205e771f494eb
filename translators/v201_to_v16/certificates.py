"""Certificates in a 2.0.1 station, by the 1.6 security extension (its whitepaper) and by Plug & Charge.

The station's TLS connection ends at this gateway. The root that its server certificate is checked against and the
station's own certificate are not for a CSMS to change, unless the backend is configured so (guard: forward or adopt).
"""

from collections.abc import Generator
from typing import Any

from translators import schemas
from translators.effects import Ask, Note, PeerError, PeerSilent, Step
from translators.frames import Payload
from translators.guard import is_let_through, may_be
from translators.inner import message, packed
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16.answers import ask_station
from translators.v201_to_v16.capabilities import speaks_security
from translators.v201_to_v16.plug_and_charge import ask_csms
from translators.words import CERTIFICATE_USE

_HASH = ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")
_FOR_CAR = "V2GCertificate"
_CAR_ROOTS = ("V2GRootCertificate", "MORootCertificate")
_LONGEST = 10_000
_BY_PLUG_AND_CHARGE = (
    "CertificateSigned",
    "DeleteCertificate",
    "GetInstalledCertificateIds",
    "InstallCertificate",
    "TriggerMessage",
)


def install_certificate(call: Payload, session: Session) -> Conversation:
    """InstallCertificate -> InstallCertificate; Rejected for a CSMS's root, unless configured. 1.6 security whitepaper,
    2.0.1 M05."""
    yield from speaks_security(session)
    use = CERTIFICATE_USE.to_201[call["certificateType"]]
    if use == "CSMSRootCertificate" and _is_guarded(session, "InstallCertificate"):
        return (yield from _kept("InstallCertificate", "Rejected"))
    request = {"certificateType": use, "certificate": call["certificate"]}
    return (yield from _asked("InstallCertificate", request, "Rejected"))


def delete_certificate(call: Payload, session: Session) -> Conversation:
    """DeleteCertificate -> DeleteCertificate; Failed for a CSMS's root, unless configured: the station is asked for those
    first. 1.6 security whitepaper, 2.0.1 M03, M04."""
    yield from speaks_security(session)
    wanted = {name: call["certificateHashData"][name] for name in _HASH}
    if (yield from _is_kept(session, wanted)):
        return (yield from _kept("DeleteCertificate", "Failed"))
    return (yield from _asked("DeleteCertificate", {"certificateHashData": wanted}, "Failed"))


@loses(answer={"childCertificateHashData": "left out"})
def get_installed_certificate_ids(call: Payload, session: Session) -> Conversation:
    """GetInstalledCertificateIds -> GetInstalledCertificateIds, as one list without the chains' children. 1.6 security
    whitepaper, 2.0.1 M03."""
    yield from speaks_security(session)
    use = CERTIFICATE_USE.to_201[call["certificateType"]]
    answer = yield from ask_station(
        "GetInstalledCertificateIds", {"certificateType": [use]}, otherwise={"status": "NotFound"}
    )
    chains = [one for one in answer.get("certificateHashDataChain", []) if one["certificateType"] == use]
    if any("childCertificateHashData" in one for one in chains):
        yield from lost("childCertificateHashData")
    hashes = [{name: one["certificateHashData"][name] for name in _HASH} for one in chains]
    return {"status": "Accepted", "certificateHashData": hashes} if hashes else {"status": "NotFound"}


def certificate_signed(call: Payload, session: Session) -> Conversation:
    """CertificateSigned -> CertificateSigned where configured, else Rejected: the station's certificate is a matter of
    this gateway. 1.6 security whitepaper, 2.0.1 A02."""
    yield from speaks_security(session)
    if _is_guarded(session, "CertificateSigned"):
        return (yield from _kept("CertificateSigned", "Rejected"))
    if len(call["certificateChain"]) > (yield from _longest_chain()):
        return {"status": "Rejected"}
    request = {"certificateChain": call["certificateChain"], "certificateType": "ChargingStationCertificate"}
    return (yield from _asked("CertificateSigned", request, "Rejected"))


def sign_certificate(call: Payload, session: Session) -> Conversation:
    """SignCertificate -> DataTransfer for Plug & Charge; the station's own certificate is Rejected, unless configured.
    2.0.1 A02, M06, 1.6 security whitepaper."""
    if call.get("certificateType") == _FOR_CAR:
        request = {"csr": call["csr"], "certificateType": _FOR_CAR}
        answer, _ = yield from ask_csms(session, "SignCertificate", request, {}, "Rejected")
        return answer
    if _is_guarded(session, "SignCertificate"):
        yield Note("guarded", {"call": "SignCertificate"})
        return _refusal("Rejected")
    if len(call["csr"]) > 5500:
        return {"status": "Rejected", "statusInfo": {"reasonCode": "TooLargeElement"}}
    try:
        answer = yield Ask("SignCertificate", {"csr": call["csr"]})
    except PeerError as error:
        if not error.unsupported:
            raise
        return _refusal("Rejected")
    return {"status": answer["status"]}


def by_plug_and_charge(call: Payload, session: Session) -> Conversation:
    """What a CSMS asks for by a Plug & Charge DataTransfer, asked for by its own message. What fails is Rejected without
    data: that is what the convention has for it."""
    action = call.get("messageId", "")
    if action not in _BY_PLUG_AND_CHARGE:
        return {"status": "UnknownMessageId"}
    request = message(call.get("data"), action)
    if request is None:
        yield Note("invalid_data", {"message": action})
        return {"status": "Rejected"}
    try:
        if not (yield from _is_of_car(session, action, request)):
            return {"status": "Rejected"}
        answer = yield Ask(action, request)
    except (PeerError, PeerSilent) as error:
        yield Note("plug_and_charge_failed", {"message": action, "why": str(error)})
        return {"status": "Rejected"}
    return {"status": "Accepted", "data": packed(answer)}


def _is_of_car(session: Session, action: str, request: Payload) -> Generator[Step, Any, bool]:
    """Whether this is about Plug & Charge, so that it is no way around the guards."""
    is_kept = False
    if action == "TriggerMessage":
        return bool(request["requestedMessage"] == "SignV2GCertificate")
    if action == "CertificateSigned":
        is_kept = request.setdefault("certificateType", _FOR_CAR) != _FOR_CAR
        if not is_kept and len(request["certificateChain"]) > (yield from _longest_chain()):
            yield Note("station_declined", {"reason": "TooLargeElement"})
            return False
    elif action == "InstallCertificate":
        is_kept = request["certificateType"] not in _CAR_ROOTS
    elif action == "DeleteCertificate":
        is_kept = yield from _is_kept(session, request["certificateHashData"])
    if is_kept:
        yield Note("guarded", {"call": action})
    return not is_kept


def _is_guarded(session: Session, action: str) -> bool:
    return not is_let_through(session.options.guard, action)


def _kept(action: str, status: str) -> Generator[Step, Any, Payload]:
    """Refused: carried out, it could lock the station out of this gateway."""
    yield Note("guarded", {"call": action})
    return {"status": status}


def _refusal(status: str) -> Payload:
    return {"status": status, "statusInfo": {"reasonCode": "UnsupportedRequest"}}


def _asked(action: str, request: Payload, otherwise: str) -> Generator[Step, Any, Payload]:
    if not schemas.valid("ocpp2.0.1", action, request, answer=False):
        return {"status": otherwise}
    answer = yield from ask_station(action, request, otherwise={"status": otherwise})
    return {"status": answer["status"]}


def _is_kept(session: Session, wanted: Payload) -> Generator[Step, Any, bool]:
    """Whether the station checks this gateway by that root, or may: what cannot be looked at is kept."""
    if not _is_guarded(session, "DeleteCertificate"):
        return False
    request = {"certificateType": ["CSMSRootCertificate"]}
    try:
        answer = yield Ask("GetInstalledCertificateIds", request)
    except PeerError as error:
        if not error.unsupported:
            raise
        return True
    return any(may_be(wanted, one["certificateHashData"]) for one in answer.get("certificateHashDataChain", []))


def _longest_chain() -> Generator[Step, Any, int]:
    """What the station says it takes (1.6 CertificateSignedMaxChainSize); the schema's limit if it does not."""
    asked = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "MaxCertificateChainSize"}}
    try:
        answer = yield Ask("GetVariables", {"getVariableData": [asked]})
    except PeerError:
        return _LONGEST
    said = str(answer["getVariableResult"][0].get("attributeValue", "")).strip()
    return int(said) if said.isascii() and said.isdecimal() else _LONGEST
