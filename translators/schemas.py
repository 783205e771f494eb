"""The official JSON schemas of the `ocpp` package, compiled once with jsonschema-rs.

Formats are not checked: real stations send date-times without a zone; `translators.times` reads those.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Protocol

import jsonschema_rs

from translators.frames import Payload

VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
"""The WebSocket subprotocols, which name the versions everywhere."""

_FOLDERS = {"ocpp1.6": "v16", "ocpp2.0.1": "v201", "ocpp2.1": "v21"}

BOTH_WAYS = frozenset({"DataTransfer"})
"""The one action that both sides may call."""

STATION_ACTIONS: dict[str, frozenset[str]] = {
    "ocpp1.6": frozenset(
        "Authorize BootNotification DataTransfer DiagnosticsStatusNotification FirmwareStatusNotification Heartbeat"
        " LogStatusNotification MeterValues SecurityEventNotification SignCertificate SignedFirmwareStatusNotification"
        " StartTransaction StatusNotification StopTransaction".split()
    ),
    "ocpp2.0.1": frozenset(
        "Authorize BootNotification ClearedChargingLimit DataTransfer FirmwareStatusNotification Get15118EVCertificate"
        " GetCertificateStatus Heartbeat LogStatusNotification MeterValues NotifyChargingLimit"
        " NotifyCustomerInformation NotifyDisplayMessages NotifyEVChargingNeeds NotifyEVChargingSchedule NotifyEvent"
        " NotifyMonitoringReport NotifyReport PublishFirmwareStatusNotification ReportChargingProfiles"
        " ReservationStatusUpdate SecurityEventNotification SignCertificate StatusNotification TransactionEvent".split()
    ),
}
"""The actions a station calls. A CSMS calls all others, and those of BOTH_WAYS."""
STATION_ACTIONS["ocpp2.1"] = STATION_ACTIONS["ocpp2.0.1"] | frozenset(
    "BatterySwap GetCertificateChainStatus NotifyDERAlarm NotifyDERStartStop NotifyPeriodicEventStream"
    " NotifyPriorityCharging NotifySettlement OpenPeriodicEventStream ClosePeriodicEventStream"
    " PullDynamicScheduleUpdate ReportDERControl VatNumberValidation".split()
)


@dataclass(frozen=True, slots=True)
class Offence:
    """One way in which a payload breaks its schema. `facts` are the keyword's own (jsonschema-rs `kind.as_dict()`)."""

    keyword: str
    path: tuple[str | int, ...]
    facts: dict[str, Any]

    def __str__(self) -> str:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path).lstrip(".")
        if self.keyword == "required":
            return f"{place + '.' if place else ''}{self.facts['property']}: required"
        if self.keyword == "additionalProperties":
            return f"{place or 'payload'}: unknown {', '.join(sorted(self.facts['unexpected']))}"
        return f"{place or 'payload'}: {self.keyword}"


class _Validator(Protocol):
    def is_valid(self, instance: Any) -> bool: ...
    def iter_errors(self, instance: Any) -> Any: ...


def _folder(version: str) -> Traversable:
    return files("ocpp") / _FOLDERS[version] / "schemas"


@cache
def actions(version: str) -> frozenset[str]:
    """Every action the version's schemas know."""
    names = (entry.name.removesuffix(".json") for entry in _folder(version).iterdir() if entry.name.endswith(".json"))
    return frozenset(name.removesuffix("Request") for name in names if not name.endswith("Response"))


def csms_actions(version: str) -> frozenset[str]:
    """The actions a CSMS calls in this version."""
    return actions(version) - STATION_ACTIONS[version] | BOTH_WAYS


@cache
def schema(version: str, action: str, answer: bool) -> dict[str, Any]:
    """The schema of a call's payload, or of its answer's. Raises KeyError for an action the version does not know."""
    if action not in actions(version):
        raise KeyError(action)
    # 1.6 calls have no suffix; nor has the one-way NotifyPeriodicEventStream of 2.1.
    names = [f"{action}Response.json"] if answer else [f"{action}Request.json", f"{action}.json"]
    for name in names:
        entry = _folder(version) / name
        if entry.is_file():
            found: dict[str, Any] = json.loads(entry.read_text("utf-8-sig"))
            return found
    raise KeyError(action)


def resolved(part: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """A part of a schema, or the definition it refers to."""
    while "$ref" in part:
        part = root["definitions"][part["$ref"].rsplit("/", 1)[1]]
    return part


def fields(version: str, action: str, path: tuple[str | int, ...], *, answer: bool) -> frozenset[str]:
    """The names an object at this place of a payload may have; none for a place that holds no object."""
    root = schema(version, action, answer)
    part = resolved(root, root)
    for step in path:
        inner = part.get("items", {}) if isinstance(step, int) else part.get("properties", {}).get(step, {})
        part = resolved(inner, root)
    return frozenset(part.get("properties", ()))


@cache
def checking(version: str, action: str, answer: bool) -> Callable[[Payload], bool]:
    """What `valid` asks about a payload of this schema, for those who ask often. Raises KeyError for an unknown
    action."""
    return _validator(version, action, answer).is_valid


@cache
def _validator(version: str, action: str, answer: bool) -> _Validator:
    return jsonschema_rs.validator_for(schema(version, action, answer), validate_formats=False)


def valid(version: str, action: str, payload: Payload, *, answer: bool) -> bool:
    """Whether the payload fits its official schema. Raises KeyError for an unknown action."""
    return checking(version, action, answer)(payload)


def offences(version: str, action: str, payload: Payload, *, answer: bool) -> list[Offence]:
    """Every way in which the payload breaks its official schema."""
    try:
        found = list(_validator(version, action, answer).iter_errors(payload))
    except ValueError:  # it cannot write down what it found
        return [Offence("nesting", (), {})]
    return [Offence(error.kind.name, tuple(error.instance_path), error.kind.as_dict()) for error in found]


_CODES = {
    "required": "OccurrenceConstraintViolation",
    "additionalProperties": "FormatViolation",
    "nesting": "FormatViolation",
    "type": "TypeConstraintViolation",
    "minItems": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
}


def error_code(offence: Offence) -> str:
    """The CALLERROR code for an offence, in the spelling of 2.0.1 part 4 section 4.3."""
    return _CODES.get(offence.keyword, "PropertyConstraintViolation")
