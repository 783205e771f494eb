"""Chago.

Seen after a boot (steve-community/steve#136): the first StatusNotifications say local time and mark it Z, two hours
ahead of the truth, until ten seconds later the clock has taken currentTime in and says UTC.

A StatusNotification cannot be of the future. One that is ahead by what could be a zone loses its timestamp, which
means the time of its receipt (1.6 section 6.47). Nothing is learnt from it: the next message may be right.
"""

from translators import clocks
from translators.frames import Payload
from translators.quirk import Maker, Quirk, Scene


def without_future(call: Payload, scene: Scene) -> Payload:
    if clocks.ahead(call.get("timestamp"), scene.unix_time) is None:
        return call
    return {name: value for name, value in call.items() if name != "timestamp"}


def _is_chago(maker: Maker) -> bool:
    return "chago" in maker.vendor


QUIRK = Quirk(
    "A StatusNotification of the future by what could be a zone is of now",
    ("steve-community/steve#136",),
    of=_is_chago,
    calls={"StatusNotification": without_future},
)
