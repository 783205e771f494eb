"""What OCPP 2.1 says and 2.0.1 cannot, and the little that is the other way round: the rules between the two versions.

2.1 part 2 section 1 keeps every message of 2.0.1 and adds to it; in all schemas nothing is taken away. Every difference
between the two sets of schemas is a row here, or has the answer of no row: the message is refused.
"""

import math

from translators.fitting import OTHERWISE, Rules


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LEFT_OUT = _words("""
    AuthorizeResponse.allowedEnergyTransfer AuthorizeResponse.tariff
    CertificateSigned.requestId
    FirmwareStatusNotification.statusInfo LogStatusNotification.statusInfo PublishFirmwareStatusNotification.statusInfo
    Get15118EVCertificate.maximumContractCertificateChains Get15118EVCertificate.prioritizedEMAIDs
    Get15118EVCertificateResponse.remainingContracts
    NotifyChargingLimit.chargingLimit.isLocalGeneration
    NotifyEVChargingNeeds.timestamp
    chargingNeeds.availableEnergyTransfer chargingNeeds.controlMode chargingNeeds.derChargingParameters
    chargingNeeds.evEnergyOffer chargingNeeds.mobilityNeedsMode chargingNeeds.v2xChargingParameters
    NotifyEVChargingSchedule.powerToleranceAcceptance NotifyEVChargingSchedule.selectedChargingScheduleId
    NotifyEvent.eventData.severity
    NotifyMonitoringReport.monitor.variableMonitoring.eventNotificationType
    NotifyReport.reportData.variableCharacteristics.maxElements
    SignCertificate.hashRootCertificate SignCertificate.requestId
    TransactionEvent.costDetails TransactionEvent.evseSleep TransactionEvent.preconditioningStatus
    TransactionEvent.transactionInfo.operationMode TransactionEvent.transactionInfo.tariffId
    TransactionEvent.transactionInfo.transactionLimit
    TransactionEventResponse.transactionLimit TransactionEventResponse.updatedPersonalMessageExtra
    TriggerMessage.customTrigger
    chargingProfile.dynUpdateInterval chargingProfile.dynUpdateTime chargingProfile.priceScheduleSignature
    chargingSchedule.absolutePriceSchedule chargingSchedule.digestValue chargingSchedule.powerTolerance
    chargingSchedule.priceLevelSchedule chargingSchedule.randomizedDelay chargingSchedule.signatureId
    chargingSchedulePeriod.dischargeLimit chargingSchedulePeriod.dischargeLimit_L2
    chargingSchedulePeriod.dischargeLimit_L3 chargingSchedulePeriod.preconditioningRequest
    message.messageExtra messageInfo.messageExtra
""")
"""Prices, causes and what only a car that discharges understands. A 2.0.1 station does not discharge at all."""

UNLESS_DEFAULT = {
    "chargingProfile.invalidAfterOfflineDuration": False,
    "chargingSchedule.useLocalTime": False,
    "chargingSchedulePeriod.evseSleep": False,
    "chargingSchedulePeriod.operationMode": "ChargingOnly",
}
"""Fields whose absence means this value."""

REFUSED = _words("""
    chargingProfile.maxOfflineDuration
    chargingSchedule.limitAtSoC
    chargingSchedulePeriod.limit_L2 chargingSchedulePeriod.limit_L3
    chargingSchedulePeriod.setpoint chargingSchedulePeriod.setpoint_L2 chargingSchedulePeriod.setpoint_L3
    chargingSchedulePeriod.setpointReactive chargingSchedulePeriod.setpointReactive_L2
    chargingSchedulePeriod.setpointReactive_L3
    chargingSchedulePeriod.v2xBaseline chargingSchedulePeriod.v2xFreqWattCurve
    chargingSchedulePeriod.v2xSignalWattCurve
    connectionData.basicAuthPassword connectionData.identity
    setMonitoringData.periodicEventStream
""")
"""Fields without which the rest would say something else. They have no rule, which is what refuses them."""

ITEMS = _words("""
    GetChargingProfiles.chargingProfile.chargingLimitSource
    GetInstalledCertificateIds.certificateType
    GetInstalledCertificateIdsResponse.certificateHashDataChain
    NotifyChargingLimit.chargingSchedule
    NotifyMonitoringReport.monitor NotifyMonitoringReport.monitor.variableMonitoring
    PublishFirmwareStatusNotification.location
    ReportChargingProfiles.chargingProfile
    meterValue sampledValue
""")

