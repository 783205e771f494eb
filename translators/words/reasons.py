"""Why a transaction ended and why a TransactionEvent was sent."""

from typing import Literal, NamedTuple

from translators.words.table import table

STOP_REASON = table("""
    DeAuthorized    <->  DeAuthorized
    EmergencyStop   <->  EmergencyStop
    EVDisconnected  <->  EVDisconnected
    HardReset       <->  ImmediateReset
    SoftReset        ->  ImmediateReset
    Local           <->  Local
    Other           <->  Other
    PowerLoss       <->  PowerLoss
    Reboot          <->  Reboot
    Remote          <->  Remote
    UnlockCommand    ->  Other
    Other           <-   EnergyLimitReached
    Other           <-   GroundFault
    Other           <-   LocalOutOfCredit
    Local           <-   MasterPass
    Other           <-   OvercurrentFault
    Other           <-   PowerQuality
    Other           <-   SOCLimitReached
    Other           <-   StoppedByEV
    Other           <-   TimeLimitReached
    Other           <-   Timeout
""")
"""1.6 Reason (section 7.37) and 2.0.1 ReasonEnumType; absent is Local in both. StoppedByEV is not EVDisconnected: the
cable may still be in. `stopped_201` and `stop_reason_16` know what depends on the commands that were given."""

ENDED_TRIGGER = {
    "DeAuthorized": "Deauthorized",
    "EmergencyStop": "AbnormalCondition",
    "EVDisconnected": "EVCommunicationLost",
    "HardReset": "ResetCommand",
    "Local": "StopAuthorized",
    "Other": "AbnormalCondition",
    "PowerLoss": "AbnormalCondition",
    "Reboot": "AbnormalCondition",
    "Remote": "RemoteStop",
    "SoftReset": "ResetCommand",
    "UnlockCommand": "UnlockCommand",
}
"""The triggerReason of the Ended event, by the 1.6 reason."""

FAULT_OF_REASON = {
    "GroundFault": "GroundFailure",
    "OvercurrentFault": "OverCurrentFailure",
    "PowerQuality": "OtherError",
}
"""The 1.6 errorCode that a 2.0.1 stoppedReason also tells, since 1.6 has only Other for it."""


class Stopped(NamedTuple):
    """How a 2.0.1 TransactionEvent Ended says that a transaction ended."""

    stopped_reason: str
    trigger_reason: str


def stopped_201(reason: str | None, *, reset_pending: bool = True) -> Stopped:
    """stoppedReason and triggerReason for a StopTransaction.reason (None: absent, which is Local).

    reset_pending: whether the CSMS asked for a Reset. A station that resets unasked has rebooted (1.6 section 7.37).
    """
    reason = reason or "Local"
    if reason in ("HardReset", "SoftReset") and not reset_pending:
        reason = "Reboot"
    return Stopped(STOP_REASON.to_201.get(reason, "Other"), ENDED_TRIGGER.get(reason, "AbnormalCondition"))


def stop_reason_16(
    stopped_reason: str | None, *, reset: Literal["Hard", "Soft"] | None = None, unlocking: bool = False
) -> str:
    """StopTransaction.reason for a stoppedReason (None: absent, which is Local).

    reset: the type of the 1.6 Reset that is being carried out. unlocking: the stop was asked for by an UnlockConnector.
    """
    if stopped_reason == "ImmediateReset" and reset == "Soft":
        return "SoftReset"
    if stopped_reason == "Remote" and unlocking:
        return "UnlockCommand"
    return STOP_REASON.to_16.get(stopped_reason or "Local", "Other")


METER_TRIGGER = {
    "Interruption.Begin": "MeterValuePeriodic",
    "Interruption.End": "MeterValuePeriodic",
    "Other": "MeterValuePeriodic",
    "Sample.Clock": "MeterValueClock",
    "Sample.Periodic": "MeterValuePeriodic",
    "Transaction.Begin": "MeterValuePeriodic",
    "Transaction.End": "MeterValuePeriodic",
    "Trigger": "Trigger",
}
"""The triggerReason of an Updated event, by the context of its samples (absent: Sample.Periodic)."""

TriggerEffect = Literal["start", "status", "token", "values", "end"]

TRIGGER_EFFECT: dict[str, TriggerEffect] = {
    "Authorized": "start",
    "RemoteStart": "start",
    "CablePluggedIn": "status",
    "EVDetected": "status",
    "ChargingStateChanged": "status",
    "Deauthorized": "status",
    "EVCommunicationLost": "status",
    "EVDeparted": "status",
    "RemoteStop": "status",
    "EVConnectTimeout": "status",
    "StopAuthorized": "token",
    "MeterValueClock": "values",
    "MeterValuePeriodic": "values",
    "Trigger": "values",
    "SignedDataReceived": "values",
    "ChargingRateChanged": "values",
    "EnergyLimitReached": "status",
    "TimeLimitReached": "status",
    "AbnormalCondition": "status",
    "UnlockCommand": "end",
    "ResetCommand": "end",
}
"""What a 2.0.1 TransactionEvent (Started or Updated) is to 1.6: a StartTransaction once the car is there, a new connector
status, a token to remember for StopTransaction, meter values, or nothing before the Ended event."""
