"""A 2.0.1 station on a 1.6 CSMS.

Memory; what stands under `station/`, `tokens/` and `alias/` belongs to the station whichever CSMS it talks to:

    station/boot                     {"call", "at"} the last accepted BootNotification
    station/connectors               {"<evse>.<connector>": number}
    station/reported/<evse>.<conn>   {"status", "timestamp", "since"} its connectorStatus as last said; 0.0 the station
    station/problems/<number>        {<name>: {"errorCode", "info", "vendorErrorCode"}} open ones, the newest last
    station/counter/<kind>           the last remoteStartId, requestId
    station/installed/<id>           a charging profile that the station has: see `installed`
    tokens/<IDTAG>                   {"idToken", "type", "seen"} how a station spells the tag
    alias/<ALIAS>                    the same of a token too long for a tag
    station/model                    what of its device model the keys need: see `model`
    station/added/<key>              a list of measurands to which the gateway added one
    registration                     {"status", "interval", "replayed"} what this CSMS made of the boot
    replaying                        the connection on which the boot is being replayed
    minimum                          MinimumStatusDuration in seconds, where the gateway keeps to it
    sent/<number>                    the status told last
    tx/<transactionId>               a transaction: see `records`
    remote/<remoteStartId>           {"idToken", "connector", "seen"} a start that is to come
    reset                            {"type", "seen"} the last Reset that was asked for
    log/<requestId>                  {"by", "seen"} the message a log was asked for with
    firmware                         {"requestId", "by", "said"} the newest update, the status told last
    unstopped                        transactions that were open at a boot: see `translators.unstopped`
    idle_fee                         it wants to be told when a cable is unplugged
    price/<IDTAG>                    {"message", "seen"} a price to show with the next answer
    speaks/security                  this CSMS knows the security extension
    speaks/prices                    this CSMS sends SetUserPrice
    lacks/<convention>               {"seen"} this CSMS does not know it
"""

from translators.losses import Loss
from translators.tables import Link, Row, Table, answered, losing, mapped, unsupported
from translators.v201_to_v16 import (
    authorization,
    availability,
    boot,
    certificates,
    charging,
    configuration,
    data_transfer,
    firmware,
    local_list,
    logs,
    maintenance,
    metering,
    model,
    plug_and_charge,
    remote,
    transactions,
)

_UNSUPPORTED = {"reasonCode": "UnsupportedRequest"}

