"""The configuration keys of 1.6 and the variables of 2.0.1, written once and read both ways.

1.6 section 9 and its security whitepaper, the ISO 15118 and California pricing application notes; 2.0.1 part 2 chapter
"Referenced Components and Variables".

Columns: the key; what its value is (`values.KINDS`, with limits); R, RW or W; its variables, of which the first is read
and all are written, `maxLimit` or `valuesList` where the key is that characteristic of the variable, `-` where 2.0.1 has
none; what else there is to say. What is a variable of each connector or a member of a list stands in `parts`.
"""

import re
from dataclasses import dataclass, replace

from translators.keys.values import KINDS, Kind
from translators.keys.variable import Variable, variable

TABLE = """
AllowOfflineTxForUnknownId                boolean         RW  AuthCtrlr.OfflineTxForUnknownIdEnabled
AuthorizationCacheEnabled                 boolean         RW  AuthCacheCtrlr.Enabled
AuthorizeRemoteTxRequests                 boolean         RW  AuthCtrlr.AuthorizeRemoteStart
BlinkRepeat                               integer         RW  -  2.0.1 has no such variable
ClockAlignedDataInterval                  seconds         RW  AlignedDataCtrlr.Interval + AlignedDataCtrlr.TxEndedInterval  0 is off
ConnectionTimeOut                         seconds         RW  TxCtrlr.EVConnectionTimeOut
ConnectorPhaseRotation                    phases          RW  ChargingStation.PhaseRotation + Connector.PhaseRotation  split by connector; Unknown and NotApplicable stand for no value
ConnectorPhaseRotationMaxLength           integer         R   -  the number of connectors and one
GetConfigurationMaxKeys                   integer         R   DeviceDataCtrlr.ItemsPerMessage[GetVariables]  a 1.6 CSMS is told the gateway's own, which splits
HeartbeatInterval                         seconds 1..     RW  OCPPCommCtrlr.HeartbeatInterval
LightIntensity                            percent         RW  -  2.0.1 has no such variable
LocalAuthorizeOffline                     boolean         RW  AuthCtrlr.LocalAuthorizeOffline
LocalPreAuthorize                         boolean         RW  AuthCtrlr.LocalPreAuthorize
MaxEnergyOnInvalidId                      Wh              RW  TxCtrlr.MaxEnergyOnInvalidId
MeterValuesAlignedData                    measurands      RW  AlignedDataCtrlr.Measurands
MeterValuesAlignedDataMaxLength           integer         R   AlignedDataCtrlr.Measurands maxLimit
MeterValuesSampledData                    measurands      RW  SampledDataCtrlr.TxUpdatedMeasurands
MeterValuesSampledDataMaxLength           integer         R   SampledDataCtrlr.TxUpdatedMeasurands maxLimit
MeterValueSampleInterval                  seconds         RW  SampledDataCtrlr.TxUpdatedInterval + SampledDataCtrlr.TxEndedInterval  0 is off
MinimumStatusDuration                     seconds         RW  ChargingStation.MinimumStatusDuration
NumberOfConnectors                        integer         R   -  counted
ResetRetries                              integer         RW  OCPPCommCtrlr.ResetRetries
StopTransactionOnEVSideDisconnect         boolean         RW  TxCtrlr.StopTxOnEVSideDisconnect
StopTransactionOnInvalidId                boolean         RW  TxCtrlr.StopTxOnInvalidId
StopTxnAlignedData                        measurands      RW  AlignedDataCtrlr.TxEndedMeasurands
StopTxnAlignedDataMaxLength               integer         R   AlignedDataCtrlr.TxEndedMeasurands maxLimit
StopTxnSampledData                        measurands      RW  SampledDataCtrlr.TxEndedMeasurands  a 2.0.1 station is asked for the energy register as well, for meterStop
StopTxnSampledDataMaxLength               integer         R   SampledDataCtrlr.TxEndedMeasurands maxLimit
SupportedFeatureProfiles                  profiles        R   SmartChargingCtrlr.Available + ReservationCtrlr.Available + LocalAuthListCtrlr.Available + SmartChargingCtrlr.Enabled + ReservationCtrlr.Enabled  a profile for each; Core, FirmwareManagement and RemoteTrigger always
SupportedFeatureProfilesMaxLength         integer         R   -  6
TransactionMessageAttempts                integer         RW  OCPPCommCtrlr.MessageAttempts[TransactionEvent]
TransactionMessageRetryInterval           seconds         RW  OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]
UnlockConnectorOnEVSideDisconnect         boolean         RW  OCPPCommCtrlr.UnlockOnEVSideDisconnect
WebSocketPingInterval                     seconds 0..     RW  OCPPCommCtrlr.WebSocketPingInterval
LocalAuthListEnabled                      boolean         RW  LocalAuthListCtrlr.Enabled
LocalAuthListMaxLength                    integer         R   LocalAuthListCtrlr.Entries maxLimit
SendLocalListMaxLength                    integer         R   LocalAuthListCtrlr.ItemsPerMessage
ReserveConnectorZeroSupported             boolean         R   ReservationCtrlr.NonEvseSpecific
ChargeProfileMaxStackLevel                integer         R   SmartChargingCtrlr.ProfileStackLevel
ChargingScheduleAllowedChargingRateUnit   rate units      R   SmartChargingCtrlr.RateUnit
ChargingScheduleMaxPeriods                integer         R   SmartChargingCtrlr.PeriodsPerSchedule
ConnectorSwitch3to1PhaseSupported         boolean         R   SmartChargingCtrlr.Phases3to1
MaxChargingProfilesInstalled              integer         R   SmartChargingCtrlr.Entries[ChargingProfiles] maxLimit
SupportedFileTransferProtocols            protocols       R   OCPPCommCtrlr.FileTransferProtocols
AuthorizationKey                          password        W   SecurityCtrlr.BasicAuthPassword  guarded; the 1.6 value is the hexadecimal form
SecurityProfile                           integer 0..3    RW  SecurityCtrlr.SecurityProfile  guarded; of the connection between station and gateway
CpoName                                   text            RW  SecurityCtrlr.OrganizationName
AdditionalRootCertificateCheck            boolean         R   SecurityCtrlr.AdditionalRootCertificateCheck
CertificateSignedMaxChainSize             integer ..10000  R   SecurityCtrlr.MaxCertificateChainSize
CertificateStoreMaxLength                 integer         R   SecurityCtrlr.CertificateEntries maxLimit
ISO15118PnCEnabled                        boolean         RW  ISO15118Ctrlr.PnCEnabled
CentralContractValidationAllowed          boolean         RW  ISO15118Ctrlr.CentralContractValidationAllowed
ContractValidationOffline                 boolean         RW  ISO15118Ctrlr.ContractValidationOffline
CertSigningWaitMinimum                    seconds         RW  SecurityCtrlr.CertSigningWaitMinimum
CertSigningRepeatTimes                    integer         RW  SecurityCtrlr.CertSigningRepeatTimes
CustomDisplayCostAndPrice                 boolean         R   TariffCostCtrlr.Available[Tariff] + TariffCostCtrlr.Available[Cost] + CustomizationCtrlr.CustomImplementationEnabled[org.openchargealliance.costmsg]
CustomIdleFeeAfterStop                    boolean         RW  -  kept by the gateway for a 2.0.1 station: a 1.6 CSMS is told when the cable is unplugged
DefaultPrice                              price           RW  TariffCostCtrlr.TariffFallbackMessage + TariffCostCtrlr.OfflineTariffFallbackMessage + TariffCostCtrlr.OfflineChargingPrice[kWhPrice] + TariffCostCtrlr.OfflineChargingPrice[hourPrice]  members of one JSON object
DefaultPriceText,<language>               price           RW  TariffCostCtrlr.TariffFallbackMessage[<language>] + TariffCostCtrlr.OfflineTariffFallbackMessage[<language>]  members of one JSON object
TimeOffset                                text            RW  ClockCtrlr.TimeOffset
NextTimeOffsetTransitionDateTime          date            RW  ClockCtrlr.NextTimeOffsetTransitionDateTime
TimeOffsetNextTransition                  text            RW  ClockCtrlr.TimeOffset[NextTransition]
Language                                  text            RW  DisplayMessageCtrlr.Language
SupportedLanguages                        list            R   DisplayMessageCtrlr.Language valuesList
"""

