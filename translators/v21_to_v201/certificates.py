"""Certificates: a 2.1 station numbers its signing requests, a 2.0.1 CSMS does not."""

from translators.carrying import carry, fitted, status
from translators.effects import Ask, Forget, PeerError, PeerSilent, Remember
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation

_STATION, _CSMS = "ocpp2.1", "ocpp2.0.1"


def sign_certificate(call: Payload, session: Session) -> Conversation:
    """SignCertificate -> SignCertificate; requestId is kept for the CertificateSigned, hashRootCertificate is lost and
    a V2G20Certificate is Rejected. 2.1 A02."""
    key = _key(call)
    if "requestId" in call:
        yield Remember(key, call["requestId"])
    else:
        yield Forget(key)
    try:
        answer = yield from carry(_STATION, _CSMS, "SignCertificate", call, otherwise=status("Rejected"))
    except (PeerError, PeerSilent):
        yield Forget(key)
        raise
    if answer["status"] != "Accepted":
        yield Forget(key)
    return answer


def certificate_signed(call: Payload, session: Session) -> Conversation:
    """CertificateSigned -> CertificateSigned, with the requestId of the SignCertificate it answers. 2.1 A02."""
    key = _key(call)
    kept = session.memory.get(key)
    asked = {**call, "requestId": kept} if kept is not None else call
    answer = yield from carry(_CSMS, _STATION, "CertificateSigned", asked)
    if kept is not None and answer["status"] == "Accepted" and session.memory.get(key) == kept:
        yield Forget(key)
    return answer


def get_installed_certificate_ids(call: Payload, session: Session) -> Conversation:
    """GetInstalledCertificateIds -> GetInstalledCertificateIds; an OEMRootCertificate is left out. 2.0.1 M03."""
    asked = yield from fitted(_STATION, "GetInstalledCertificateIds", call)
    told = yield Ask("GetInstalledCertificateIds", asked)
    answer: Payload = yield from fitted(_CSMS, "GetInstalledCertificateIds", told, answer=True)
    if "certificateHashDataChain" in told and "certificateHashDataChain" not in answer:
        return {**answer, "status": "NotFound"}
    return answer


def _key(call: Payload) -> str:
    # 2.0.1 A02: what is not named is the station's own.
    return f"v21/signing/{call.get('certificateType', 'ChargingStationCertificate')}"
