"""Keys and variables that could take a station away from this gateway, or lock it out.

The station's password, its certificates, its address book and its name are between the station and this gateway. A
CSMS that changes them as if the station were its own would never see it again. Keys are compared without case and
without what is no letter or digit: vendors spell them at will.
"""

import re
from collections.abc import Mapping

from translators.keys.variable import Variable

_KEYS = """
    AuthorizationKey SecurityProfile NetworkConfigurationPriority
    BackendURI BackendURL BackendAddress BackOfficeURL BackOfficeURLWired BackOfficeURLAPN
    CentralSystem CentralSystemAddress CentralSystemHost CentralSystemIP CentralSystemPort CentralSystemURI CentralSystemURL
    CsmsAddress CsmsHost CsmsURI CsmsURL CstBackendUrl CstChargeBoxId
    ChargeBoxId ChargeBoxIdentity ChargePointId ChargePointIdentity
    OcppAddress OcppBackendURL OcppCentralSystemURL OcppCsmsUrl OcppEndpoint OcppHost OcppServer OcppServerAddress OcppServerURL OcppURI OcppURL
    ServerAddress ServerURI ServerURL WebSocketURL WsURL
""".split()
"""Standard keys, and what vendors call the address and the name they connect with."""

_VARIABLES = """
    OCPPCommCtrlr.ActiveNetworkProfile
    OCPPCommCtrlr.NetworkConfigurationPriority
    SecurityCtrlr.BasicAuthPassword
    SecurityCtrlr.Identity
    SecurityCtrlr.SecurityProfile
""".split()

_NETWORK = "NetworkConfiguration"
"""The component that holds a network profile in 2.1, and in 2.0.1 stations that borrow it."""

GUARDED = tuple(sorted({*_KEYS, *(name.partition(".")[2] for name in _VARIABLES), _NETWORK}))
"""The names of keys and variables that configuration may hold."""


def _folded(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


_ADOPTABLE = frozenset(
    map(_folded, ("AuthorizationKey", "BasicAuthPassword", "NetworkConfigurationPriority", "SecurityProfile"))
)
_GUARDED_KEYS = {_folded(name): name for name in _KEYS}
_GUARDED_NAMES = frozenset(map(_folded, GUARDED))
_GUARDED_VARIABLES = {name.casefold(): name for name in _VARIABLES}


def guarded_key(name: str) -> str | None:
    """The name to count this key under, when it is guarded."""
    return _GUARDED_KEYS.get(_folded(name))


def guarded_variable(one: Variable) -> str | None:
    """The name to count this variable under, when it is guarded."""
    if one.component.casefold() == _NETWORK.casefold():
        return _NETWORK
    found = _GUARDED_VARIABLES.get(f"{one.component}.{one.name}".casefold())
    return found.partition(".")[2] if found else None


def is_guarded_name(name: str) -> bool:
    """Whether configuration may hold this name, however it is spelt."""
    return _folded(name) in _GUARDED_NAMES


def rule(guard: Mapping[str, str], action: str, *names: str) -> str:
    """`reject`, `adopt` or `forward`: what configuration (`guard`) says of a key or variable with these names, or else of
    the action that changes it."""
    said = {_folded(name): one for name, one in guard.items()}
    own = {said[name] for name in map(_folded, names) if name in said}
    if own:
        return next(one for one in ("adopt", "forward", "reject") if one in own)
    return said.get(_folded(action), "reject")


def let_through(guard: Mapping[str, str], action: str, *names: str) -> bool:
    """Whether a change of a key or variable with these names may reach the station."""
    return rule(guard, action, *names) != "reject"


def is_adoptable(name: str) -> bool:
    """Whether the gateway can follow a change of this key or variable, however it is spelt."""
    return _folded(name) in _ADOPTABLE
