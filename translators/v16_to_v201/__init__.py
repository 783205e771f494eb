"""A 1.6 station on a 2.0.1 CSMS.

Memory, beside what the modules say of theirs:

    station/boot                {"call", "at"} the last accepted BootNotification
    station/status/<connector>  {"status", "errorCode", "info", "at"} as last reported
    station/reset               {"at", "scheduled"} the last Reset that was asked for, until the next boot
    station/capability/security the station speaks the security extension
    station/lacks/<what>        the firmware version that does not know this action or convention
    tokens/<IDTAG>              {"idToken", "type", "seen"} how a CSMS spells the tag
    alias/<ALIAS>               the same of a token too long for a tag
    registration                {"status", "interval", "replayed"} what this CSMS made of the boot
    replaying                   the connection on which the boot is being replayed
    told/<connector>            the 2.0.1 status told last
    remote/<remoteStartId>      {"remoteStartId", "idTag", "idToken", "connector", "expires"} a start that is to come
    reservation/<id>            {"connector", "expires"}
    reset/deferred              {"at"} a Reset that waits for the last transaction
    trigger/<action>            {"at"} asked for before the boot was accepted
    refuses/NotifyEvent         this CSMS does not take events
    report                      {"requestId", "connection"} the report that is being made
    unstopped                   transactions that were open at a boot: see `translators.unstopped`
    job/firmware, job/log       {"requestId", "status"} what status messages without a requestId speak of
"""

from translators.tables import Link, Row, mapped, refused, unsupported
from translators.v16_to_v201 import (
    authorization,
    availability,
    boot,
    certificates,
    charging,
    configuration,
    cost,
    data_transfer,
    firmware,
    local_list,
    logs,
    maintenance,
    metering,
    remote,
    reports,
    transactions,
)
from translators.v16_to_v201.answers import refusal

