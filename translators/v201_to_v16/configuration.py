"""Configuration keys and variables."""

from translators.frames import Payload
from translators.session import Session

_GUARDED = frozenset(
    [
        "authorizationkey",
        "backendurl",
        "centralsystemuri",
        "centralsystemurl",
        "networkconfigurationpriority",
        "securityprofile",
    ]
)
"""Keys (CiString: compared without case) that would take the station away from the gateway or lock it out."""


def no_key_known(call: Payload, session: Session) -> Payload:
    """GetConfiguration while no key is mapped."""
    return {"configurationKey": [], "unknownKey": call.get("key", [])}


def no_key_changed(call: Payload, session: Session) -> Payload:
    """ChangeConfiguration while no key is mapped."""
    return {"status": "Rejected" if call["key"].strip().lower() in _GUARDED else "NotSupported"}
