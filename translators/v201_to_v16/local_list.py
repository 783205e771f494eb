"""The local authorization list."""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Note, PeerError, Step
from translators.frames import Payload
from translators.losses import loses
from translators.session import Session
from translators.tables import Conversation
from translators.tokens import LOST_TO_201
from translators.v201_to_v16.answers import ask_station
from translators.v201_to_v16.authorization import card_for, info_from


@loses(call=LOST_TO_201)
def send_local_list(call: Payload, session: Session) -> Conversation:
    """SendLocalList -> SendLocalList, in as many parts as the station needs and versions have room for. 1.6 section
    5.15, 2.0.1 D01."""
    version = call["listVersion"]
    if version <= 0:
        return (yield from _failed("listVersion"))  # D01.FR.18
    entries = []
    for entry in call.get("localAuthorizationList", ()):
        token = card_for(session, entry["idTag"])
        if token is None:
            return (yield from _failed("idTag"))
        info = (yield from info_from(entry["idTagInfo"])) if "idTagInfo" in entry else None
        entries.append({"idToken": token, **({"idTokenInfo": info} if info is not None else {})})
    size = ((yield from _items_per_message()) if len(entries) > 1 else None) or len(entries) or 1
    parts = [entries[start : start + size] for start in range(0, len(entries), size)] or [[]]
    first = version - len(parts) + 1
    if len(parts) > 1:
        # Each part has a version of its own, and none may be one that the CSMS knows: whoever asks between two parts,
        # or after one has failed, must not take half a list for a whole one.
        known = yield from ask_station("GetLocalListVersion", {}, otherwise={"versionNumber": version})
        if first <= max(known["versionNumber"], 0):
            return (yield from _failed("localAuthorizationList"))
    for number, part in enumerate(parts):
        request = {
            **({"localAuthorizationList": part} if part else {}),
            "versionNumber": first + number,
            "updateType": call["updateType"] if number == 0 else "Differential",
        }
        answer = yield from ask_station("SendLocalList", request, otherwise={"status": "NotSupported"})
        if answer["status"] != "Accepted":
            break
    return {"status": answer["status"]}


def get_local_list_version(call: Payload, session: Session) -> Conversation:
    """GetLocalListVersion -> GetLocalListVersion; -1 from a station without a list. 2.0.1 D02, 1.6 section 5.10."""
    answer = yield from ask_station("GetLocalListVersion", {}, otherwise={"versionNumber": -1})
    return {"listVersion": answer["versionNumber"]}


def _items_per_message() -> Generator[Step, Any, int | None]:
    """How many entries the station takes at once, if it says so."""
    wanted = {"component": {"name": "LocalAuthListCtrlr"}, "variable": {"name": "ItemsPerMessage"}}
    try:
        answer = yield Ask("GetVariables", {"getVariableData": [wanted]})
    except PeerError:
        return None
    values = [one.get("attributeValue", "") for one in answer["getVariableResult"]]
    return int(values[0]) if values and values[0].isascii() and values[0].isdecimal() and len(values[0]) < 9 else None


def _failed(field: str) -> Generator[Step, Any, Payload]:
    """1.6 has no place for the reason, so an operator is told."""
    yield Note("refused_here", {"field": field})
    return {"status": "Failed"}
