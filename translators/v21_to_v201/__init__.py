"""A 2.1 station on a 2.0.1 CSMS.

Up, to the CSMS, goes what 2.0.1 can say of a report; what it cannot say is left out and noted. Down, to the station,
everything fits: 2.1 only adds.

Memory, beside that of `translators.replaying`:

    v21/signing/<certificateType>  the requestId of the station's last SignCertificate, for the CertificateSigned
"""

from functools import partial

from translators import replaying
from translators.carrying import Refusal, carried, carried_by, status
from translators.fitting import Misfit
from translators.frames import Payload
from translators.guard import guarded
from translators.schemas import STATION_ACTIONS, csms_actions
from translators.session import Session
from translators.tables import Link, Row, answered, refused, unsupported
from translators.v21_to_v201 import certificates, transactions

_up = partial(carried, "ocpp2.1", "ocpp2.0.1")
_down = partial(carried, "ocpp2.0.1", "ocpp2.1")
_up_by = partial(carried_by, "ocpp2.1", "ocpp2.0.1")
_down_by = partial(carried_by, "ocpp2.0.1", "ocpp2.1")
_UNSUPPORTED = {"reasonCode": "UnsupportedRequest"}
_VAT_NUMBER_LIMIT = 20


def _nothing_left_of(field: str, answer: Payload) -> Refusal:
    """A report of which nothing can be said is taken here."""
    return lambda misfit: answer if misfit.field.startswith(field) else None


def _invalid(misfit: Misfit) -> Payload:
    """A token or certificate the CSMS cannot be asked about."""
    return {"idTokenInfo": {"status": "Invalid"}}


def _vat_number(call: Payload, session: Session) -> Payload:
    place = {"evseId": call["evseId"]} if "evseId" in call else {}
    return {
        "vatNumber": call["vatNumber"][:_VAT_NUMBER_LIMIT],
        "status": "Rejected",
        "statusInfo": _UNSUPPORTED,
        **place,
    }


_FROM_STATION_FITTED: dict[str, Row] = {
    "Authorize": _up(
        "Authorize",
        "a token of more than 36 characters and a certificate of more than 5500 are Invalid",
        otherwise=_invalid,
    ),
    "BootNotification": replaying.kept(
        _up("BootNotification", "told again to a CSMS that comes back"), "BootNotification", "ocpp2.0.1"
    ),
    "ClearedChargingLimit": _up("ClearedChargingLimit", "a source of 2.1 is Other"),
    "FirmwareStatusNotification": _up("FirmwareStatusNotification", "statusInfo is lost"),
    "Get15118EVCertificate": _up(
        "Get15118EVCertificate",
        "more than one contract cannot be asked for, a request of more than 5600 characters is Failed",
        otherwise=status("Failed", exiResponse=""),
    ),
    "GetCertificateStatus": _up(
        "GetCertificateStatus", "a URL of more than 512 characters is Failed", otherwise=status("Failed")
    ),
    "LogStatusNotification": _up("LogStatusNotification", "statusInfo is lost"),
    "MeterValues": _up(
        "MeterValues",
        "samples of a measurand or location of 2.1 are lost",
        otherwise=_nothing_left_of("meterValue", {}),
    ),
    "NotifyChargingLimit": _up(
        "NotifyChargingLimit", "a source of 2.1 is Other, a schedule that 2.0.1 cannot say is lost"
    ),
    "NotifyDisplayMessages": _up(
        "NotifyDisplayMessages", "a state of 2.1 and other languages are lost, a QR code is a text"
    ),
    "NotifyEVChargingNeeds": _up(
        "NotifyEVChargingNeeds",
        "what only ISO 15118-20 has is lost, an energy transfer that 2.0.1 has not is Rejected",
        otherwise=status("Rejected"),
    ),
    "NotifyEVChargingSchedule": _up(
        "NotifyEVChargingSchedule",
        "a schedule without limits is Accepted here",
        otherwise=_nothing_left_of("chargingSchedule", {"status": "Accepted"}),
    ),
    "NotifyEvent": _up("NotifyEvent", "severity is lost"),
    "NotifyMonitoringReport": _up(
        "NotifyMonitoringReport", "eventNotificationType and monitors of a TargetDelta are lost"
    ),
    "NotifyReport": _up("NotifyReport", "maxElements is lost"),
    "PublishFirmwareStatusNotification": _up(
        "PublishFirmwareStatusNotification", "statusInfo and URLs of more than 512 characters are lost"
    ),
    "ReportChargingProfiles": _up(
        "ReportChargingProfiles",
        "profiles that 2.0.1 cannot say are lost, a source of 2.1 is Other",
        otherwise=_nothing_left_of("chargingProfile", {}),
    ),
    "ReservationStatusUpdate": _up("ReservationStatusUpdate", "NoTransaction is Removed"),
    "SignCertificate": _up_by(certificates.sign_certificate, "SignCertificate"),
    "StatusNotification": replaying.kept(
        _up("StatusNotification", "told again to a CSMS that comes back"), "StatusNotification", "ocpp2.0.1"
    ),
    "TransactionEvent": _up_by(transactions.transaction_event, "TransactionEvent"),
}

