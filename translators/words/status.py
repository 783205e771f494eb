"""What a connector, a firmware update and a log upload are doing."""

from typing import Literal, NamedTuple

from translators.words.table import same, table

CONNECTOR_STATUS = table("""
    Available      <->  Available
    Preparing      <->  Occupied
    Charging        ->  Occupied
    SuspendedEV     ->  Occupied
    SuspendedEVSE   ->  Occupied
    Finishing       ->  Occupied
    Reserved       <->  Reserved
    Unavailable    <->  Unavailable
    Faulted        <->  Faulted
""")
"""1.6 ChargePointStatus (section 7.7) and 2.0.1 ConnectorStatusEnumType. The way back is for a connector without a
transaction; `status_16` knows the rest."""

CHARGING_STATE = table("""
    Available      ->  Idle
    Preparing      ->  -
    Charging      <->  Charging
    SuspendedEV   <->  SuspendedEV
    SuspendedEVSE <->  SuspendedEVSE
    Finishing      ->  EVConnected
    Reserved       ->  -
    Unavailable    ->  -
    Faulted        ->  -
    SuspendedEV   <-   EVConnected
    SuspendedEV   <-   Idle
""")
"""1.6 status during a transaction and 2.0.1 ChargingStateEnumType. `status_16` knows when the way back is another."""

EV_SIDE_DISCONNECTED = "EV side disconnected"
"""StatusNotification.info of a SuspendedEV whose cable was pulled at the car (1.6 section 4.9)."""

Transaction = Literal["none", "unauthorized", "authorized", "ended"]


class Status16(NamedTuple):
    """A 1.6 connector status and the `info` that goes with it (None: no info)."""

    status: str
    info: str | None = None


def charging_state_201(status: str, info: str | None = None) -> str | None:
    """The chargingState of an open transaction whose connector reports this 1.6 status; None when it says nothing."""
    if status == "SuspendedEV" and (info or "").strip().lower() == EV_SIDE_DISCONNECTED.lower():
        return "Idle"
    return CHARGING_STATE.to_201.get(status)


def status_16(
    connector_status: str,
    transaction: Transaction = "none",
    charging_state: str | None = None,
    *,
    has_charged: bool = False,
    deauthorized: bool = False,
) -> Status16:
    """The 1.6 status of a connector that 2.0.1 describes by its status, its transaction and the charging state.

    connector_status: 2.0.1 ConnectorStatusEnumType. transaction: of this very connector; "none" for another one of its
    EVSE (G01.FR.08). charging_state: the last one reported. has_charged: whether Charging was seen in this transaction.
    deauthorized: the CSMS refused the token, or asked for the end. A status nobody knows is Faulted.
    """
    if connector_status == "Available":
        # The token came before the cable (TxStartPoint Authorized): the connector waits for its car.
        waiting = transaction == "authorized" and charging_state in (None, "Idle") and not has_charged
        return Status16("Preparing" if waiting else "Available")
    if connector_status != "Occupied":
        return Status16(CONNECTOR_STATUS.to_16.get(connector_status, "Faulted"))
    if transaction == "ended":
        return Status16("Finishing")
    if transaction != "authorized" or charging_state is None:
        return Status16("Preparing")
    if charging_state == "EVConnected":
        # E01.FR.20: stations that cannot tell a suspension report EVConnected, before the first energy as well.
        if deauthorized:
            return Status16("SuspendedEVSE")
        return Status16("SuspendedEV" if has_charged else "Preparing")
    if charging_state == "Idle":
        return Status16("SuspendedEV", EV_SIDE_DISCONNECTED)
    return Status16(CHARGING_STATE.to_16.get(charging_state, "Preparing"))


STATUS_BETWEEN_16 = {("Reserved", "Charging"): "Preparing", ("Finishing", "Charging"): "Preparing"}
"""The status to report between two others that 1.6 section 4.9 does not let follow one another."""

FIRMWARE = table("""
    Downloaded          <->  Downloaded
    DownloadFailed      <->  DownloadFailed
    Downloading         <->  Downloading
    Idle                <->  Idle
    InstallationFailed  <->  InstallationFailed
    Installing          <->  Installing
    Installed           <->  Installed
    -                   <-   DownloadScheduled
    Downloading         <-   DownloadPaused
    -                   <-   SignatureVerified
    -                   <-   InstallScheduled
    Installing          <-   InstallRebooting
    InstallationFailed  <-   InstallVerificationFailed
    InstallationFailed  <-   InvalidSignature
""")
"""1.6 FirmwareStatusNotification. InstallRebooting after Installed (2.0.1 L01.FR.32) is for the caller to leave out."""

SIGNED_FIRMWARE = same(
    "Downloaded DownloadFailed Downloading DownloadScheduled DownloadPaused Idle InstallationFailed Installing Installed"
    " InstallRebooting InstallScheduled InstallVerificationFailed InvalidSignature SignatureVerified"
)
"""1.6 SignedFirmwareStatusNotification (security whitepaper)."""

LOG = table("""
    BadMessage             <->  BadMessage
    Idle                   <->  Idle
    NotSupportedOperation  <->  NotSupportedOperation
    PermissionDenied       <->  PermissionDenied
    Uploaded               <->  Uploaded
    UploadFailure          <->  UploadFailure
    Uploading              <->  Uploading
    -                      <-   AcceptedCanceled
""")
"""1.6 LogStatusNotification (security whitepaper)."""

DIAGNOSTICS = table("""
    Idle          <->  Idle
    Uploaded      <->  Uploaded
    Uploading     <->  Uploading
    UploadFailed  <->  UploadFailure
    UploadFailed  <-   BadMessage
    UploadFailed  <-   NotSupportedOperation
    UploadFailed  <-   PermissionDenied
    -             <-   AcceptedCanceled
""")
"""1.6 DiagnosticsStatusNotification and 2.0.1 LogStatusNotification. AcceptedCanceled: a new Uploading follows."""
