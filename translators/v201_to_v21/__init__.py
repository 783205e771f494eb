"""A 2.0.1 station on a 2.1 CSMS.

Up, to the CSMS, everything fits: 2.1 only adds. Down, to the station, goes what it can carry out as it is meant; the
rest is refused with the action's own status. Memory: `translators.replaying`.
"""

from functools import partial

from translators import replaying
from translators.carrying import Refusal, carried, carried_by, status
from translators.fitting import Misfit
from translators.frames import Payload
from translators.guard import guarded
from translators.schemas import STATION_ACTIONS
from translators.tables import Link, Row, answered, refused, unsupported
from translators.v201_to_v21 import variables

_up = partial(carried, "ocpp2.0.1", "ocpp2.1")
_down = partial(carried, "ocpp2.1", "ocpp2.0.1")
_down_by = partial(carried_by, "ocpp2.1", "ocpp2.0.1")
_UNSUPPORTED = {"reasonCode": "UnsupportedRequest"}


def _display(misfit: Misfit) -> Payload | None:
    """SetDisplayMessage has a refusing status for every reason but a bad place."""
    words = {"message.state": "NotSupportedState", "message.message.format": "NotSupportedMessageFormat"}
    word = words.get(misfit.field)
    return status(word)(misfit) if word else None


def _only_for(field: str, refusal: Refusal) -> Refusal:
    return lambda misfit: refusal(misfit) if misfit.field == field else None


_FROM_STATION_FITTED: dict[str, Row] = {
    "Authorize": _up(
        "Authorize", "allowedEnergyTransfer and tariff are lost, a group that is too long and a QR code are left out"
    ),
    "BootNotification": replaying.kept(
        _up("BootNotification", "told again to a CSMS that comes back"), "BootNotification", "ocpp2.1"
    ),
    "Get15118EVCertificate": _up(
        "Get15118EVCertificate",
        "remainingContracts is lost, an answer of more than 7500 characters is Failed",
        unfit=status("Failed", exiResponse=""),
    ),
    "GetCertificateStatus": _up(
        "GetCertificateStatus",
        "an OCSP result of more than 5500 characters is Failed",
        unfit=lambda misfit: {"status": "Failed"},
    ),
    "NotifyEVChargingNeeds": _up("NotifyEVChargingNeeds", "NoChargingProfile is Rejected: the car charges without one"),
    "NotifyMonitoringReport": _up("NotifyMonitoringReport", "every monitor is a CustomMonitor"),
    "StatusNotification": replaying.kept(
        _up("StatusNotification", "told again to a CSMS that comes back"), "StatusNotification", "ocpp2.1"
    ),
    "TransactionEvent": _up(
        "TransactionEvent", "transactionLimit is lost, a group that is too long and a QR code are left out"
    ),
}

FROM_STATION: dict[str, Row] = {
    action: _FROM_STATION_FITTED.get(action) or _up(action, "as it is") for action in STATION_ACTIONS["ocpp2.0.1"]
}

_FROM_CSMS_CARRIED: dict[str, Row] = {
    action: _down(action, "as it is")
    for action in (
        "CancelReservation ChangeAvailability ClearCache ClearDisplayMessage ClearVariableMonitoring CostUpdated"
        " DataTransfer DeleteCertificate GetBaseReport GetCompositeSchedule GetLocalListVersion GetMonitoringReport"
        " GetReport GetTransactionStatus GetVariables RequestStopTransaction SetMonitoringBase SetMonitoringLevel"
        " UnlockConnector UnpublishFirmware"
    ).split()
}

