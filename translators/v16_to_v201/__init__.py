"""A 1.6 station on a 2.0.1 CSMS.

Memory, beside what the modules say of theirs:

    station/boot                {"call", "at"} the last accepted BootNotification
    station/status/<connector>  {"status", "errorCode", "info", "at"} as last reported
    station/reset               {"at", "scheduled"} the last Reset that was asked for, until the next boot
    station/capability/security the station speaks the security extension
    tokens/<IDTAG>              {"idToken", "type", "seen"} how a CSMS spells the tag
    registration                {"status", "interval", "replayed"} what this CSMS made of the boot
    replaying                   the connection on which the boot is being replayed
    told/<connector>            the 2.0.1 status told last
    remote/<remoteStartId>      {"remoteStartId", "idTag", "idToken", "connector", "expires"} a start that is to come
    reservation/<id>            {"connector", "expires"}
    reset/deferred              {"at"} a Reset that waits for the last transaction
    trigger/<action>            {"at"} asked for before the boot was accepted
    refuses/NotifyEvent         this CSMS does not take events
    job/firmware, job/log       {"requestId", "status"} what status messages without a requestId speak of
"""

from translators.tables import Link, Row, answered, mapped, refused, unsupported
from translators.v16_to_v201 import (
    authorization,
    availability,
    boot,
    charging,
    configuration,
    maintenance,
    metering,
    remote,
    transactions,
)
from translators.v16_to_v201.answers import refusal

_STATION_ROWS: dict[str, Row] = {
    "Authorize": mapped(authorization.authorize, "Authorize"),
    "BootNotification": mapped(boot.boot_notification, "BootNotification"),
    "DataTransfer": mapped(maintenance.data_transfer_from_station, "DataTransfer"),
    "DiagnosticsStatusNotification": mapped(maintenance.diagnostics_status_notification, "LogStatusNotification"),
    "FirmwareStatusNotification": mapped(maintenance.firmware_status_notification, "FirmwareStatusNotification"),
    "Heartbeat": mapped(boot.heartbeat, "Heartbeat"),
    "LogStatusNotification": mapped(maintenance.log_status_notification, "LogStatusNotification"),
    "MeterValues": mapped(metering.meter_values, "TransactionEvent", "MeterValues"),
    "SecurityEventNotification": mapped(maintenance.security_event_notification, "SecurityEventNotification"),
    "SignCertificate": configuration.guarded(
        {"status": "Rejected"}, "SignCertificate -> Rejected: the station's certificate is a matter of this gateway"
    ),
    "SignedFirmwareStatusNotification": mapped(
        maintenance.signed_firmware_status_notification, "FirmwareStatusNotification"
    ),
    "StartTransaction": mapped(transactions.start_transaction, "TransactionEvent"),
    "StatusNotification": mapped(
        availability.status_notification, "StatusNotification", "TransactionEvent", "NotifyEvent"
    ),
    "StopTransaction": mapped(transactions.stop_transaction, "TransactionEvent"),
}

FROM_STATION = {
    action: row if action == "BootNotification" else boot.admitted(action, row) for action, row in _STATION_ROWS.items()
}

