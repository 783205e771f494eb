"""Quirks by name; a quirk's name is its file's. Each file has the evidence above the mend, in own words."""

from translators.quirk import Quirk
from translators.quirks import (
    abl,
    aefa,
    chago,
    foxess,
    grizzl_e,
    growatt,
    keba,
    micro_ocpp,
    webasto_next,
    zj_beny,
)

QUIRKS: dict[str, Quirk] = {
    module.__name__.rpartition(".")[2]: module.QUIRK
    for module in (abl, aefa, chago, foxess, grizzl_e, growatt, keba, micro_ocpp, webasto_next, zj_beny)
}