DROPPED = _words("""
    GetInstalledCertificateIdsResponse.certificateHashDataChain
    NotifyChargingLimit.chargingSchedule
    NotifyDisplayMessages.messageInfo.state
    NotifyMonitoringReport.monitor
    PublishFirmwareStatusNotification.location
    TransactionEvent.idToken TransactionEvent.meterValue TransactionEvent.numberOfPhasesUsed
    TransactionEvent.reservationId TransactionEventResponse.updatedPersonalMessage
    idTokenInfo.groupIdToken idTokenInfo.personalMessage
    sampledValue.signedMeterValue
""")
"""A token that does not fit is left out of an event, and its station hears that it is not valid."""

CUT = _words("""
    attributeStatusInfo.additionalInfo attributeStatusInfo.reasonCode statusInfo.additionalInfo statusInfo.reasonCode
    chargingStation.firmwareVersion chargingStation.model chargingStation.serialNumber chargingStation.vendorName
    NotifyEvent.eventData.techCode NotifyEvent.eventData.techInfo SecurityEventNotification.techInfo
    message.content personalMessage.content updatedPersonalMessage.content
""")

_TOKEN_TYPE = {OTHERWISE: "Central"}
"""2.1 has a free text here; DirectPayment, EVCCID, VIN and a vendor's own are for a CSMS to know."""
_LIMIT_SOURCE = {OTHERWISE: "Other"}

WORDS = {
    "idToken.type": _TOKEN_TYPE,
    "groupIdToken.type": _TOKEN_TYPE,
    "ClearedChargingLimit.chargingLimitSource": _LIMIT_SOURCE,
    "NotifyChargingLimit.chargingLimit.chargingLimitSource": _LIMIT_SOURCE,
    "ReportChargingProfiles.chargingLimitSource": _LIMIT_SOURCE,
    "ClearDisplayMessageResponse.status": {"Rejected": "Unknown"},
    "NotifyDisplayMessages.messageInfo.message.format": {"QRCODE": "UTF8"},
    "NotifyEVChargingNeeds.chargingNeeds.requestedEnergyTransfer": {
        "DC_ACDP": "DC",
        "DC_ACDP_BPT": "DC",
        "DC_BPT": "DC",
    },
    # Its station need not wait for a profile.
    "NotifyEVChargingNeedsResponse.status": {"NoChargingProfile": "Rejected"},
    "ReservationStatusUpdate.reservationUpdateStatus": {"NoTransaction": "Removed"},
    "Reset.type": {"ImmediateAndResume": "Immediate"},
    # 2.1: the WebSocket handshake decides, the field says nothing. OCPP20 is how 2.0.1 names itself.
    "connectionData.ocppVersion": {"OCPP201": "OCPP20"},
    "SetDisplayMessageResponse.status": {"LanguageNotSupported": "NotSupportedMessageFormat"},
    "TransactionEvent.transactionInfo.stoppedReason": {"ReqEnergyTransferRejected": "Other"},
    "TransactionEvent.triggerReason": {
        "CostLimitReached": "EnergyLimitReached",
        "LimitSet": "Trigger",
        "OperationModeChanged": "ChargingStateChanged",
        "RunningCost": "MeterValuePeriodic",
        "SoCLimitReached": "EnergyLimitReached",
        "TariffChanged": "Trigger",
        "TariffNotAccepted": "Deauthorized",
        "TxResumed": "ChargingStateChanged",
    },
}

ADDED = {
    "connectionData.ocppVersion": "OCPP20",
    # 2.0.1 wants both; empty is how its stations say that the key is not sent and the method is in the data.
    "signedMeterValue.publicKey": "",
    "signedMeterValue.signingMethod": "",
    # 2.1 wants to know who set a monitor; what a 2.0.1 station reports so was set by SetVariableMonitoring.
    "variableMonitoring.eventNotificationType": "CustomMonitor",
}

ROUNDED = {
    # 2.0.1 has whole numbers: what a car needs at least is rounded up, what it can take at most is rounded down.
    "acChargingParameters.energyAmount": math.ceil,
    "acChargingParameters.evMaxCurrent": math.floor,
    "acChargingParameters.evMaxVoltage": math.floor,
    "acChargingParameters.evMinCurrent": math.ceil,
    "dcChargingParameters.energyAmount": math.ceil,
    "dcChargingParameters.evEnergyCapacity": math.floor,
    "dcChargingParameters.evMaxCurrent": math.floor,
    "dcChargingParameters.evMaxPower": math.floor,
    "dcChargingParameters.evMaxVoltage": math.floor,
}

RULES = Rules(
    left_out=LEFT_OUT,
    unless_default=UNLESS_DEFAULT,
    items=ITEMS,
    dropped=DROPPED,
    cut=CUT,
    words=WORDS,
    added=ADDED,
    rounded=ROUNDED,
    unremarkable=_words(
        "CertificateSigned.requestId SignCertificate.requestId variableMonitoring.eventNotificationType"
    ),
)
"""One set for both ways: a field that one version does not know can only come from the other."""
