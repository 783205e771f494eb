"""Certificates in a 1.6 station with the security extension (its security whitepaper), and those of Plug & Charge.

The station's TLS connection ends at this gateway. The root that its server certificate is checked against and the
station's own certificate are not for a CSMS to change, unless the backend is configured so (guard: forward or adopt).
"""

from collections.abc import Generator
from typing import Any

from translators import schemas
from translators.effects import Ask, Note, PeerError, Step
from translators.frames import Payload
from translators.guard import is_let_through, may_be
from translators.session import Session
from translators.tables import Conversation
from translators.v16_to_v201 import plug_and_charge
from translators.v16_to_v201.answers import refusal
from translators.v16_to_v201.capabilities import ask_if_able, has_security_extension
from translators.words import CERTIFICATE_USE

_EVERY = (*CERTIFICATE_USE.to_16, *sorted(CERTIFICATE_USE.no_16))
_HASH = ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")
_LONGEST_CHAIN = "CertificateSignedMaxChainSize"


def install_certificate(call: Payload, session: Session) -> Conversation:
    """InstallCertificate -> InstallCertificate for the manufacturer's root, DataTransfer for those of Plug & Charge;
    Rejected for a CSMS's root, unless configured. 2.0.1 M05, 1.6 security whitepaper"""
    use, certificate = call["certificateType"], call["certificate"]
    request = {"certificateType": CERTIFICATE_USE.to_16.get(use), "certificate": certificate}
    if use not in CERTIFICATE_USE.to_16:
        inner = {"certificateType": use, "certificate": certificate}
        return (yield from _by_plug_and_charge(session, "InstallCertificate", inner, "Rejected"))
    if use == "CSMSRootCertificate" and _is_guarded(session, "InstallCertificate"):
        return (yield from _kept("InstallCertificate", "Rejected"))
    return (yield from _by_extension(session, "InstallCertificate", request, "Rejected"))


def delete_certificate(call: Payload, session: Session) -> Conversation:
    """DeleteCertificate -> DeleteCertificate, then DataTransfer where the station does not find it; Failed for a CSMS's
    root, unless configured. 2.0.1 M04, 1.6 security whitepaper"""
    wanted = _hash(call["certificateHashData"])
    request = {"certificateHashData": wanted}
    kept: list[Payload] | None = []
    if _is_guarded(session, "DeleteCertificate"):
        kept = yield from _installed(session, "CSMSRootCertificate")
        if any(may_be(wanted, one) for one in kept or []):
            return (yield from _kept("DeleteCertificate", "Failed"))
    if kept is None:  # what cannot be looked at is not deleted
        answer = refusal("NotFound", "UnsupportedRequest")
    else:
        answer = yield from _by_extension(session, "DeleteCertificate", request, "NotFound")
    if answer["status"] == "NotFound":
        inner, read = yield from plug_and_charge.ask_station(
            session, "DeleteCertificate", request, otherwise="NotFound"
        )
        return inner if read else answer
    return answer


def get_installed_certificate_ids(call: Payload, session: Session) -> Conversation:
    """GetInstalledCertificateIds -> GetInstalledCertificateIds for each type, DataTransfer for those of Plug & Charge.
    2.0.1 M03, 1.6 security whitepaper"""
    wanted = list(dict.fromkeys(call.get("certificateType", _EVERY)))
    chain: list[Payload] = []
    able = False
    for use in wanted:
        if use in CERTIFICATE_USE.to_16:
            found = yield from _installed(session, use)
            able = able or found is not None
            chain += [{"certificateHashData": one, "certificateType": use} for one in found or []]
    others = [use for use in wanted if use not in CERTIFICATE_USE.to_16]
    if others:
        request = {"certificateType": others}
        answer, read = yield from plug_and_charge.ask_station(
            session, "GetInstalledCertificateIds", request, otherwise="NotFound"
        )
        able = able or read
        chain += answer.get("certificateHashDataChain", []) if read else []
    if chain:
        return {"status": "Accepted", "certificateHashDataChain": chain}
    return {"status": "NotFound"} if able else refusal("NotFound", "UnsupportedRequest")


