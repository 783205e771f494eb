"""Webasto NEXT (also sold as Ampure NEXT).

Seen with the NEXT (evcc-io/evcc#31158): the station's software sets its clock from currentTime with a pattern that
demands a fraction of a second. `10:00:00Z` raises an error in there and the connection is dropped, right after the
boot was accepted, again and again.

A fraction of zeros is added where there is none; the moment stays the same. Where both sides speak 1.6 this is done for
stations that configuration names.
"""

import re

from translators.frames import Payload
from translators.quirk import Maker, Quirk, Scene

_WHOLE_SECOND = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})([Zz]|[+-][0-9]{2}:?[0-9]{2})")


def with_fraction(answer: Payload, scene: Scene) -> Payload:
    moment = answer.get("currentTime")
    found = _WHOLE_SECOND.fullmatch(moment) if isinstance(moment, str) else None
    return answer if found is None else {**answer, "currentTime": f"{found[1]}.000{found[2]}"}


def _is_next(maker: Maker) -> bool:
    return ("webasto" in maker.vendor or "ampure" in maker.vendor) and "next" in maker.model


QUIRK = Quirk(
    "currentTime in answers to the station always has a fraction of a second",
    ("evcc-io/evcc#31158",),
    of=_is_next,
    answers_to={"BootNotification": with_fraction, "Heartbeat": with_fraction},
    passthrough=True,
)
