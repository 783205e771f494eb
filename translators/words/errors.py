"""Faults of a connector: 1.6 StatusNotification.errorCode (section 7.6) and the 2.0.1 device model.

2.0.1 reports a fault as a NotifyEvent on a variable that turned true. Components and variables are those of the
appendix of part 2; which of them stands for which errorCode is this project's choice.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """The variable that is true while an error lasts. `tells_apart`: techInfo begins with the errorCode, because
    several errors share the variable."""

    component: str
    variable: str
    tells_apart: bool = False


FAULTS = {
    "ConnectorLockFailure": Fault("ConnectorPlugRetentionLock", "Problem"),
    "EVCommunicationError": Fault("ConnectedEV", "Problem"),
    "GroundFailure": Fault("RCD", "Tripped"),
    "HighTemperature": Fault("TemperatureSensor", "Problem"),
    "InternalError": Fault("Controller", "Problem"),
    "LocalListConflict": Fault("LocalAuthListCtrlr", "Problem"),
    "OtherError": Fault("Connector", "Problem"),
    "OverCurrentFailure": Fault("OverCurrentProtection", "Tripped"),
    "PowerMeterFailure": Fault("FiscalMetering", "Problem"),
    "PowerSwitchFailure": Fault("PowerContactor", "Problem"),
    "ReaderFailure": Fault("TokenReader", "Problem"),
    "ResetFailure": Fault("ChargingStation", "Problem", tells_apart=True),
    "UnderVoltage": Fault("ElectricalFeed", "Problem", tells_apart=True),
    "OverVoltage": Fault("ElectricalFeed", "Problem", tells_apart=True),
    "WeakSignal": Fault("DataLink", "Problem"),
}
"""By 1.6 errorCode. NoError is not here: it clears what was reported before."""

STATION_WIDE = frozenset({"LocalListConflict"})
"""Errors of the station as a whole: connector 0, and no evse in the component."""

_BY_VARIABLE = {(fault.component, fault.variable): code for code, fault in FAULTS.items() if not fault.tells_apart}
_TOLD_APART = {(fault.component, fault.variable) for fault in FAULTS.values() if fault.tells_apart}
_TECH_INFO_LIMIT = 500
_SAYS_NOTHING = frozenset({"", "none", "null"})


def fault_201(error_code: str) -> Fault | None:
    """The variable for a 1.6 errorCode; None for NoError. A code nobody knows is OtherError."""
    return None if error_code == "NoError" else FAULTS.get(error_code, FAULTS["OtherError"])


def error_code_16(component: str, variable: str, tech_info: str | None = None) -> str | None:
    """The 1.6 errorCode for a variable that turned true; None when the variable stands for no 1.6 error.

    A variable that several errors share is OtherError unless techInfo begins with one of them.
    """
    place = (component, variable)
    if place in _TOLD_APART:
        said = (tech_info or "").split(maxsplit=1)
        code = said[0].rstrip(":;,") if said else ""
        return code if code in FAULTS and FAULTS[code][:2] == place else "OtherError"
    return _BY_VARIABLE.get(place)


def tech_info_201(error_code: str, vendor_id: str | None = None, info: str | None = None) -> str:
    """NotifyEvent techInfo (at most 500 characters): errorCode, vendorId and info, those that say something."""
    rest = [part.strip() for part in (vendor_id, info) if part and part.strip().lower() not in _SAYS_NOTHING]
    return " ".join([error_code, *rest])[:_TECH_INFO_LIMIT]
