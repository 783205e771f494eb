"""What a station of the bench says: it boots, reports its status, starts a transaction, then sends readings for ever."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench.frames import build, mask

# Yesterday, a second for each message: new content every time, because a proxy may know a message it has seen by
# its content, and never in the future, because a CSMS may doubt it.
_DAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
_TIMES = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}".encode() for s in range(86400)]
_BEGAN = f"{_DAY}T00:00:00Z"
FIRST_SEQUENCE_NUMBER = 10_000_000  # so that it never gets longer while it rises
_ID, _CLOCK, _SEQUENCE = b"########", b"@@:@@:@@", b"99999999"

Calls = tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Script:
    """What a station says. `opening`: once, one after another. `action` and `payload`: then again and again;
    `{transaction}` in it is what the answer to the last opening call says, or this station's own."""

    subprotocol: str
    opening: Calls
    action: str
    payload: dict[str, Any]


def _sample(value: str, measurand: str, unit: str, **more: str) -> dict[str, str]:
    return {"value": value, "context": "Sample.Periodic", **more, "measurand": measurand, "unit": unit}


SAMPLES_16 = [
    _sample("1234567", "Energy.Active.Import.Register", "Wh", format="Raw", location="Outlet"),
    _sample("11040.5", "Power.Active.Import", "W", location="Outlet"),
    _sample("16.02", "Current.Import", "A", phase="L1"),
    _sample("229.8", "Voltage", "V", phase="L1-N"),
    _sample("41", "SoC", "Percent", location="EV"),
]
_READING_16 = [{"timestamp": f"{_DAY}T@@:@@:@@Z", "sampledValue": SAMPLES_16}]
_HELLO_16: Calls = (
    (
        "BootNotification",
        {
            "chargePointVendor": "Bench",
            "chargePointModel": "Two-socket post",
            "chargePointSerialNumber": "SN-0001",
            "firmwareVersion": "1.0.0",
        },
    ),
    ("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"}),
)
_START_16 = ("StartTransaction", {"connectorId": 1, "idTag": "BENCH-TAG", "meterStart": 0, "timestamp": _BEGAN})


def _sample_201(value: float, measurand: str, unit: str, **more: str) -> dict[str, Any]:
    return {
        "value": value,
        "context": "Sample.Periodic",
        **more,
        "measurand": measurand,
        "unitOfMeasure": {"unit": unit},
    }


_SAMPLES_201 = [
    _sample_201(1234567, "Energy.Active.Import.Register", "Wh", location="Outlet"),
    _sample_201(11040.5, "Power.Active.Import", "W", location="Outlet"),
    _sample_201(16.02, "Current.Import", "A", phase="L1"),
]
_EVSE = {"id": 1, "connectorId": 1}
_STARTED_201 = (
    "TransactionEvent",
    {
        "eventType": "Started",
        "timestamp": _BEGAN,
        "triggerReason": "Authorized",
        "seqNo": FIRST_SEQUENCE_NUMBER,
        "transactionInfo": {"transactionId": "{transaction}", "chargingState": "Charging"},
        "evse": _EVSE,
        "idToken": {"idToken": "BENCH-TAG", "type": "ISO14443"},
        "meterValue": [{"timestamp": _BEGAN, "sampledValue": [{"value": 0, "context": "Transaction.Begin"}]}],
    },
)
_HELLO_201: Calls = (
    (
        "BootNotification",
        {
            "reason": "PowerUp",
            "chargingStation": {"vendorName": "Bench", "model": "Two-socket post", "serialNumber": "1"},
        },
    ),
    ("StatusNotification", {"timestamp": _BEGAN, "connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}),
)

METER_16 = Script(
    "ocpp1.6",
    (*_HELLO_16, _START_16),
    "MeterValues",
    {"connectorId": 1, "transactionId": "{transaction}", "meterValue": _READING_16},
)
"""Readings of a transaction, about 670 bytes: what most of a fleet's messages are."""
CLOCK_16 = Script("ocpp1.6", _HELLO_16, "MeterValues", {"connectorId": 1, "meterValue": _READING_16})
"""Readings by the clock, of no transaction."""
IDLE_16 = Script("ocpp1.6", _HELLO_16[:1], "Heartbeat", {})
"""A station that came back: it boots, and then there is a heartbeat from time to time."""
SILENT_16 = Script("ocpp1.6", (), "Heartbeat", {})
"""One that says nothing of itself."""
METER_201 = Script(
    "ocpp2.0.1",
    (*_HELLO_201, _STARTED_201),
    "TransactionEvent",
    {
        "eventType": "Updated",
        "timestamp": f"{_DAY}T@@:@@:@@Z",
        "triggerReason": "MeterValuePeriodic",
        "seqNo": int(_SEQUENCE),
        "transactionInfo": {"transactionId": "{transaction}", "chargingState": "Charging"},
        "meterValue": [{"timestamp": f"{_DAY}T@@:@@:@@Z", "sampledValue": _SAMPLES_201}],
    },
)
"""The same, as a 2.0.1 station says it."""
SCRIPTS = {
    "meter-1.6": METER_16,
    "clock-1.6": CLOCK_16,
    "idle-1.6": IDLE_16,
    "silent-1.6": SILENT_16,
    "meter-2.0.1": METER_201,
}


def call(identifier: str, action: str, payload: dict[str, Any]) -> bytes:
    """A CALL as text, compact."""
    return json.dumps([2, identifier, action, payload], separators=(",", ":")).encode()


def named(payload: dict[str, Any], transaction: str | int) -> dict[str, Any]:
    """The payload with this transaction's id in it."""
    text = json.dumps(payload).replace('"{transaction}"', json.dumps(transaction))
    filled: dict[str, Any] = json.loads(text)
    return filled


class Readings:
    """One station's repeated call as a masked frame, built once; what differs from call to call is written into it."""

    __slots__ = ("_frame", "_places", "_size")

    def __init__(self, script: Script, transaction: str | int, key: bytes) -> None:
        text = call(_ID.decode(), script.action, named(script.payload, transaction))
        self._frame = bytearray(build(text, key))
        self._size = len(text)
        start = len(self._frame) - len(text)
        self._places: list[tuple[bytes, int, int]] = []
        for what in (_ID, _CLOCK, _SEQUENCE):
            at = text.find(what)
            while at >= 0:
                self._places.append((what, start + at, _keystream(key, at)))
                at = text.find(what, at + 1)

    def __len__(self) -> int:
        """Bytes of the text, without the frame's head."""
        return self._size

    def next(self, number: int) -> tuple[bytes, bytes]:
        """`(message id, frame)` of call `number`, an int below 10**8 - FIRST_SEQUENCE_NUMBER."""
        identifier = b"%08d" % number
        frame = self._frame
        for what, at, key in self._places:
            if what is _ID:
                text = identifier
            elif what is _CLOCK:
                text = _TIMES[number % 86400]
            else:
                text = b"%08d" % (FIRST_SEQUENCE_NUMBER + number)
            frame[at : at + 8] = (int.from_bytes(text, "big") ^ key).to_bytes(8, "big")
        return identifier, bytes(frame)


def _keystream(key: bytes, offset: int) -> int:
    """The eight key bytes that mask the text from `offset` on."""
    return int.from_bytes(mask(bytes(offset + 8), key)[offset:], "big")