LEGACY = "OCPP16LegacyCtrlr"
"""The component under which a 2.0.1 CSMS reaches the keys of a 1.6 station that no variable stands for."""

PRICE_TEXT = "DefaultPriceText,"
"""What a key for a language begins with; the language follows."""


@dataclass(frozen=True, slots=True)
class Key:
    """A configuration key of 1.6 and what stands for it in 2.0.1."""

    name: str
    kind: Kind
    access: str
    variables: tuple[Variable, ...] = ()
    characteristic: str | None = None
    remark: str = ""

    @property
    def in_parts(self) -> bool:
        """Whether the variables hold different parts of the value, rather than the same value."""
        return self.kind.name in ("phases", "profiles", "price")


def _kind(text: str) -> Kind:
    name, _, limits = text.rpartition(" ") if ".." in text else (text, "", "")
    least, _, most = limits.partition("..")
    return replace(KINDS[name], least=int(least) if least else None, most=int(most) if most else None)


def _key(line: str) -> Key:
    name, kind, access, text, *remark = re.split(r"\s{2,}", line.strip())
    names, _, characteristic = text.partition(" ") if text.endswith(("maxLimit", "valuesList")) else (text, "", "")
    variables = () if names == "-" else tuple(variable(one) for one in names.split(" + "))
    return Key(name, _kind(kind), access, variables, characteristic or None, remark[0] if remark else "")