_FROM_CSMS_FITTED: dict[str, Row] = {
    "CertificateSigned": _down(
        "CertificateSigned", "a V2G20Certificate is Rejected; requestId is for 2.1", otherwise=status("Rejected")
    ),
    "ClearChargingProfile": _down(
        "ClearChargingProfile",
        "a purpose of 2.1 is Unknown",
        otherwise=_only_for("chargingProfileCriteria.chargingProfilePurpose", status("Unknown")),
    ),
    "CustomerInformation": _down(
        "CustomerInformation", "a token of more than 36 characters is Rejected", otherwise=status("Rejected")
    ),
    "GetChargingProfiles": _down(
        "GetChargingProfiles", "a purpose or source of 2.1 finds NoProfiles", otherwise=status("NoProfiles")
    ),
    "GetDisplayMessages": _down(
        "GetDisplayMessages", "a state of 2.1 is Unknown", otherwise=_only_for("state", status("Unknown"))
    ),
    "GetInstalledCertificateIds": _down(
        "GetInstalledCertificateIds", "an OEMRootCertificate is NotFound", otherwise=status("NotFound")
    ),
    "GetLog": _down(
        "GetLog", "a DataCollectorLog and a URL of more than 512 characters are Rejected", otherwise=status("Rejected")
    ),
    "InstallCertificate": _down(
        "InstallCertificate",
        "an OEMRootCertificate and one of more than 5500 characters are Rejected",
        otherwise=status("Rejected"),
    ),
    "PublishFirmware": _down(
        "PublishFirmware", "a URL of more than 512 characters is Rejected", otherwise=status("Rejected")
    ),
    "RequestStartTransaction": _down(
        "RequestStartTransaction",
        "a token of more than 36 characters and a profile that 2.0.1 cannot follow are Rejected",
        otherwise=status("Rejected"),
    ),
    "ReserveNow": _down(
        "ReserveNow",
        "a token of more than 36 characters and a connector type of 2.1 are Rejected",
        otherwise=status("Rejected"),
    ),
    "Reset": _down("Reset", "ImmediateAndResume is Immediate: the transaction ends"),
    "SendLocalList": _down(
        "SendLocalList", "a list with a token of more than 36 characters is Failed", otherwise=status("Failed")
    ),
    "SetChargingProfile": _down(
        "SetChargingProfile",
        "Dynamic, PriorityCharging, setpoints, limits per phase or for a time offline are Rejected, prices are lost",
        otherwise=status("Rejected"),
    ),
    "SetDisplayMessage": _down(
        "SetDisplayMessage", "a state or format of 2.1 is refused, other languages are lost", otherwise=_display
    ),
    "SetNetworkProfile": _down(
        "SetNetworkProfile",
        "one with credentials, for 2.1 or for any interface is Rejected",
        otherwise=status("Rejected"),
    ),
    "SetVariableMonitoring": _down_by(variables.set_variable_monitoring, "SetVariableMonitoring"),
    "SetVariables": _down_by(variables.set_variables, "SetVariables"),
    "TriggerMessage": _down(
        "TriggerMessage",
        "CustomTrigger and SignV2G20Certificate are NotImplemented",
        otherwise=_only_for("requestedMessage", status("NotImplemented")),
    ),
    "UpdateFirmware": _down(
        "UpdateFirmware", "a URL of more than 512 characters is Rejected", otherwise=status("Rejected")
    ),
}


def _not_in_201(action: str, word: str, why: str) -> Row:
    return unsupported({"status": word, "statusInfo": _UNSUPPORTED}, f"{action} -> {word}: {why}")


_FROM_CSMS_NEW: dict[str, Row] = {
    "AFRRSignal": _not_in_201("AFRRSignal", "Rejected", "2.0.1 follows no frequency"),
    "AdjustPeriodicEventStream": _not_in_201("AdjustPeriodicEventStream", "Rejected", "2.0.1 streams no events"),
    "ChangeTransactionTariff": _not_in_201("ChangeTransactionTariff", "Rejected", "2.0.1 knows no tariffs"),
    "ClearDERControl": _not_in_201("ClearDERControl", "NotSupported", "2.0.1 has no DER controls"),
    "ClearTariffs": refused("NotSupported", "ClearTariffs has no OCPP 2.0.1 counterpart: it knows no tariffs"),
    "GetDERControl": _not_in_201("GetDERControl", "NotSupported", "2.0.1 has no DER controls"),
    "GetPeriodicEventStream": answered({}, "GetPeriodicEventStream -> answered: 2.0.1 has no streams to list"),
    "GetTariffs": _not_in_201("GetTariffs", "NoTariff", "2.0.1 knows no tariffs"),
    "NotifyAllowedEnergyTransfer": _not_in_201("NotifyAllowedEnergyTransfer", "Rejected", "2.0.1 only charges"),
    "NotifyWebPaymentStarted": answered({}, "NotifyWebPaymentStarted -> answered: a 2.0.1 station shows no payments"),
    "RequestBatterySwap": _not_in_201("RequestBatterySwap", "Rejected", "2.0.1 swaps no batteries"),
    "SetDERControl": _not_in_201("SetDERControl", "NotSupported", "2.0.1 has no DER controls"),
    "SetDefaultTariff": _not_in_201("SetDefaultTariff", "Rejected", "2.0.1 knows no tariffs"),
    "UpdateDynamicSchedule": _not_in_201("UpdateDynamicSchedule", "Rejected", "2.0.1 has no dynamic profiles"),
    "UsePriorityCharging": _not_in_201("UsePriorityCharging", "Rejected", "2.0.1 has no priority charging"),
}

FROM_CSMS: dict[str, Row] = _FROM_CSMS_CARRIED | _FROM_CSMS_FITTED | _FROM_CSMS_NEW

LINK = Link(
    "ocpp2.0.1",
    "ocpp2.1",
    guarded(FROM_STATION),
    guarded(FROM_CSMS),
    resumed=replaying.resumed,
    shared_keys=replaying.SHARED_KEYS,
    hint_keys=replaying.SHARED_KEYS,
)
