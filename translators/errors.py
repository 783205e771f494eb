"""CALLERROR codes as each version spells them.

1.6-J keeps two misspellings (errata 5.1 and 5.2: will not be fixed); 2.0.1 and 2.1 part 4 section 4.3 spell them right.
Both spellings are read on every link, and the one of the link's version is written.
"""

CODES_2X = frozenset(
    "FormatViolation GenericError InternalError MessageTypeNotSupported NotImplemented NotSupported"
    " OccurrenceConstraintViolation PropertyConstraintViolation ProtocolError RpcFrameworkError SecurityError"
    " TypeConstraintViolation".split()
)
CODES_16 = frozenset(
    "FormationViolation GenericError InternalError NotImplemented NotSupported OccurenceConstraintViolation"
    " PropertyConstraintViolation ProtocolError SecurityError TypeConstraintViolation".split()
)

_TO_16 = {
    "FormatViolation": "FormationViolation",
    "OccurrenceConstraintViolation": "OccurenceConstraintViolation",
    "MessageTypeNotSupported": "ProtocolError",
    "RpcFrameworkError": "FormationViolation",
}
_TO_2X = {
    "FormationViolation": "FormatViolation",
    "OccurenceConstraintViolation": "OccurrenceConstraintViolation",
}

TRANSIENT = frozenset({"InternalError", "GenericError", "RpcFrameworkError", "SecurityError"})
"""Codes that speak of the peer's state, not of the message: asking again later may succeed. SecurityError is among
them because a CSMS that has not accepted a boot yet answers with it (1.6-J errata 3.8, 2.0.1 B01.FR.10)."""


def spelt_for(version: str, code: str) -> str:
    """The code in the version's spelling; a code of nobody's becomes GenericError."""
    if version == "ocpp1.6":
        code = _TO_16.get(code, code)
        return code if code in CODES_16 else "GenericError"
    code = _TO_2X.get(code, code)
    return code if code in CODES_2X else "GenericError"