FROM_CSMS: dict[str, Row] = {
    "CancelReservation": mapped(remote.cancel_reservation, "CancelReservation"),
    "CertificateSigned": configuration.guarded(
        refusal("Rejected", "UnsupportedRequest"),
        "CertificateSigned -> Rejected: the station's certificate is a matter of this gateway",
    ),
    "ChangeAvailability": mapped(availability.change_availability, "ChangeAvailability"),
    "ClearCache": mapped(authorization.clear_cache, "ClearCache"),
    "ClearChargingProfile": unsupported(charging.clear_nothing, "ClearChargingProfile -> Unknown: no profile is known"),
    "ClearDisplayMessage": unsupported(
        refusal("Unknown", "UnsupportedRequest"), "ClearDisplayMessage -> Unknown: 1.6 has no messages on displays"
    ),
    "ClearVariableMonitoring": unsupported(
        configuration.clear_variable_monitoring, "ClearVariableMonitoring -> NotFound for each: 1.6 has no monitors"
    ),
    "CostUpdated": answered({}, "CostUpdated -> answered: 1.6 shows no cost"),
    "CustomerInformation": unsupported(
        refusal("Rejected", "UnsupportedRequest"),
        "CustomerInformation -> Rejected: what a 1.6 station keeps of a customer cannot be read",
    ),
    "DataTransfer": mapped(maintenance.data_transfer_from_csms, "DataTransfer"),
    "DeleteCertificate": configuration.guarded(
        refusal("Failed", "UnsupportedRequest"),
        "DeleteCertificate -> Failed: the roots a station trusts are a matter of this gateway",
    ),
    "GetBaseReport": unsupported(
        refusal("NotSupported", "UnsupportedRequest"), "GetBaseReport -> NotSupported: 1.6 has no device model"
    ),
    "GetChargingProfiles": unsupported(
        refusal("NoProfiles", "UnsupportedRequest"), "GetChargingProfiles -> NoProfiles: 1.6 does not list profiles"
    ),
    "GetCompositeSchedule": unsupported(
        refusal("Rejected", "UnsupportedRequest"), "GetCompositeSchedule -> Rejected: not translated"
    ),
    "GetDisplayMessages": unsupported(
        refusal("Unknown", "UnsupportedRequest"), "GetDisplayMessages -> Unknown: 1.6 has no messages on displays"
    ),
    "GetInstalledCertificateIds": unsupported(
        refusal("NotFound", "UnsupportedRequest"), "GetInstalledCertificateIds -> NotFound: not translated"
    ),
    "GetLocalListVersion": mapped(authorization.get_local_list_version, "GetLocalListVersion"),
    "GetLog": unsupported(refusal("Rejected", "UnsupportedRequest"), "GetLog -> Rejected: not translated"),
    "GetMonitoringReport": unsupported(
        refusal("NotSupported", "UnsupportedRequest"), "GetMonitoringReport -> NotSupported: 1.6 has no monitors"
    ),
    "GetReport": unsupported(
        refusal("NotSupported", "UnsupportedRequest"), "GetReport -> NotSupported: 1.6 has no device model"
    ),
    "GetTransactionStatus": Row(
        "answered",
        "GetTransactionStatus -> answered from what is kept of the transaction",
        transactions.get_transaction_status,
    ),
    "GetVariables": unsupported(
        configuration.get_variables, "GetVariables -> UnknownVariable for each: 1.6 has no device model"
    ),
    "InstallCertificate": configuration.guarded(
        refusal("Rejected", "UnsupportedRequest"),
        "InstallCertificate -> Rejected: the roots a station trusts are a matter of this gateway",
    ),
    "PublishFirmware": refused("NotSupported", "PublishFirmware has no OCPP 1.6 counterpart"),
    "RequestStartTransaction": mapped(remote.request_start_transaction, "RemoteStartTransaction"),
    "RequestStopTransaction": mapped(remote.request_stop_transaction, "RemoteStopTransaction"),
    "ReserveNow": mapped(remote.reserve_now, "ReserveNow"),
    "Reset": mapped(maintenance.reset, "Reset"),
    "SendLocalList": unsupported(refusal("Failed", "UnsupportedRequest"), "SendLocalList -> Failed: not translated"),
    "SetChargingProfile": unsupported(
        refusal("Rejected", "UnsupportedRequest"), "SetChargingProfile -> Rejected: not translated"
    ),
    "SetDisplayMessage": refused("NotSupported", "SetDisplayMessage has no OCPP 1.6 counterpart"),
    "SetMonitoringBase": unsupported(
        refusal("NotSupported", "UnsupportedRequest"), "SetMonitoringBase -> NotSupported: 1.6 has no monitors"
    ),
    "SetMonitoringLevel": unsupported(
        refusal("Rejected", "UnsupportedRequest"), "SetMonitoringLevel -> Rejected: 1.6 has no monitors"
    ),
    "SetNetworkProfile": configuration.guarded(
        refusal("Rejected", "UnsupportedParam"), "SetNetworkProfile -> Rejected: it would move the station elsewhere"
    ),
    "SetVariableMonitoring": unsupported(
        configuration.set_variable_monitoring,
        "SetVariableMonitoring -> UnsupportedMonitorType for each: 1.6 has no monitors",
    ),
    "SetVariables": unsupported(
        configuration.set_variables, "SetVariables -> Rejected for each: 1.6 has no device model"
    ),
    "TriggerMessage": mapped(remote.trigger_message, "TriggerMessage", "ExtendedTriggerMessage"),
    "UnlockConnector": mapped(remote.unlock_connector, "UnlockConnector"),
    "UnpublishFirmware": refused("NotSupported", "UnpublishFirmware has no OCPP 1.6 counterpart"),
    "UpdateFirmware": unsupported(
        refusal("Rejected", "UnsupportedRequest"), "UpdateFirmware -> Rejected: not translated"
    ),
}

LINK = Link("ocpp1.6", "ocpp2.0.1", FROM_STATION, FROM_CSMS, opened=boot.opened, shared_keys=("station/", "tokens/"))
