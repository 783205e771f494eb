"""Every word of both versions is mapped on purpose: the official schemas are the list."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from translators import words
from translators.words import TwoWay, same, table


@cache
def enums(version: str) -> dict[str, frozenset[str]]:
    """Every enumeration of a version: 1.6 by `Action.path.to.field`, 2.0.1 by the name of its type."""
    found: dict[str, frozenset[str]] = {}

    def walk(node: Any, path: list[str]) -> None:
        if isinstance(node, dict):
            if "enum" in node:
                name = path[-1] if "definitions" in path else ".".join(path)
                found[name] = found.get(name, frozenset()) | frozenset(node["enum"])
            for key, inner in node.items():
                step = [] if key in ("properties", "items") and not isinstance(node.get("enum"), list) else [key]
                walk(inner, path + step)
        elif isinstance(node, list):
            for inner in node:
                walk(inner, path)

    folder = files("ocpp") / {"1.6": "v16", "2.0.1": "v201"}[version] / "schemas"
    for entry in folder.iterdir():
        if entry.name.endswith(".json"):
            walk(json.loads(entry.read_text("utf-8-sig")), [entry.name.removesuffix(".json")])
    return found


MAPPED: list[tuple[TwoWay, str, str]] = [
    (words.AUTHORIZATION, "AuthorizeResponse.idTagInfo.status", "AuthorizationStatusEnumType"),
    (words.AUTHORIZATION, "SendLocalList.localAuthorizationList.idTagInfo.status", "AuthorizationStatusEnumType"),
    (words.AUTHORIZATION, "StartTransactionResponse.idTagInfo.status", "AuthorizationStatusEnumType"),
    (words.AUTHORIZATION, "StopTransactionResponse.idTagInfo.status", "AuthorizationStatusEnumType"),
    (words.REGISTRATION, "BootNotificationResponse.status", "RegistrationStatusEnumType"),
    (words.ACCEPTED_OR_REJECTED, "CancelReservationResponse.status", "CancelReservationStatusEnumType"),
    (words.ACCEPTED_OR_REJECTED, "CertificateSignedStatusEnumType", "CertificateSignedStatusEnumType"),
    (words.ACCEPTED_OR_REJECTED, "ClearCacheResponse.status", "ClearCacheStatusEnumType"),
    (words.ACCEPTED_OR_REJECTED, "GenericStatusEnumType", "GenericStatusEnumType"),
    (words.ACCEPTED_OR_REJECTED, "GetCompositeScheduleResponse.status", "GenericStatusEnumType"),
    (words.ACCEPTED_OR_REJECTED, "RemoteStartTransactionResponse.status", "RequestStartStopStatusEnumType"),
    (words.ACCEPTED_OR_REJECTED, "RemoteStopTransactionResponse.status", "RequestStartStopStatusEnumType"),
    (words.AVAILABILITY_TYPE, "ChangeAvailability.type", "OperationalStatusEnumType"),
    (words.AVAILABILITY_STATUS, "ChangeAvailabilityResponse.status", "ChangeAvailabilityStatusEnumType"),
    (words.CONFIGURATION_STATUS, "ChangeConfigurationResponse.status", "SetVariableStatusEnumType"),
    (words.PROFILE_PURPOSE, "ClearChargingProfile.chargingProfilePurpose", "ChargingProfilePurposeEnumType"),
    (
        words.PROFILE_PURPOSE,
        "RemoteStartTransaction.chargingProfile.chargingProfilePurpose",
        "ChargingProfilePurposeEnumType",
    ),
    (
        words.PROFILE_PURPOSE,
        "SetChargingProfile.csChargingProfiles.chargingProfilePurpose",
        "ChargingProfilePurposeEnumType",
    ),
    (words.CLEAR_PROFILE_STATUS, "ClearChargingProfileResponse.status", "ClearChargingProfileStatusEnumType"),
    (words.DATA_TRANSFER, "DataTransferResponse.status", "DataTransferStatusEnumType"),
    (words.HASH_ALGORITHM, "HashAlgorithmEnumType", "HashAlgorithmEnumType"),
    (words.DELETE_CERTIFICATE, "DeleteCertificateStatusEnumType", "DeleteCertificateStatusEnumType"),
    (words.DIAGNOSTICS, "DiagnosticsStatusNotification.status", "UploadLogStatusEnumType"),
    (words.EXTENDED_TRIGGER, "MessageTriggerEnumType", "MessageTriggerEnumType"),
    (words.TRIGGER_STATUS, "TriggerMessageStatusEnumType", "TriggerMessageStatusEnumType"),
    (words.TRIGGER_STATUS, "TriggerMessageResponse.status", "TriggerMessageStatusEnumType"),
    (words.FIRMWARE, "FirmwareStatusNotification.status", "FirmwareStatusEnumType"),
    (words.RATE_UNIT, "GetCompositeSchedule.chargingRateUnit", "ChargingRateUnitEnumType"),
    (
        words.RATE_UNIT,
        "GetCompositeScheduleResponse.chargingSchedule.chargingRateUnit",
        "ChargingRateUnitEnumType",
    ),
    (
        words.RATE_UNIT,
        "RemoteStartTransaction.chargingProfile.chargingSchedule.chargingRateUnit",
        "ChargingRateUnitEnumType",
    ),
    (
        words.RATE_UNIT,
        "SetChargingProfile.csChargingProfiles.chargingSchedule.chargingRateUnit",
        "ChargingRateUnitEnumType",
    ),
    (words.CERTIFICATE_USE, "CertificateUseEnumType", "GetCertificateIdUseEnumType"),
    (words.INSTALLED_CERTIFICATES, "GetInstalledCertificateStatusEnumType", "GetInstalledCertificateStatusEnumType"),
    (words.LOG_TYPE, "LogEnumType", "LogEnumType"),
    (words.LOG_ANSWER, "LogStatusEnumType", "LogStatusEnumType"),
    (words.INSTALL_CERTIFICATE, "InstallCertificateStatusEnumType", "InstallCertificateStatusEnumType"),
    (words.LOG, "UploadLogStatusEnumType", "UploadLogStatusEnumType"),
    (words.PROFILE_KIND, "RemoteStartTransaction.chargingProfile.chargingProfileKind", "ChargingProfileKindEnumType"),
    (words.PROFILE_KIND, "SetChargingProfile.csChargingProfiles.chargingProfileKind", "ChargingProfileKindEnumType"),
    (words.RECURRENCY, "RemoteStartTransaction.chargingProfile.recurrencyKind", "RecurrencyKindEnumType"),
    (words.RECURRENCY, "SetChargingProfile.csChargingProfiles.recurrencyKind", "RecurrencyKindEnumType"),
    (words.RESERVATION, "ReserveNowResponse.status", "ReserveNowStatusEnumType"),
    (words.RESET_TYPE, "Reset.type", "ResetEnumType"),
    (words.RESET_STATUS, "ResetResponse.status", "ResetStatusEnumType"),
    (words.LOCAL_LIST_UPDATE, "SendLocalList.updateType", "UpdateEnumType"),
    (words.LOCAL_LIST_STATUS, "SendLocalListResponse.status", "SendLocalListStatusEnumType"),
    (words.PROFILE_STATUS, "SetChargingProfileResponse.status", "ChargingProfileStatusEnumType"),
    (words.SIGNED_FIRMWARE, "FirmwareStatusEnumType", "FirmwareStatusEnumType"),
    (words.UPDATE_FIRMWARE, "UpdateFirmwareStatusEnumType", "UpdateFirmwareStatusEnumType"),
    (words.CONNECTOR_STATUS, "StatusNotification.status", "ConnectorStatusEnumType"),
    (words.CHARGING_STATE, "StatusNotification.status", "ChargingStateEnumType"),
    (words.STOP_REASON, "StopTransaction.reason", "ReasonEnumType"),
    (words.TRIGGER, "TriggerMessage.requestedMessage", "MessageTriggerEnumType"),
    (words.UNLOCK, "UnlockConnectorResponse.status", "UnlockStatusEnumType"),
    *(
        (way, f"{place}.sampledValue.{field}", kind)
        for place in ("MeterValues.meterValue", "StopTransaction.transactionData")
        for way, field, kind in (
            (words.CONTEXT, "context", "ReadingContextEnumType"),
            (words.MEASURAND, "measurand", "MeasurandEnumType"),
            (words.PHASE, "phase", "PhaseEnumType"),
            (words.LOCATION, "location", "LocationEnumType"),
        )
    ),
]

OTHERWISE_16 = {
    "StatusNotification.errorCode": "FAULTS, tested below",
    "MeterValues.meterValue.sampledValue.unit": "UNIT, tested below: free text in 2.0.1",
    "StopTransaction.transactionData.sampledValue.unit": "UNIT, tested below: free text in 2.0.1",
    "MeterValues.meterValue.sampledValue.format": "SignedData becomes signedMeterValue",
    "StopTransaction.transactionData.sampledValue.format": "SignedData becomes signedMeterValue",
}

OTHERWISE_201 = {
    "GetVariableStatusEnumType": "UNKNOWN_KEY, tested below",
    "TriggerReasonEnumType": "TRIGGER_EFFECT, tested below",
    "InstallCertificateUseEnumType": "CERTIFICATE_USE, tested below",
    "IdTokenEnumType": "1.6 has no type; tokens.type_of chooses one",
    "TransactionEventEnumType": "told by the 1.6 action",
    "BootReasonEnumType": "1.6 has no boot reason",
    "AttributeEnumType": "1.6 keys have one value: Actual",
    "CertificateSigningUseEnumType": "1.6 knows the station's own certificate",
    "ChargingLimitSourceEnumType": "1.6 limits come from the CSMS",
    "EventTriggerEnumType": "NotifyEvent is put together from StatusNotification",
    "EventNotificationEnumType": "NotifyEvent is put together from StatusNotification",
    "MutabilityEnumType": "GetConfiguration tells readonly",
    "DataEnumType": "a 1.6 value is text",
    "GenericDeviceModelStatusEnumType": "reports are answered by the gateway",
    "ReportBaseEnumType": "reports are answered by the gateway",
    "ComponentCriterionEnumType": "reports are answered by the gateway",
    "GetChargingProfileStatusEnumType": "answered from the registry of profiles",
    "ReservationUpdateStatusEnumType": "told by StatusNotification",
    "ConnectorEnumType": "1.6 reserves by connector",
    "NotifyEVChargingNeedsStatusEnumType": "answered by the gateway",
    "EnergyTransferModeEnumType": "1.6 knows no EV charging needs",
    "CostKindEnumType": "1.6 knows no sales tariff",
    **dict.fromkeys(
        (
            "AuthorizeCertificateStatusEnumType",
            "CertificateActionEnumType",
            "Iso15118EVCertificateStatusEnumType",
            "GetCertificateStatusEnumType",
        ),
        "ISO 15118 goes by DataTransfer, in the words of 2.0.1",
    ),
    **dict.fromkeys(
        (
            "MessageFormatEnumType",
            "MessagePriorityEnumType",
            "MessageStateEnumType",
            "ClearMessageStatusEnumType",
            "GetDisplayMessagesStatusEnumType",
            "DisplayMessageStatusEnumType",
        ),
        "1.6 has no display messages",
    ),
    **dict.fromkeys(
        (
            "MonitoringCriterionEnumType",
            "MonitorEnumType",
            "MonitoringBaseEnumType",
            "SetMonitoringStatusEnumType",
            "ClearMonitoringStatusEnumType",
        ),
        "1.6 has no monitoring",
    ),
    **dict.fromkeys(
        (
            "APNAuthenticationEnumType",
            "OCPPInterfaceEnumType",
            "OCPPTransportEnumType",
            "OCPPVersionEnumType",
            "VPNEnumType",
            "SetNetworkProfileStatusEnumType",
        ),
        "1.6 has no network profiles",
    ),
    **dict.fromkeys(
        ("PublishFirmwareStatusEnumType", "UnpublishFirmwareStatusEnumType"), "1.6 has no local controller firmware"
    ),
    "CustomerInformationStatusEnumType": "1.6 has no customer information",
}


@pytest.mark.parametrize(("way", "name_16", "name_201"), MAPPED)
def test_a_table_knows_every_word_of_both_enumerations_and_no_other(way: TwoWay, name_16: str, name_201: str) -> None:
    ours, theirs = enums("1.6")[name_16], enums("2.0.1")[name_201]
    assert set(way.to_201) | way.no_201 == ours
    assert set(way.to_16) | way.no_16 == theirs
    assert set(way.to_201.values()) <= theirs
    assert set(way.to_16.values()) <= ours


def test_every_enumeration_of_1_6_has_its_table() -> None:
    named = {name for _, name, _ in MAPPED} | set(OTHERWISE_16)
    assert named == set(enums("1.6"))


def test_every_enumeration_of_2_0_1_has_its_table_or_a_reason_to_have_none() -> None:
    named = {name for _, _, name in MAPPED}
    assert named.isdisjoint(OTHERWISE_201)
    assert named | set(OTHERWISE_201) == set(enums("2.0.1"))


def test_a_word_both_versions_know_keeps_its_meaning() -> None:
    """Where one word exists in both, it is mapped to itself, except where its meaning differs."""
    differs = {"MeterValues"}
    for way, *_ in MAPPED:
        for word, becomes in way.to_201.items():
            if word in way.to_16 and word not in differs and way is not words.CHARGING_STATE:
                assert becomes == word


def test_units_of_1_6() -> None:
    with_hertz = enums("1.6")["MeterValues.meterValue.sampledValue.unit"]
    without = enums("1.6")["StopTransaction.transactionData.sampledValue.unit"]
    assert set(words.UNIT.to_201) == with_hertz
    assert with_hertz - without == {"Hertz"}
    # What is written fits the narrower of the two schemas.
    assert set(words.UNIT.to_16.values()) <= without
    assert set(words.IMPLIED_UNIT) <= set(words.MEASURAND.to_201)
    assert set(words.IMPLIED_UNIT.values()) <= set(words.UNIT.to_201.values())


def test_every_measurand_without_an_implied_unit_is_energy_or_a_bare_number() -> None:
    rest = set(words.MEASURAND.to_201) - set(words.IMPLIED_UNIT)
    assert {word for word in rest if not word.startswith("Energy.")} == {"Power.Factor"}


def test_every_certificate_use_that_can_be_installed() -> None:
    way = words.CERTIFICATE_USE
    assert enums("2.0.1")["InstallCertificateUseEnumType"] | {"V2GCertificateChain"} == set(way.to_16) | way.no_16


def test_every_get_variables_status() -> None:
    assert enums("2.0.1")["GetVariableStatusEnumType"] == words.UNKNOWN_KEY | {"Accepted"}


def test_every_trigger_reason() -> None:
    reasons = enums("2.0.1")["TriggerReasonEnumType"]
    assert set(words.TRIGGER_EFFECT) == reasons
    assert set(words.ENDED_TRIGGER) == enums("1.6")["StopTransaction.reason"]
    assert set(words.ENDED_TRIGGER.values()) <= reasons
    assert set(words.METER_TRIGGER) == enums("1.6")["MeterValues.meterValue.sampledValue.context"]
    assert set(words.METER_TRIGGER.values()) <= reasons


# Faults


def test_every_error_code_has_a_variable_and_comes_back() -> None:
    codes = enums("1.6")["StatusNotification.errorCode"]
    assert set(words.FAULTS) == codes - {"NoError"}
    for code, fault in words.FAULTS.items():
        assert words.fault_201(code) == fault
        assert words.error_code_16(fault.component, fault.variable, words.tech_info_201(code, "Acme", "hot")) == code
    assert codes >= words.STATION_WIDE
    assert set(words.FAULT_OF_REASON.values()) <= codes
    assert set(words.FAULT_OF_REASON) <= enums("2.0.1")["ReasonEnumType"]


def test_no_error_is_no_variable_and_a_foreign_code_is_another_error() -> None:
    assert words.fault_201("NoError") is None
    assert words.fault_201("Error") == words.FAULTS["OtherError"]


def test_a_variable_shared_by_errors_is_told_apart_by_tech_info() -> None:
    assert words.error_code_16("ElectricalFeed", "Problem", "UnderVoltage Acme: L1") == "UnderVoltage"
    assert words.error_code_16("ElectricalFeed", "Problem", "OverVoltage: L1") == "OverVoltage"
    assert words.error_code_16("ElectricalFeed", "Problem", "ResetFailure") == "OtherError"
    assert words.error_code_16("ElectricalFeed", "Problem", None) == "OtherError"
    assert words.error_code_16("ElectricalFeed", "Problem", "  ") == "OtherError"
    assert words.error_code_16("ChargingStation", "Problem", "") == "OtherError"


def test_a_variable_that_is_no_error() -> None:
    assert words.error_code_16("Connector", "AvailabilityState") is None
    assert words.error_code_16("RCD", "Problem") is None


def test_tech_info_says_what_there_is_within_its_limit() -> None:
    assert words.tech_info_201("OtherError") == "OtherError"
    assert words.tech_info_201("OtherError", "none", "null") == "OtherError"
    assert words.tech_info_201("GroundFailure", "Acme", " RCD 6 mA ") == "GroundFailure Acme RCD 6 mA"
    assert len(words.tech_info_201("GroundFailure", "Acme", "x" * 600)) == 500


# Authorization


def test_concurrent_tx_is_an_answer_to_a_start_only() -> None:
    assert words.authorization_16("ConcurrentTx", start=True) == "ConcurrentTx"
    assert words.authorization_16("ConcurrentTx") == "Blocked"
    assert words.authorization_201("ConcurrentTx") == "ConcurrentTx"


def test_an_unknown_authorization_gives_no_energy() -> None:
    assert words.authorization_16("DirectPayment", start=True) == "Invalid"
    assert words.authorization_201("") == "Invalid"


# Reasons


@pytest.mark.parametrize(
    ("reason", "stopped", "trigger"),
    [
        (None, "Local", "StopAuthorized"),
        ("", "Local", "StopAuthorized"),
        ("EVDisconnected", "EVDisconnected", "EVCommunicationLost"),
        ("HardReset", "ImmediateReset", "ResetCommand"),
        ("SoftReset", "ImmediateReset", "ResetCommand"),
        ("UnlockCommand", "Other", "UnlockCommand"),
        ("Remote", "Remote", "RemoteStop"),
        ("PowerLoss", "PowerLoss", "AbnormalCondition"),
        ("Finished", "Other", "AbnormalCondition"),
    ],
)
def test_stop_reason_to_2_0_1(reason: str | None, stopped: str, trigger: str) -> None:
    assert words.stopped_201(reason) == (stopped, trigger)


@pytest.mark.parametrize("reason", ["HardReset", "SoftReset"])
def test_a_reset_nobody_asked_for_is_a_reboot(reason: str) -> None:
    assert words.stopped_201(reason, reset_pending=False) == ("Reboot", "AbnormalCondition")


def test_stop_reason_to_1_6() -> None:
    assert words.stop_reason_16(None) == "Local"
    assert words.stop_reason_16("ImmediateReset") == "HardReset"
    assert words.stop_reason_16("ImmediateReset", reset="Hard") == "HardReset"
    assert words.stop_reason_16("ImmediateReset", reset="Soft") == "SoftReset"
    assert words.stop_reason_16("Remote") == "Remote"
    assert words.stop_reason_16("Remote", unlocking=True) == "UnlockCommand"
    assert words.stop_reason_16("MasterPass", unlocking=True, reset="Soft") == "Local"
    assert words.stop_reason_16("StoppedByEV") == "Other"
    assert words.stop_reason_16("ReqEnergyTransferRejected") == "Other"


# Status


@pytest.mark.parametrize(
    ("args", "status", "info"),
    [
        (("Available",), "Available", None),
        (("Available", "ended", "Idle"), "Available", None),
        (("Available", "authorized", "Idle"), "Preparing", None),
        (("Available", "authorized", "Charging"), "Available", None),
        (("Reserved", "authorized", "Charging"), "Reserved", None),
        (("Unavailable",), "Unavailable", None),
        (("Faulted", "authorized", "Charging"), "Faulted", None),
        (("Occupied",), "Preparing", None),
        (("Occupied", "unauthorized", "EVConnected"), "Preparing", None),
        (("Occupied", "authorized", None), "Preparing", None),
        (("Occupied", "authorized", "Charging"), "Charging", None),
        (("Occupied", "authorized", "SuspendedEV"), "SuspendedEV", None),
        (("Occupied", "authorized", "SuspendedEVSE"), "SuspendedEVSE", None),
        (("Occupied", "authorized", "EVConnected"), "Preparing", None),
        (("Occupied", "authorized", "Idle"), "SuspendedEV", "EV side disconnected"),
        (("Occupied", "ended", "EVConnected"), "Finishing", None),
        (("Broken",), "Faulted", None),
    ],
)
def test_status_put_together_for_1_6(args: tuple[Any, ...], status: str, info: str | None) -> None:
    assert words.status_16(*args) == (status, info)


def test_ev_connected_means_different_things() -> None:
    assert words.status_16("Occupied", "authorized", "EVConnected", has_charged=True).status == "SuspendedEV"
    assert words.status_16("Occupied", "authorized", "EVConnected", deauthorized=True).status == "SuspendedEVSE"


def test_every_status_put_together_is_one_of_1_6() -> None:
    known = enums("1.6")["StatusNotification.status"]
    for connector in enums("2.0.1")["ConnectorStatusEnumType"]:
        for transaction in ("none", "unauthorized", "authorized", "ended"):
            for state in [None, *enums("2.0.1")["ChargingStateEnumType"]]:
                for flag in (False, True):
                    said = words.status_16(connector, transaction, state, has_charged=flag, deauthorized=not flag)
                    assert said.status in known
    for (before, after), between in words.STATUS_BETWEEN_16.items():
        assert {before, after, between} <= known


def test_charging_state_of_a_1_6_status() -> None:
    assert words.charging_state_201("Charging") == "Charging"
    assert words.charging_state_201("SuspendedEV", "EV side Disconnected") == "Idle"
    assert words.charging_state_201("SuspendedEV", "full") == "SuspendedEV"
    assert words.charging_state_201("Finishing") == "EVConnected"
    assert words.charging_state_201("Preparing") is None


# The rest


def test_unlock_of_a_connector_that_does_not_exist() -> None:
    assert words.unlock_201("NotSupported", connector_exists=False) == "UnknownConnector"
    assert words.unlock_201("NotSupported") == "UnlockFailed"
    assert words.unlock_201("Unlocked", connector_exists=False) == "Unlocked"


def test_soft_is_never_sent_as_on_idle() -> None:
    assert words.RESET_TYPE.to_201 == {"Hard": "Immediate", "Soft": "Immediate"}


def test_security_events_keep_their_names_but_for_four() -> None:
    assert words.security_event_201("InvalidCentralSystemCertificate") == "InvalidCsmsCertificate"
    assert words.security_event_16("CsmsFailedToAuthenticate") == "CentralSystemFailedToAuthenticate"
    assert words.security_event_201("TamperDetectionActivated") == "TamperDetectionActivated"
    assert words.security_event_16("AcmeLidOpen") == "AcmeLidOpen"
    for name, becomes in words.SECURITY_EVENT.to_201.items():
        assert words.security_event_16(becomes) == name
        assert max(len(name), len(becomes)) <= 50


def test_a_table_reads_its_arrows() -> None:
    way = table("a <-> A\nb -> A\n- <- C\nd -> -")
    assert way == TwoWay({"a": "A", "b": "A"}, {"A": "a"}, frozenset({"d"}), frozenset({"C"}))
    assert same("x y").to_16 == {"x": "x", "y": "y"}


@pytest.mark.parametrize("rows", ["a <-> A\na -> B", "a <-> A\nb <- A", "a -> -\na -> A", "a = A", "a A"])
def test_a_table_refuses_what_is_ambiguous(rows: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        table(rows)
