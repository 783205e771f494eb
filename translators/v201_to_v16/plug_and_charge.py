"""Plug & Charge (ISO 15118) of a 2.0.1 station: its messages inside DataTransfers to a 1.6 CSMS, and their answers."""

from collections.abc import Generator
from typing import Any

from translators.effects import Step
from translators.frames import Payload
from translators.inner import UNKNOWN, exchanged
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16.capabilities import lacks, learn_lack

_CAPABILITY = "PlugAndCharge"


def get_15118_ev_certificate(call: Payload, session: Session) -> Conversation:
    """Get15118EVCertificate -> DataTransfer; Failed from a CSMS without Plug & Charge. 2.0.1 M01, M02."""
    names = ("iso15118SchemaVersion", "action", "exiRequest")
    answer, _ = yield from ask_csms(session, "Get15118EVCertificate", _only(call, names), {"exiResponse": ""})
    return answer


def get_certificate_status(call: Payload, session: Session) -> Conversation:
    """GetCertificateStatus -> DataTransfer; Failed from a CSMS without Plug & Charge. 2.0.1 M06."""
    answer, _ = yield from ask_csms(session, "GetCertificateStatus", _only(call, ("ocspRequestData",)), {})
    return answer


def ask_csms(
    session: Session, action: str, payload: Payload, rest: Payload, status: str = "Failed"
) -> Generator[Step, Any, tuple[Payload, bool]]:
    """The CSMS's answer to a 2.0.1 message inside a DataTransfer, and True; from one without Plug & Charge, or with no
    answer that can be read, a refusal made of `status` and `rest`, and False."""

    def refusal(code: str) -> tuple[Payload, bool]:
        return {"status": status, "statusInfo": {"reasonCode": code}, **rest}, False

    if lacks(session, _CAPABILITY):
        return refusal("UnsupportedRequest")
    known, inner = yield from exchanged(action, payload)
    if known in UNKNOWN:
        if known == "UnknownVendorId":
            yield from learn_lack(session, _CAPABILITY)
        return refusal("UnsupportedRequest")
    if inner is None:
        return refusal("InternalError")
    return inner, True


def _only(call: Payload, names: tuple[str, ...]) -> Payload:
    return {name: call[name] for name in names if name in call}
