"""The few messages of a soak, in 1.6 and in 2.0.1: how a station says them and how a backend reads them. PURE."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]

V16, V201 = "ocpp1.6", "ocpp2.0.1"
_TRANSACTION = {"StartTransaction", "MeterValues", "StopTransaction", "TransactionEvent"}


def moment(unix: int) -> str:
    """Whole seconds, as most stations write them."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class Charge:
    """A transaction as its station has it. `tag` is also its name: no two transactions of a fleet share one."""

    tag: str
    number: int | str | None = None
    """1.6: what the CSMS answered. 2.0.1: what the station chose."""
    seq: int = 0


@dataclass(slots=True)
class Said:
    """One transaction message in a station's queue."""

    kind: str
    """start, meter, stop"""
    wh: int
    at: str
    charge: Charge
    seq: int
    attempts: int = 0
    message_id: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.wh}"

    def call(self, version: str) -> tuple[str, Payload]:
        """Action and payload."""
        return _call_16(self) if version == V16 else _call_201(self)


def boot(version: str) -> Payload:
    if version == V16:
        return {"chargePointVendor": "Soak", "chargePointModel": "One"}
    return {"reason": "PowerUp", "chargingStation": {"vendorName": "Soak", "model": "One"}}


def available(version: str, at: str) -> Payload:
    if version == V16:
        return {"connectorId": 1, "errorCode": "NoError", "status": "Available", "timestamp": at}
    return {"evseId": 1, "connectorId": 1, "connectorStatus": "Available", "timestamp": at}


def _call_16(said: Said) -> tuple[str, Payload]:
    charge = said.charge
    number = charge.number if charge.number is not None else -1  # errata 3.18: never heard
    if said.kind == "start":
        return "StartTransaction", {
            "connectorId": 1,
            "idTag": charge.tag,
            "meterStart": said.wh,
            "timestamp": said.at,
        }
    if said.kind == "stop":
        return "StopTransaction", {
            "transactionId": number,
            "meterStop": said.wh,
            "timestamp": said.at,
            "reason": "Local",
            "idTag": charge.tag,
        }
    sample = {"value": str(said.wh), "context": "Sample.Periodic", "unit": "Wh"}
    return "MeterValues", {
        "connectorId": 1,
        "transactionId": number,
        "meterValue": [{"timestamp": said.at, "sampledValue": [sample]}],
    }


_EVENT = {
    "start": ("Started", "Authorized", "Transaction.Begin"),
    "meter": ("Updated", "MeterValuePeriodic", "Sample.Periodic"),
    "stop": ("Ended", "StopAuthorized", "Transaction.End"),
}


def _call_201(said: Said) -> tuple[str, Payload]:
    event_type, trigger, context = _EVENT[said.kind]
    info: Payload = {"transactionId": said.charge.number}
    if said.kind == "start":
        info["chargingState"] = "Charging"
    if said.kind == "stop":
        info["stoppedReason"] = "Local"
    event: Payload = {
        "eventType": event_type,
        "timestamp": said.at,
        "triggerReason": trigger,
        "seqNo": said.seq,
        "transactionInfo": info,
        "meterValue": [
            {
                "timestamp": said.at,
                "sampledValue": [
                    {"value": said.wh, "context": context, "measurand": "Energy.Active.Import.Register"},
                ],
            }
        ],
    }
    if said.kind != "meter":
        event["idToken"] = {"idToken": said.charge.tag, "type": "Central"}
    if said.kind == "start":
        event["evse"] = {"id": 1, "connectorId": 1}
    return "TransactionEvent", event


@dataclass(frozen=True, slots=True)
class Read:
    """What a backend reads out of a transaction message. `key` is empty where it has no register."""

    key: str
    number: str
    """Empty for a StartTransaction, for the backend gives it, and for MeterValues outside a transaction."""
    seq: int | None
    at: str
    start: str
    """What makes a start the same start to a backend; empty for other messages."""


def has_register(action: str) -> bool:
    """Whether a backend writes this message into its books. MeterValues count without a transaction too: what comes
    after an end, or for a transaction nobody knows, has no other form in 2.0.1."""
    return action in _TRANSACTION


def read(action: str, payload: Payload) -> Read:
    """A transaction message. Raises KeyError, TypeError or ValueError for one that is none."""
    if action == "StartTransaction":
        at, wh = payload["timestamp"], payload["meterStart"]
        return Read(f"start:{wh}", "", None, at, f"{payload['connectorId']}/{payload['idTag']}/{at}/{wh}")
    if action == "StopTransaction":
        return Read(f"stop:{payload['meterStop']}", str(payload["transactionId"]), None, payload["timestamp"], "")
    if action == "MeterValues":
        value = payload["meterValue"][0]
        wh = round(float(value["sampledValue"][0]["value"]))
        return Read(f"meter:{wh}", str(payload.get("transactionId", "")), None, value["timestamp"], "")
    kind = {"Started": "start", "Updated": "meter", "Ended": "stop"}[payload["eventType"]]
    samples = [sample for value in payload.get("meterValue", []) for sample in value["sampledValue"]]
    number = payload["transactionInfo"]["transactionId"]
    key = f"{kind}:{round(samples[-1]['value'])}" if samples else ""
    return Read(key, number, payload["seqNo"], payload["timestamp"], number if kind == "start" else "")


def answer(action: str, payload: Payload, now: str, number: int | None = None) -> Payload:
    """What a backend in a good mood answers at that time. `number`: the transactionId of a StartTransaction."""
    if action == "BootNotification":
        return {"status": "Accepted", "currentTime": now, "interval": 3600}
    if action == "Heartbeat":
        return {"currentTime": now}
    if action == "Authorize":
        return {"idTagInfo": {"status": "Accepted"}} if "idTag" in payload else {"idTokenInfo": {"status": "Accepted"}}
    if action == "StartTransaction":
        return {"transactionId": number, "idTagInfo": {"status": "Accepted"}}
    if action == "TransactionEvent" and "idToken" in payload:
        return {"idTokenInfo": {"status": "Accepted"}}
    if action == "DataTransfer":
        return {"status": "Accepted", "data": payload.get("data", "")}
    return {}