ROWS: tuple[Key, ...] = tuple(_key(line) for line in TABLE.strip().splitlines())
"""Every row, in the order of the table."""

_FAMILY = next(key for key in ROWS if key.name.startswith(PRICE_TEXT))

KEYS: dict[str, Key] = {key.name.casefold(): key for key in ROWS if key is not _FAMILY}
"""By the key's name without case (1.6 CiString)."""

_BY_VARIABLE = {one: key for key in KEYS.values() if key.characteristic is None for one in key.variables}
LIMITS: dict[Variable, tuple[Key, ...]] = {
    one: tuple(key for key in KEYS.values() if key.characteristic and key.variables == (one,))
    for one in dict.fromkeys(one for key in KEYS.values() if key.characteristic for one in key.variables)
}
"""The keys that are characteristics of a variable."""

COMPONENTS = frozenset(one.component.casefold() for key in ROWS for one in key.variables)


def key_named(name: str) -> Key | None:
    """The row of a 1.6 key, its name in any case."""
    wanted = name.strip()
    if wanted.casefold().startswith(PRICE_TEXT.casefold()):
        language = wanted[len(PRICE_TEXT) :].strip()
        variables = tuple(replace(one, instance=language) for one in _FAMILY.variables)
        return replace(_FAMILY, name=PRICE_TEXT + language, variables=variables) if language else None
    return KEYS.get(wanted.casefold())


def key_behind(one: Variable) -> Key | None:
    """The row of the key in which this variable's value is, or a part of it."""
    if one.evse is not None:
        plain = replace(one, evse=None, connector=None)
        key = _BY_VARIABLE.get(plain)
        return key if one.connector is not None and one.component.casefold() == "connector" else None
    if one.component.casefold() == "connector":
        return None
    if one in _BY_VARIABLE:
        return _BY_VARIABLE[one]
    family = {replace(member, instance=None) for member in _FAMILY.variables}
    if one.instance and replace(one, instance=None) in family:
        return key_named(PRICE_TEXT + one.instance)
    return None
