"""Growatt.

Seen with THOR models (evcc-io/evcc#10399): timestamps are local time and have no zone, `2023-10-19T15:28:07`, where a
reader must take them for UTC. In Europe that puts every transaction one or two hours into the future.

How far the clock is ahead is learnt from StatusNotification, which is sent as it happens, and kept. One that was
delayed shows too little, so the most that shows counts, until it has not shown for hours: summer time ends. Before
anything was learnt, and west of Greenwich, times are read as UTC.

Seen with a THOR 11AS, firmware 5.2.4 (lbbrhzn/ocpp#1487): it takes at most five measurands in a list
(MeterValuesSampledDataMaxLength is 5), and accepts longer ones all the same. After one of those it answers with random
numbers of connectors and behaves differently from one time to the next. It is not told of such a list.
"""

from typing import Any

from translators import clocks
from translators.frames import Payload
from translators.quirk import Maker, Quirk, Scene

_CLOCK = "clock"
_KEPT = f"station/quirk/{_CLOCK}"
_SHOWN_FOR = 6 * 3600.0
_SHOWS_AGAIN_AFTER = 3600.0
_LISTS = ("metervaluessampleddata", "metervaluesaligneddata", "stoptxnsampleddata", "stoptxnaligneddata")
_MOST_MEASURANDS = 5


def status_in_utc(call: Payload, scene: Scene) -> Payload:
    text = call.get("timestamp")
    found = None if clocks.has_zone(text) else clocks.ahead(text, scene.unix_time)
    if found is not None:
        known = scene.memory.get(_KEPT, {"seconds": 0.0, "at": 0.0})
        age = scene.unix_time - known["at"]
        if found > known["seconds"] or age > (_SHOWN_FOR if found < known["seconds"] else _SHOWS_AGAIN_AFTER):
            scene.keep(_CLOCK, {"seconds": found, "at": scene.unix_time})
    return in_utc(call, scene)


def in_utc(call: Payload, scene: Scene) -> Payload:
    if _KEPT not in scene.memory:
        return call
    seconds = scene.memory[_KEPT]["seconds"]

    def change(text: Any) -> Any:
        return text if clocks.has_zone(text) else clocks.moved(text, seconds) or text

    return clocks.each_time(call, change)


def few_measurands(call: Payload, scene: Scene) -> Payload | None:
    key, value = call.get("key"), call.get("value")
    if not isinstance(key, str) or not isinstance(value, str) or key.strip().casefold() not in _LISTS:
        return None
    return {"status": "Rejected"} if len(value.split(",")) > _MOST_MEASURANDS else None


def _is_growatt(maker: Maker) -> bool:
    return maker.vendor.startswith("growatt")


QUIRK = Quirk(
    "Local times without a zone are turned into UTC, once it shows how far the clock is ahead; a list of more than five"
    " measurands, which it accepts and is upset by, is Rejected",
    ("evcc-io/evcc#10399", "lbbrhzn/ocpp#1487"),
    of=_is_growatt,
    calls={
        "StatusNotification": status_in_utc,
        "StartTransaction": in_utc,
        "StopTransaction": in_utc,
        "MeterValues": in_utc,
    },
    refused={"ChangeConfiguration": few_measurands},
)