_FROM_STATION_NEW: dict[str, Row] = {
    "BatterySwap": answered({}, "BatterySwap -> answered: 2.0.1 swaps no batteries"),
    "ClosePeriodicEventStream": answered({}, "ClosePeriodicEventStream -> answered: no stream was opened"),
    "GetCertificateChainStatus": refused(
        "NotSupported", "GetCertificateChainStatus has no OCPP 2.0.1 counterpart and no refusing status"
    ),
    "NotifyDERAlarm": answered({}, "NotifyDERAlarm -> answered: 2.0.1 has no DER controls"),
    "NotifyDERStartStop": answered({}, "NotifyDERStartStop -> answered: 2.0.1 has no DER controls"),
    "NotifyPeriodicEventStream": refused(
        "NotSupported", "NotifyPeriodicEventStream -> dropped: no stream was opened, and a SEND has no answer"
    ),
    "NotifyPriorityCharging": answered({}, "NotifyPriorityCharging -> answered: 2.0.1 has no priority charging"),
    "NotifySettlement": answered({}, "NotifySettlement -> answered: 2.0.1 knows no payments"),
    "OpenPeriodicEventStream": unsupported(
        {"status": "Rejected", "statusInfo": _UNSUPPORTED},
        "OpenPeriodicEventStream -> Rejected: 2.0.1 streams no events",
    ),
    "PullDynamicScheduleUpdate": unsupported(
        {"status": "Rejected", "statusInfo": _UNSUPPORTED},
        "PullDynamicScheduleUpdate -> Rejected: 2.0.1 has no dynamic profiles",
    ),
    "ReportDERControl": answered({}, "ReportDERControl -> answered: 2.0.1 has no DER controls"),
    "VatNumberValidation": unsupported(_vat_number, "VatNumberValidation -> Rejected: 2.0.1 knows no VAT numbers"),
}

FROM_STATION: dict[str, Row] = (
    {action: _up(action, "as it is") for action in STATION_ACTIONS["ocpp2.0.1"]}
    | _FROM_STATION_FITTED
    | _FROM_STATION_NEW
)

_FROM_CSMS_FITTED: dict[str, Row] = {
    "CertificateSigned": _down_by(certificates.certificate_signed, "CertificateSigned"),
    "ClearDisplayMessage": _down("ClearDisplayMessage", "Rejected is Unknown"),
    "GetCompositeSchedule": _down(
        "GetCompositeSchedule", "a schedule that 2.0.1 cannot say is Rejected", unfit=status("Rejected")
    ),
    "GetInstalledCertificateIds": _down_by(certificates.get_installed_certificate_ids, "GetInstalledCertificateIds"),
    "SetDisplayMessage": _down("SetDisplayMessage", "LanguageNotSupported is NotSupportedMessageFormat"),
}

FROM_CSMS: dict[str, Row] = {
    action: _down(action, "as it is") for action in csms_actions("ocpp2.0.1")
} | _FROM_CSMS_FITTED

LINK = Link(
    "ocpp2.1",
    "ocpp2.0.1",
    guarded(FROM_STATION),
    guarded(FROM_CSMS),
    resumed=replaying.resumed,
    shared_keys=replaying.SHARED_KEYS,
    hint_keys=replaying.SHARED_KEYS,
)
