"""Commands and their answers: what is asked for, and how it is accepted or refused."""

from translators.words.table import same, table

REGISTRATION = same("Accepted Pending Rejected")
ACCEPTED_OR_REJECTED = same("Accepted Rejected")
"""RemoteStart/RequestStart and Stop, CancelReservation, ClearCache, GetCompositeSchedule, CertificateSigned,
SignCertificate."""

AVAILABILITY_TYPE = same("Inoperative Operative")
AVAILABILITY_STATUS = same("Accepted Rejected Scheduled")

RESET_TYPE = table("""
    Hard  <->  Immediate
    Soft   ->  Immediate
    Soft  <-   OnIdle
""")
"""Soft is not OnIdle: a 1.6 station ends its transactions for a Soft reset (section 5.14), a 2.0.1 station waits for
their end (B12). An OnIdle may be sent as Soft only when no transaction is open."""
RESET_STATUS = table("""
    Accepted  <->  Accepted
    Rejected  <->  Rejected
    Accepted  <-   Scheduled
""")

UNLOCK = table("""
    Unlocked      <->  Unlocked
    UnlockFailed  <->  UnlockFailed
    NotSupported   ->  UnlockFailed
    UnlockFailed  <-   OngoingAuthorizedTransaction
    NotSupported  <-   UnknownConnector
""")
"""See `unlock_201` for a connector that does not exist."""


def unlock_201(status: str, *, connector_exists: bool = True) -> str:
    """UnlockConnectorResponse.status. NotSupported of a connector that does not exist is UnknownConnector."""
    if status == "NotSupported" and not connector_exists:
        return "UnknownConnector"
    return UNLOCK.to_201.get(status, "UnlockFailed")


RESERVATION = same("Accepted Faulted Occupied Rejected Unavailable")

LOCAL_LIST_UPDATE = same("Differential Full")
LOCAL_LIST_STATUS = table("""
    Accepted         <->  Accepted
    Failed           <->  Failed
    NotSupported      ->  Failed
    VersionMismatch  <->  VersionMismatch
""")

DATA_TRANSFER = same("Accepted Rejected UnknownMessageId UnknownVendorId")

PROFILE_PURPOSE = table("""
    ChargePointMaxProfile  <->  ChargingStationMaxProfile
    TxDefaultProfile       <->  TxDefaultProfile
    TxProfile              <->  TxProfile
    -                      <-   ChargingStationExternalConstraints
""")
PROFILE_KIND = same("Absolute Recurring Relative")
RECURRENCY = same("Daily Weekly")
RATE_UNIT = same("A W")
"""In profiles. The configuration key ChargingScheduleAllowedChargingRateUnit says Current and Power instead."""
PROFILE_STATUS = table("""
    Accepted      <->  Accepted
    Rejected      <->  Rejected
    NotSupported   ->  -
""")
"""NotSupported is the CALLERROR NotSupported in 2.0.1 (K01.FR.29), both ways."""
CLEAR_PROFILE_STATUS = same("Accepted Unknown")

CONFIGURATION_STATUS = table("""
    Accepted        <->  Accepted
    Rejected        <->  Rejected
    RebootRequired  <->  RebootRequired
    NotSupported    <->  UnknownVariable
    NotSupported    <-   UnknownComponent
    NotSupported    <-   NotSupportedAttributeType
""")
"""ChangeConfiguration and SetVariables."""
UNKNOWN_KEY = frozenset({"Rejected", "UnknownComponent", "UnknownVariable", "NotSupportedAttributeType"})
"""GetVariables statuses that put a 1.6 key into unknownKey; the way back is UnknownVariable."""

TRIGGER_STATUS = same("Accepted Rejected NotImplemented")
TRIGGER = table("""
    BootNotification               <->  BootNotification
    DiagnosticsStatusNotification  <->  LogStatusNotification
    FirmwareStatusNotification     <->  FirmwareStatusNotification
    Heartbeat                      <->  Heartbeat
    MeterValues                    <->  MeterValues
    StatusNotification             <->  StatusNotification
    MeterValues                    <-   TransactionEvent
    -                              <-   SignChargingStationCertificate
    -                              <-   SignV2GCertificate
    -                              <-   SignCombinedCertificate
    -                              <-   PublishFirmwareStatusNotification
""")
"""1.6 TriggerMessage. SignV2GCertificate has a DataTransfer of its own (ISO 15118 whitepaper)."""
EXTENDED_TRIGGER = table("""
    BootNotification            <->  BootNotification
    LogStatusNotification       <->  LogStatusNotification
    FirmwareStatusNotification  <->  FirmwareStatusNotification
    Heartbeat                   <->  Heartbeat
    MeterValues                 <->  MeterValues
    SignChargePointCertificate  <->  SignChargingStationCertificate
    StatusNotification          <->  StatusNotification
    MeterValues                 <-   TransactionEvent
    -                           <-   SignV2GCertificate
    -                           <-   SignCombinedCertificate
    -                           <-   PublishFirmwareStatusNotification
""")
"""1.6 ExtendedTriggerMessage (security whitepaper)."""

LOG_TYPE = same("DiagnosticsLog SecurityLog")
LOG_ANSWER = same("Accepted Rejected AcceptedCanceled")
UPDATE_FIRMWARE = same("Accepted Rejected AcceptedCanceled InvalidCertificate RevokedCertificate")
"""SignedUpdateFirmware (security whitepaper). The plain 1.6 UpdateFirmware has an empty answer: Accepted."""
