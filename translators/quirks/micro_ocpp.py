"""MicroOcpp, a library in stations of many makers, over 2.0.1.

Seen with builds for 2.0.1 (matth-x/MicroOcpp: src/MicroOcpp/Operations/GetLocalListVersion.cpp, the operation of 1.6 is
registered for both versions): the answer to GetLocalListVersion has `listVersion`, which 2.0.1 calls `versionNumber`,
and is -1 where there is no list, which 2.0.1 says by 0 (D02).

Stations mostly tell the name of their own maker: then a route names the quirk.
"""

from translators.frames import Payload
from translators.quirk import Maker, Quirk, Scene


def version_number(answer: Payload, scene: Scene) -> Payload:
    version = answer.get("listVersion")
    if "versionNumber" in answer or not isinstance(version, int) or isinstance(version, bool):
        return answer
    rest = {name: value for name, value in answer.items() if name != "listVersion"}
    return {**rest, "versionNumber": max(0, version)}


def _is_micro_ocpp(maker: Maker) -> bool:
    return "microocpp" in maker.vendor or "microocpp" in maker.model


QUIRK = Quirk(
    "listVersion in the answer to GetLocalListVersion is versionNumber",
    ("matth-x/MicroOcpp: GetLocalListVersion.cpp",),
    version="ocpp2.0.1",
    of=_is_micro_ocpp,
    answers={"GetLocalListVersion": version_number},
)