_STATION_ROWS: dict[str, Row] = {
    "Authorize": mapped(authorization.authorize, "Authorize", "DataTransfer"),
    "BootNotification": mapped(boot.boot_notification, "BootNotification", "StatusNotification"),
    "ClearedChargingLimit": answered({}, "1.6 knows no external limits"),
    "DataTransfer": mapped(data_transfer.from_station, "DataTransfer"),
    "FirmwareStatusNotification": mapped(
        firmware.firmware_status_notification, "FirmwareStatusNotification", "SignedFirmwareStatusNotification"
    ),
    "Get15118EVCertificate": mapped(plug_and_charge.get_15118_ev_certificate, "DataTransfer"),
    "GetCertificateStatus": mapped(plug_and_charge.get_certificate_status, "DataTransfer"),
    "Heartbeat": mapped(boot.heartbeat, "Heartbeat"),
    "LogStatusNotification": mapped(
        logs.log_status_notification, "DiagnosticsStatusNotification", "LogStatusNotification"
    ),
    "MeterValues": mapped(metering.meter_values, "MeterValues"),
    "NotifyChargingLimit": answered({}, "1.6 knows no external limits"),
    "NotifyCustomerInformation": answered({}, "1.6 knows no customer information"),
    "NotifyDisplayMessages": answered({}, "1.6 knows no display messages"),
    "NotifyEVChargingNeeds": unsupported(
        {"status": "Rejected", "statusInfo": _UNSUPPORTED}, "1.6 knows no charging needs: the car charges without them"
    ),
    "NotifyEVChargingSchedule": answered({"status": "Accepted"}, "1.6 knows no schedules of cars"),
    "NotifyEvent": mapped(availability.notify_event, "StatusNotification"),
    "NotifyMonitoringReport": answered({}, "1.6 knows no monitoring"),
    "NotifyReport": Row("answered", "the gateway's own report is read; a 1.6 CSMS asks for none", model.notify_report),
    "PublishFirmwareStatusNotification": answered({}, "1.6 knows no local controllers"),
    "ReportChargingProfiles": answered({}, "a 1.6 CSMS cannot ask for profiles"),
    "ReservationStatusUpdate": answered({}, "the StatusNotification that follows tells it"),
    "SecurityEventNotification": mapped(maintenance.security_event_notification, "SecurityEventNotification"),
    "SignCertificate": mapped(certificates.sign_certificate, "DataTransfer", "SignCertificate"),
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

_OF_VENDORS = Loss("customData", "call", "left out: 1.6 takes no fields of a vendor's own")

FROM_STATION: Table = {
    action: losing(
        row if action == "BootNotification" or row.outcome != "translated" else boot.admitted(row), _OF_VENDORS
    )
    for action, row in _STATION_ROWS.items()
}

FROM_CSMS: Table = {
    "CancelReservation": mapped(remote.cancel_reservation, "CancelReservation"),
    "CertificateSigned": mapped(certificates.certificate_signed, "CertificateSigned"),
    "ChangeAvailability": mapped(availability.change_availability, "ChangeAvailability"),
    "ChangeConfiguration": mapped(configuration.change_configuration, "SetVariables", "GetVariables"),
    "ClearCache": mapped(authorization.clear_cache, "ClearCache"),
    "ClearChargingProfile": mapped(charging.clear_charging_profile, "ClearChargingProfile"),
    "DataTransfer": mapped(
        data_transfer.from_csms,
        "DataTransfer",
        "CertificateSigned",
        "CostUpdated",
        "DeleteCertificate",
        "GetInstalledCertificateIds",
        "InstallCertificate",
        "TriggerMessage",
    ),
    "DeleteCertificate": mapped(certificates.delete_certificate, "GetInstalledCertificateIds", "DeleteCertificate"),
    "ExtendedTriggerMessage": mapped(maintenance.extended_trigger_message, "TriggerMessage"),
    "GetCompositeSchedule": mapped(charging.get_composite_schedule, "GetCompositeSchedule"),
    "GetConfiguration": mapped(configuration.get_configuration, "GetVariables"),
    "GetDiagnostics": mapped(logs.get_diagnostics, "GetLog"),
    "GetInstalledCertificateIds": mapped(certificates.get_installed_certificate_ids, "GetInstalledCertificateIds"),
    "GetLocalListVersion": mapped(local_list.get_local_list_version, "GetLocalListVersion"),
    "GetLog": mapped(logs.get_log, "GetLog"),
    "InstallCertificate": mapped(certificates.install_certificate, "InstallCertificate"),
    "RemoteStartTransaction": mapped(remote.remote_start_transaction, "RequestStartTransaction"),
    "RemoteStopTransaction": mapped(remote.remote_stop_transaction, "RequestStopTransaction"),
    "ReserveNow": mapped(remote.reserve_now, "ReserveNow"),
    "Reset": mapped(maintenance.reset, "Reset"),
    "SendLocalList": mapped(local_list.send_local_list, "SendLocalList"),
    "SetChargingProfile": mapped(charging.set_charging_profile, "SetChargingProfile", "ClearChargingProfile"),
    "SignedUpdateFirmware": mapped(firmware.signed_update_firmware, "UpdateFirmware"),
    "TriggerMessage": mapped(maintenance.trigger_message, "TriggerMessage"),
    "UnlockConnector": mapped(remote.unlock_connector, "RequestStopTransaction", "UnlockConnector"),
    "UpdateFirmware": mapped(firmware.update_firmware, "UpdateFirmware"),
}

LINK = Link(
    "ocpp2.0.1",
    "ocpp1.6",
    FROM_STATION,
    FROM_CSMS,
    opened=boot.opened,
    resumed=boot.resumed,
    shared_keys=("station/", "tokens/", "alias/"),
    hint_keys=(
        *("registration", "replaying", "lacks/", "price/", "sent/", "speaks/", "tokens/"),
        *("station/boot", "station/model", "station/problems/", "station/quirk/", "station/reported/"),
    ),
)
