"""ABL.

Seen with an eMH1 (evcc-io/evcc#7423, evcc-io/evcc#7242): TriggerMessage for MeterValues is rejected without a
connectorId and accepted with one, although without it every connector is meant (1.6 section 5.17).

Where the station has told of one connector only, the message names it: that is the same request.
"""

from translators.frames import Payload
from translators.quirk import Maker, Quirk, Scene

_STATUS = "station/status/"


def with_connector(call: Payload, scene: Scene) -> Payload:
    if call.get("requestedMessage") != "MeterValues" or "connectorId" in call:
        return call
    numbers = {key.removeprefix(_STATUS) for key in scene.memory if key.startswith(_STATUS)} - {"0"}
    return {**call, "connectorId": 1} if numbers == {"1"} else call


def _is_abl(maker: Maker) -> bool:
    return maker.vendor == "abl" or maker.vendor.startswith("abl ")


QUIRK = Quirk(
    "TriggerMessage for MeterValues names the only connector",
    ("evcc-io/evcc#7423", "evcc-io/evcc#7242"),
    of=_is_abl,
    calls_to={"TriggerMessage": with_connector},
)
