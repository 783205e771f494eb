"""FoxESS.

Seen with the A-series (lbbrhzn/ocpp#2008, lbbrhzn/ocpp#2012, lbbrhzn/ocpp#2050): in its automatic mode the station
opens a 2.0.1 connection and sends StatusNotification with the fields of 1.6 over it, connectorId, status and errorCode.

They are written as 2.0.1 has them: each 1.6 connector is an EVSE with one connector, and what 1.6 calls Preparing,
Charging, Suspended or Finishing is Occupied. The errorCode has no place there and is left out.
"""

from translators.frames import Payload
from translators.quirk import Maker, Quirk, Scene
from translators.times import iso
from translators.words import CONNECTOR_STATUS


def as_201(call: Payload, scene: Scene) -> Payload:
    number, status = call.get("connectorId"), call.get("status")
    word = CONNECTOR_STATUS.to_201.get(status) if isinstance(status, str) else None
    if "connectorStatus" in call or word is None or type(number) is not int or number < 0:
        return call
    return {
        "timestamp": call.get("timestamp") or iso(scene.unix_time),
        "connectorStatus": word,
        "evseId": call.get("evseId", number),
        "connectorId": min(number, 1),
    }


def _is_foxess(maker: Maker) -> bool:
    return maker.vendor.replace(" ", "").startswith("foxess")


QUIRK = Quirk(
    "StatusNotification with the fields of 1.6 is written with those of 2.0.1",
    ("lbbrhzn/ocpp#2008", "lbbrhzn/ocpp#2012", "lbbrhzn/ocpp#2050"),
    "ocpp2.0.1",
    of=_is_foxess,
    calls={"StatusNotification": as_201},
)
