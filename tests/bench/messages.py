"""What a station of the bench says, in OCPP 1.6: boot, status, start, then meter values of that transaction for ever."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.bench.frames import build, mask

# Yesterday, a second for each message: new content every time, because a proxy may know a message it has seen by
# its content, and never in the future, because a CSMS may doubt it.
_DAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
_TIMES = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}".encode() for s in range(86400)]

OPENING: tuple[tuple[str, dict[str, Any]], ...] = (
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
    ("StartTransaction", {"connectorId": 1, "idTag": "BENCH-TAG", "meterStart": 0, "timestamp": f"{_DAY}T00:00:00Z"}),
)


def _sample(value: str, measurand: str, unit: str, **more: str) -> dict[str, str]:
    return {"value": value, "context": "Sample.Periodic", **more, "measurand": measurand, "unit": unit}


_SAMPLES = [
    _sample("1234567", "Energy.Active.Import.Register", "Wh", format="Raw", location="Outlet"),
    _sample("11040.5", "Power.Active.Import", "W", location="Outlet"),
    _sample("16.02", "Current.Import", "A", phase="L1"),
    _sample("229.8", "Voltage", "V", phase="L1-N"),
    _sample("41", "SoC", "Percent", location="EV"),
]


def call(identifier: str, action: str, payload: dict[str, Any]) -> bytes:
    """A CALL as text, compact."""
    return json.dumps([2, identifier, action, payload], separators=(",", ":")).encode()


class MeterValues:
    """One station's MeterValues as a masked frame, built once; what differs from call to call is written into it."""

    __slots__ = ("_frame", "_id", "_id_key", "_size", "_time", "_time_key")

    def __init__(self, transaction_id: int, key: bytes) -> None:
        reading = {"timestamp": f"{_DAY}T@@:@@:@@Z", "sampledValue": _SAMPLES}
        text = call(
            "########", "MeterValues", {"connectorId": 1, "transactionId": transaction_id, "meterValue": [reading]}
        )
        self._frame = bytearray(build(text, key))
        self._size = len(text)
        start = len(self._frame) - len(text)
        identifier, clock = text.index(b"########"), text.index(b"@@:@@:@@")
        self._id, self._time = start + identifier, start + clock
        self._id_key = _keystream(key, identifier)
        self._time_key = _keystream(key, clock)

    def __len__(self) -> int:
        """Bytes of the text, without the frame's head."""
        return self._size

    def next(self, number: int) -> tuple[bytes, bytes]:
        """`(message id, frame)` of call `number`, an int below 10**8."""
        identifier = b"%08d" % number
        frame = self._frame
        frame[self._id : self._id + 8] = (int.from_bytes(identifier, "big") ^ self._id_key).to_bytes(8, "big")
        clock = int.from_bytes(_TIMES[number % 86400], "big") ^ self._time_key
        frame[self._time : self._time + 8] = clock.to_bytes(8, "big")
        return identifier, bytes(frame)


def _keystream(key: bytes, offset: int) -> int:
    """The eight key bytes that mask the text from `offset` on."""
    return int.from_bytes(mask(bytes(offset + 8), key)[offset:], "big")
