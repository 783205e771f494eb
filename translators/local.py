"""Answers the gateway may give in place of a CSMS that cannot take an action."""

from translators.frames import Payload

_EMPTY = frozenset(
    "DiagnosticsStatusNotification FirmwareStatusNotification LogStatusNotification"
    " SecurityEventNotification SignedFirmwareStatusNotification StatusNotification NotifyEvent NotifyReport"
    " NotifyMonitoringReport NotifyCustomerInformation NotifyDisplayMessages NotifyChargingLimit ClearedChargingLimit"
    " PublishFirmwareStatusNotification ReportChargingProfiles ReservationStatusUpdate".split()
)

ANSWERABLE = _EMPTY | {"DataTransfer", "Heartbeat", "SignCertificate"}
"""The station actions that may stand under `answer_locally`: nothing is lost or invented by answering them here.
Boot, authorization, transactions and meter values are decisions of a CSMS and are never among them."""


def answer(version: str, action: str, time: str) -> Payload | None:
    """A valid answer to a station's call, or None for an action that only a CSMS can answer. `time`: RFC 3339 now."""
    if action in _EMPTY:
        return {}
    if action == "Heartbeat":
        return {"currentTime": time}
    if action == "DataTransfer":
        return {"status": "UnknownVendorId"}  # 1.6 section 4.3: the vendor is not known to the one who answers
    if action == "SignCertificate":
        return {"status": "Rejected"}
    return None
