"""A frame in a few words, for people: what it is about, not all that it says."""

import json
from collections.abc import Mapping
from typing import Any

from gateway.demo.meter import ENERGY
from gateway.demo.wire import Frame

Payload = Mapping[str, Any]


def title(frame: Frame) -> str:
    """The action; of a TransactionEvent with its type."""
    if frame.kind == "call" and frame.action == "TransactionEvent":
        return f"TransactionEvent {frame.payload.get('eventType', '')}"
    return "".join(sign if sign.isprintable() else "?" for sign in frame.action)


def details(frame: Frame) -> str:
    """What the payload says, what counts first, for the end may be cut off; empty when there is nothing to say. Nothing
    in it moves a terminal's cursor, whoever wrote it."""
    try:
        said = _details(frame)
    except (KeyError, TypeError, AttributeError, ValueError):
        said = json.dumps(frame.payload)  # a payload that is not as the standard has it
    return "".join(sign if sign.isprintable() else "?" for sign in said)


def _details(frame: Frame) -> str:
    if frame.kind == "error":
        return f"{frame.payload['errorCode']} {frame.payload['errorDescription']}".strip()
    words = _result(frame.payload) if frame.kind == "result" else _call(frame.action, frame.payload)
    return " ".join(word for word in words if word)


def _call(action: str, payload: Payload) -> list[str]:
    if action == "BootNotification":
        station = payload.get("chargingStation", payload)
        vendor = station.get("vendorName") or station.get("chargePointVendor")
        return [str(vendor), str(station.get("model") or station.get("chargePointModel")), payload.get("reason", "")]
    if action == "StatusNotification":
        # The bare number is a 1.6 connector, with a stroke it is an EVSE and its connector.
        place = [str(payload[key]) for key in ("evseId", "connectorId") if key in payload]
        return ["/".join(place), str(payload.get("status") or payload.get("connectorStatus"))]
    if action == "TransactionEvent":
        return _event(payload)
    if action == "NotifyEvent":
        return [
            f"{event['component']['name']}.{event['variable']['name']} {event['actualValue']}"
            for event in payload.get("eventData", [])
        ]
    if action in ("SetVariables", "GetVariables"):
        items = payload.get("setVariableData") or payload.get("getVariableData") or []
        return [" ".join(item["variable"]["name"] for item in items)]
    if action == "SecurityEventNotification":
        return [str(payload.get("type"))]
    key = payload.get("key", "")
    return [
        _energy(payload.get("meterStart", payload.get("meterStop"))),
        _register(payload.get("meterValue")),
        _token(payload),
        _number("tx", payload.get("transactionId")),
        _place(payload),
        str(payload.get("reason", "")),
        " ".join(key) if isinstance(key, list) else str(key),
        _number("remote start", payload.get("remoteStartId")),
        str(payload.get("requestedMessage", "")),
    ]


def _event(payload: Payload) -> list[str]:
    info = payload.get("transactionInfo", {})
    trigger = str(payload.get("triggerReason", ""))
    stopped = str(info.get("stoppedReason", ""))
    state = str(info.get("chargingState", "")) if trigger == "ChargingStateChanged" else ""
    return [
        _register(payload.get("meterValue")),
        trigger,
        state,
        _token(payload),
        f"stopped {stopped}" if stopped else "",
    ]


def _result(payload: Payload) -> list[str]:
    info = payload.get("idTagInfo") or payload.get("idTokenInfo") or {}
    results = payload.get("setVariableResult") or payload.get("getVariableResult") or []
    return [
        str(payload.get("status", "")),
        str(info.get("status", "")),
        _number("tx", payload.get("transactionId")),
        " ".join(item["attributeStatus"] for item in results),
    ]


def _place(payload: Payload) -> str:
    if "evseId" in payload:
        return f"evse {payload['evseId']}" + (f"/{payload['connectorId']}" if "connectorId" in payload else "")
    return f"conn {payload['connectorId']}" if "connectorId" in payload else ""


def _token(payload: Payload) -> str:
    token = payload.get("idTag") or payload.get("idToken", "")
    return str(token.get("idToken", "")) if isinstance(token, Mapping) else str(token)


def _number(name: str, value: Any) -> str:
    """Identifiers; of a UUID, the beginning is enough to tell it."""
    text = "" if value is None else str(value)
    return f"{name} {text[:8]}…" if len(text) > 12 else f"{name} {text}" if text else ""


def _register(meter_values: Any) -> str:
    """The newest energy register of a meterValue list, in kWh."""
    samples = [sample for value in meter_values or [] for sample in value.get("sampledValue", [])]
    registers = [sample["value"] for sample in samples if sample.get("measurand", ENERGY) == ENERGY]
    try:
        return _energy(float(registers[-1])) if registers else ""
    except ValueError:
        return ""


def _energy(wh: Any) -> str:
    return f"{wh / 1000:.3f} kWh" if isinstance(wh, int | float) else ""
