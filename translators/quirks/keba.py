"""KEBA.

Seen with a P30 x-series, firmware 1.12, that speaks for up to 16 boxes of a load management network, each of them a
connector (dallmann-consulting/OCPP.Core, page Real_life_Experiences_KEBA.md): a card read at one of the boxes is told as
`<card>_<serial of the box>`. No CSMS knows such a tag; it answers Invalid, and the station then blocks the card.

The suffix goes where the rest looks like a card's number. Which box it was is told by the connector. A CSMS in which
the cards were entered with the suffix wants this switched off.
"""

import re

from translators.frames import Payload
from translators.quirk import Maker, Quirk, Scene

_CARD_AND_BOX = re.compile(r"([0-9A-Fa-f]{8,20})_[0-9A-Za-z]{4,20}")


def card_alone(call: Payload, scene: Scene) -> Payload:
    tag = call.get("idTag")
    found = _CARD_AND_BOX.fullmatch(tag) if isinstance(tag, str) else None
    return call if found is None else {**call, "idTag": found[1]}


def _is_keba(maker: Maker) -> bool:
    return maker.vendor.startswith("keba")


QUIRK = Quirk(
    "The underscore and box serial after a card's number in idTag are dropped",
    ("dallmann-consulting/OCPP.Core: Real_life_Experiences_KEBA.md",),
    of=_is_keba,
    calls={"Authorize": card_alone, "StartTransaction": card_alone, "StopTransaction": card_alone},
)