def certificate_signed(call: Payload, session: Session) -> Conversation:
    """CertificateSigned -> DataTransfer for Plug & Charge; Rejected for the station's own certificate, unless
    configured. 2.0.1 A02, M06, 1.6 security whitepaper"""
    chain, for_car = call["certificateChain"], call.get("certificateType") == "V2GCertificate"
    if not for_car and _is_guarded(session, "CertificateSigned"):
        return (yield from _kept("CertificateSigned", "Rejected"))
    if len(chain) > (yield from _longest_chain(session)):
        return refusal("Rejected", "TooLargeElement", _LONGEST_CHAIN)
    if for_car:
        inner = {"certificateChain": chain, "certificateType": "V2GCertificate"}
        return (yield from _by_plug_and_charge(session, "CertificateSigned", inner, "Rejected"))
    return (yield from _by_extension(session, "CertificateSigned", {"certificateChain": chain}, "Rejected"))


def sign_certificate(call: Payload, session: Session) -> Conversation:
    """SignCertificate -> SignCertificate where configured, else Rejected: the station's certificate is a matter of this
    gateway. 2.0.1 A02, 1.6 security whitepaper"""
    yield from has_security_extension(session)
    if _is_guarded(session, "SignCertificate"):
        yield Note("guarded", {"call": "SignCertificate"})
        return {"status": "Rejected"}
    request = {"csr": call["csr"], "certificateType": "ChargingStationCertificate"}
    if not schemas.valid("ocpp2.0.1", "SignCertificate", request, answer=False):
        return {"status": "Rejected"}
    try:
        answer = yield Ask("SignCertificate", request)
    except PeerError as error:
        if not error.unsupported:
            raise
        return {"status": "Rejected"}
    return {"status": answer["status"]}


def _is_guarded(session: Session, action: str) -> bool:
    return not is_let_through(session.options.guard, action)


def _kept(action: str, status: str) -> Generator[Step, Any, Payload]:
    """Refused: carried out, it could lock the station out of this gateway."""
    yield Note("guarded", {"call": action})
    return refusal(status, "UnsupportedRequest", "this is a matter of the gateway")


def _by_extension(session: Session, action: str, request: Payload, otherwise: str) -> Generator[Step, Any, Payload]:
    if not schemas.valid("ocpp1.6", action, request, answer=False):
        return refusal("Failed" if otherwise == "NotFound" else otherwise, "TooLargeElement")
    answer = yield from ask_if_able(session, action, request)
    return refusal(otherwise, "UnsupportedRequest") if answer is None else {"status": answer["status"]}


def _by_plug_and_charge(
    session: Session, action: str, request: Payload, otherwise: str
) -> Generator[Step, Any, Payload]:
    answer, _ = yield from plug_and_charge.ask_station(session, action, request, otherwise=otherwise)
    return answer


def _installed(session: Session, use: str) -> Generator[Step, Any, list[Payload] | None]:
    """The hashes of the roots of one use; None from a station without the security extension."""
    request = {"certificateType": CERTIFICATE_USE.to_16[use]}
    answer = yield from ask_if_able(session, "GetInstalledCertificateIds", request)
    if answer is None:
        return None
    return [_hash(one) for one in answer.get("certificateHashData", [])]


def _longest_chain(session: Session) -> Generator[Step, Any, int]:
    """What the station says it takes; the schema's limit if it does not."""
    try:
        answer = yield Ask("GetConfiguration", {"key": [_LONGEST_CHAIN]})
    except PeerError:
        return 10_000
    for entry in answer.get("configurationKey", []):
        if entry["key"].lower() == _LONGEST_CHAIN.lower() and entry.get("value", "").strip().isdecimal():
            return int(entry["value"])
    return 10_000


def _hash(data: Payload) -> Payload:
    return {name: data[name] for name in _HASH}