_STATION_ROWS: dict[str, Row] = {
    "Authorize": mapped(authorization.authorize, "Authorize"),
    "BootNotification": mapped(boot.boot_notification, "BootNotification"),
    "DataTransfer": mapped(
        data_transfer.from_station,
        "DataTransfer",
        "Authorize",
        "Get15118EVCertificate",
        "GetCertificateStatus",
        "SignCertificate",
    ),
    "DiagnosticsStatusNotification": mapped(logs.diagnostics_status_notification, "LogStatusNotification"),
    "FirmwareStatusNotification": mapped(firmware.firmware_status_notification, "FirmwareStatusNotification"),
    "Heartbeat": mapped(boot.heartbeat, "Heartbeat"),
    "LogStatusNotification": mapped(logs.log_status_notification, "LogStatusNotification"),
    "MeterValues": mapped(metering.meter_values, "TransactionEvent", "MeterValues"),
    "SecurityEventNotification": mapped(maintenance.security_event_notification, "SecurityEventNotification"),
    "SignCertificate": mapped(certificates.sign_certificate, "SignCertificate"),
    "SignedFirmwareStatusNotification": mapped(
        firmware.signed_firmware_status_notification, "FirmwareStatusNotification"
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
    "CertificateSigned": mapped(certificates.certificate_signed, "DataTransfer", "CertificateSigned"),
    "ChangeAvailability": mapped(availability.change_availability, "ChangeAvailability"),
    "ClearCache": mapped(authorization.clear_cache, "ClearCache"),
    "ClearChargingProfile": mapped(charging.clear_charging_profile, "ClearChargingProfile"),
    "ClearDisplayMessage": unsupported(
        refusal("Unknown", "UnsupportedRequest"), "ClearDisplayMessage -> Unknown: 1.6 has no messages on displays"
    ),
    "ClearVariableMonitoring": unsupported(
        configuration.clear_variable_monitoring, "ClearVariableMonitoring -> NotFound for each: 1.6 has no monitors"
    ),
    "CostUpdated": mapped(cost.cost_updated, "DataTransfer"),
    "CustomerInformation": mapped(authorization.customer_information, "ClearCache"),
    "DataTransfer": mapped(data_transfer.from_csms, "DataTransfer"),
    "DeleteCertificate": mapped(certificates.delete_certificate, "DeleteCertificate", "DataTransfer"),
    "GetBaseReport": mapped(reports.get_base_report, "GetConfiguration"),
    "GetChargingProfiles": Row(
        "answered",
        "GetChargingProfiles -> answered from what the station has accepted, with ReportChargingProfiles",
        charging.get_charging_profiles,
    ),
    "GetCompositeSchedule": mapped(charging.get_composite_schedule, "GetCompositeSchedule"),
    "GetDisplayMessages": unsupported(
        refusal("Unknown", "UnsupportedRequest"), "GetDisplayMessages -> Unknown: 1.6 has no messages on displays"
    ),
    "GetInstalledCertificateIds": mapped(
        certificates.get_installed_certificate_ids, "GetInstalledCertificateIds", "DataTransfer"
    ),
    "GetLocalListVersion": mapped(local_list.get_local_list_version, "GetLocalListVersion"),
    "GetLog": mapped(logs.get_log, "GetLog", "GetDiagnostics"),
    "GetMonitoringReport": unsupported(
        refusal("NotSupported", "UnsupportedRequest"), "GetMonitoringReport -> NotSupported: 1.6 has no monitors"
    ),
    "GetReport": mapped(reports.get_report, "GetConfiguration"),
    "GetTransactionStatus": Row(
        "answered",
        "GetTransactionStatus -> answered from what is kept of the transaction",
        transactions.get_transaction_status,
    ),
    "GetVariables": mapped(configuration.get_variables, "GetConfiguration"),
    "InstallCertificate": mapped(certificates.install_certificate, "InstallCertificate", "DataTransfer"),
    "PublishFirmware": refused("NotSupported", "PublishFirmware has no OCPP 1.6 counterpart"),
    "RequestStartTransaction": mapped(remote.request_start_transaction, "RemoteStartTransaction"),
    "RequestStopTransaction": mapped(remote.request_stop_transaction, "RemoteStopTransaction"),
    "ReserveNow": mapped(remote.reserve_now, "ReserveNow"),
    "Reset": mapped(maintenance.reset, "Reset"),
    "SendLocalList": mapped(local_list.send_local_list, "SendLocalList"),
    "SetChargingProfile": mapped(charging.set_charging_profile, "SetChargingProfile"),
    "SetDisplayMessage": refused("NotSupported", "SetDisplayMessage has no OCPP 1.6 counterpart"),
    "SetMonitoringBase": unsupported(
        refusal("NotSupported", "UnsupportedRequest"), "SetMonitoringBase -> NotSupported: 1.6 has no monitors"
    ),
    "SetMonitoringLevel": unsupported(
        refusal("Rejected", "UnsupportedRequest"), "SetMonitoringLevel -> Rejected: 1.6 has no monitors"
    ),
    "SetNetworkProfile": Row(
        "unsupported",
        "SetNetworkProfile -> Rejected: it would move the station elsewhere",
        configuration.set_network_profile,
    ),
    "SetVariableMonitoring": unsupported(
        configuration.set_variable_monitoring,
        "SetVariableMonitoring -> UnsupportedMonitorType for each: 1.6 has no monitors",
    ),
    "SetVariables": mapped(configuration.set_variables, "ChangeConfiguration", "GetConfiguration"),
    "TriggerMessage": mapped(remote.trigger_message, "TriggerMessage", "ExtendedTriggerMessage", "DataTransfer"),
    "UnlockConnector": mapped(remote.unlock_connector, "UnlockConnector"),
    "UnpublishFirmware": refused("NotSupported", "UnpublishFirmware has no OCPP 1.6 counterpart"),
    "UpdateFirmware": mapped(firmware.update_firmware, "SignedUpdateFirmware", "UpdateFirmware"),
}

LINK = Link(
    "ocpp1.6",
    "ocpp2.0.1",
    FROM_STATION,
    FROM_CSMS,
    opened=boot.opened,
    resumed=boot.resumed,
    shared_keys=("station/", "tokens/", "alias/"),
    hint_keys=(
        *("registration", "replaying", "event/last", "problem/", "refuses/", "told/", "tokens/", "trigger/"),
        *("station/boot", "station/capability/", "station/keys", "station/lacks/", "station/list", "station/quirk/"),
        *("station/reset", "station/status/"),
    ),
)
