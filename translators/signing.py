"""The frames of a station's certificate that the gateway signs itself: 2.0.1 A02 and A03, the 1.6 security whitepaper."""

from translators.frames import BadFrame, Error, NoAnswer, Payload, Result

_LONGEST = 10_000
"""Characters of a chain, by the schemas."""
_KEY = "CertificateSignedMaxChainSize"
_VARIABLE = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "MaxCertificateChainSize"}}


def refused(version: str) -> Payload:
    """The answer to a SignCertificate that cannot be served."""
    if version == "ocpp1.6":
        return {"status": "Rejected"}
    return {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidCSR"}}


def question(version: str) -> tuple[str, Payload]:
    """Action and payload of the question how long a chain may be."""
    if version == "ocpp1.6":
        return "GetConfiguration", {"key": [_KEY]}
    return "GetVariables", {"getVariableData": [_VARIABLE]}


def longest(version: str, reply: Result | Error | NoAnswer) -> int:
    """What the station says to the question; the schemas' limit from one that says nothing of use."""
    try:
        payload = reply.payload if isinstance(reply, Result) else {}
    except BadFrame:
        payload = {}
    values = {
        str(entry.get("value")).strip()
        for entry in _entries(payload.get("configurationKey"))
        if str(entry.get("key")).casefold() == _KEY.casefold()
    } | {str(entry.get("attributeValue")).strip() for entry in _entries(payload.get("getVariableResult"))}
    told = [int(value) for value in values if value.isascii() and value.isdecimal() and int(value) > 0]
    return min([*told, _LONGEST])


def signed(version: str, request: Payload, chain: str) -> Payload:
    """The CertificateSigned to the station's SignCertificate `request`."""
    payload: Payload = {"certificateChain": chain}
    if version != "ocpp1.6":
        payload["certificateType"] = "ChargingStationCertificate"
    if version == "ocpp2.1" and "requestId" in request:
        payload["requestId"] = request["requestId"]
    return payload


def _entries(value: object) -> list[Payload]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
