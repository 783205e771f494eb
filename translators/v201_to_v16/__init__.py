"""A 2.0.1 station on a 1.6 CSMS.

Memory; what stands under `station/` and `tokens/` belongs to the station whichever CSMS it talks to:

    station/boot                     {"call", "at"} the last accepted BootNotification
    station/connectors               {"<evse>.<connector>": number}
    station/reported/<evse>.<conn>   {"status", "timestamp", "since"} its connectorStatus as last said; 0.0 the station
    station/problems/<number>        {<name>: {"errorCode", "info", "vendorErrorCode"}} open ones, the newest last
    station/counter/<kind>           the last remoteStartId, requestId
    tokens/<IDTAG>                   {"idToken", "type", "seen"} how a station spells the tag
    registration                     {"status", "interval", "replayed"} what this CSMS made of the boot
    replaying                        the connection on which the boot is being replayed
    sent/<number>                    the status told last
    tx/<transactionId>               a transaction: see `records`
    remote/<remoteStartId>           {"idToken", "connector", "seen"} a start that is to come
    reset                            {"type", "seen"} the last Reset that was asked for
    log/<requestId>                  {"by", "seen"} the message a log was asked for with
    firmware                         the firmware status told last
    speaks/security                  this CSMS knows the security extension
"""

from translators.tables import Link, Row, Table, answered, mapped, refused, unsupported
from translators.v201_to_v16 import (
    authorization,
    availability,
    boot,
    configuration,
    maintenance,
    remote,
    transactions,
)

_UNSUPPORTED = {"reasonCode": "UnsupportedRequest"}

_STATION_ROWS: dict[str, Row] = {
    "Authorize": mapped(authorization.authorize, "Authorize"),
    "BootNotification": mapped(boot.boot_notification, "BootNotification", "StatusNotification"),
    "ClearedChargingLimit": answered({}, "1.6 knows no external limits"),
    "DataTransfer": mapped(maintenance.data_transfer, "DataTransfer"),
    "FirmwareStatusNotification": mapped(maintenance.firmware_status_notification, "FirmwareStatusNotification"),
    "Get15118EVCertificate": unsupported(
        {"status": "Failed", "statusInfo": _UNSUPPORTED, "exiResponse": ""}, "1.6 knows no ISO 15118 certificates"
    ),
    "GetCertificateStatus": unsupported(
        {"status": "Failed", "statusInfo": _UNSUPPORTED}, "1.6 knows no ISO 15118 certificates"
    ),
    "Heartbeat": mapped(boot.heartbeat, "Heartbeat"),
    "LogStatusNotification": mapped(
        maintenance.log_status_notification, "DiagnosticsStatusNotification", "LogStatusNotification"
    ),
    "MeterValues": mapped(transactions.meter_values, "MeterValues"),
    "NotifyChargingLimit": answered({}, "1.6 knows no external limits"),
    "NotifyCustomerInformation": answered({}, "1.6 knows no customer information"),
    "NotifyDisplayMessages": answered({}, "1.6 knows no display messages"),
    "NotifyEVChargingNeeds": unsupported(
        {"status": "Rejected", "statusInfo": _UNSUPPORTED}, "1.6 knows no charging needs: the car charges without them"
    ),
    "NotifyEVChargingSchedule": answered({"status": "Accepted"}, "1.6 knows no schedules of cars"),
    "NotifyEvent": mapped(availability.notify_event, "StatusNotification"),
    "NotifyMonitoringReport": answered({}, "1.6 knows no monitoring"),
    "NotifyReport": answered({}, "a 1.6 CSMS asks for no reports"),
    "PublishFirmwareStatusNotification": answered({}, "1.6 knows no local controllers"),
    "ReportChargingProfiles": answered({}, "a 1.6 CSMS cannot ask for profiles"),
    "ReservationStatusUpdate": answered({}, "the StatusNotification that follows tells it"),
    "SecurityEventNotification": mapped(maintenance.security_event_notification, "SecurityEventNotification"),
    "SignCertificate": unsupported(
        {"status": "Rejected", "statusInfo": _UNSUPPORTED}, "the station's certificate is checked by the gateway"
    ),
    "StatusNotification": mapped(availability.status_notification, "StatusNotification"),
    "TransactionEvent": mapped(
        transactions.transaction_event,
        "StartTransaction",
        "MeterValues",
        "StopTransaction",
        "StatusNotification",
        "Authorize",
    ),
}

FROM_STATION: Table = {
    action: row if action == "BootNotification" or row.outcome != "translated" else boot.admitted(row)
    for action, row in _STATION_ROWS.items()
}

FROM_CSMS: Table = {
    "CancelReservation": mapped(remote.cancel_reservation, "CancelReservation"),
    "CertificateSigned": unsupported({"status": "Rejected"}, "the station's certificate is checked by the gateway"),
    "ChangeAvailability": mapped(availability.change_availability, "ChangeAvailability"),
    "ChangeConfiguration": unsupported(configuration.no_key_changed, "no key is mapped to a variable yet"),
    "ClearCache": mapped(authorization.clear_cache, "ClearCache"),
    "ClearChargingProfile": unsupported({"status": "Unknown"}, "no profile is set through the gateway yet"),
    "DataTransfer": mapped(maintenance.data_transfer, "DataTransfer"),
    "DeleteCertificate": unsupported({"status": "Failed"}, "the station's trust anchors are the gateway's"),
    "ExtendedTriggerMessage": mapped(maintenance.extended_trigger_message, "TriggerMessage"),
    "GetCompositeSchedule": unsupported({"status": "Rejected"}, "schedules are not translated yet"),
    "GetConfiguration": unsupported(configuration.no_key_known, "no key is mapped to a variable yet"),
    "GetDiagnostics": mapped(maintenance.get_diagnostics, "GetLog"),
    "GetInstalledCertificateIds": unsupported({"status": "NotFound"}, "the station's trust anchors are the gateway's"),
    "GetLocalListVersion": mapped(authorization.get_local_list_version, "GetLocalListVersion"),
    "GetLog": mapped(maintenance.get_log, "GetLog"),
    "InstallCertificate": unsupported({"status": "Rejected"}, "the station's trust anchors are the gateway's"),
    "RemoteStartTransaction": mapped(remote.remote_start_transaction, "RequestStartTransaction"),
    "RemoteStopTransaction": mapped(remote.remote_stop_transaction, "RequestStopTransaction"),
    "ReserveNow": mapped(remote.reserve_now, "ReserveNow"),
    "Reset": mapped(maintenance.reset, "Reset"),
    "SendLocalList": unsupported({"status": "NotSupported"}, "local lists are not translated yet"),
    "SetChargingProfile": unsupported({"status": "NotSupported"}, "profiles are not translated yet"),
    "SignedUpdateFirmware": unsupported({"status": "Rejected"}, "firmware updates are not translated yet"),
    "TriggerMessage": mapped(maintenance.trigger_message, "TriggerMessage"),
    "UnlockConnector": mapped(remote.unlock_connector, "RequestStopTransaction", "UnlockConnector"),
    "UpdateFirmware": refused("NotSupported", "firmware updates are not translated yet"),
}

LINK = Link(
    "ocpp2.0.1",
    "ocpp1.6",
    FROM_STATION,
    FROM_CSMS,
    opened=boot.opened,
    shared_keys=("boot", "connectors", "counter/", "problems/", "station/reported/", "tokens/"),
)
