"""The local authorization list. Memory `station/list`: {"version"} of the list the station has, once known."""

from collections.abc import Generator
from typing import Any

from translators.effects import Forget, PeerError, Remember, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.tokens import LOST_TO_16, id_tag_for, id_tag_info
from translators.tokens import key as tag_key
from translators.v16_to_v201 import device
from translators.v16_to_v201.answers import ask_station, lean, refusal
from translators.v16_to_v201.authorization import remember_token, token_of

_KNOWN = "station/list"
_MOST = "SendLocalListMaxLength"


@loses(call={"additionalInfo": "left out", **LOST_TO_16})
def send_local_list(call: Payload, session: Session) -> Conversation:
    """SendLocalList -> SendLocalList, whole or not at all: Failed with a token that no idTag can hold and with two
    tokens that are one idTag. 2.0.1 D01, 1.6 section 5.15."""
    version, entries = call["versionNumber"], call.get("localAuthorizationList")
    if version <= 0:
        return refusal("Failed", "InvalidValue", "versionNumber")  # D01.FR.18
    known = session.memory.get(_KNOWN)
    if call["updateType"] == "Differential" and known is not None and version <= known["version"]:
        return refusal("VersionMismatch", "InvalidValue", "versionNumber")
    tags: dict[str, str] = {}
    listed, fields = [], list[str]()
    for entry in entries or ():
        tag = id_tag_for(entry["idToken"], alias=session.options.aliases_long_tokens)
        if not tag:
            return refusal("Failed", "InvalidIdToken", "1.6 has room for 20 characters")
        if tag_key(tag) in tags:
            return refusal("Failed", "InvalidIdToken", "two tokens that 1.6 cannot tell apart")
        tags[tag_key(tag)] = tag
        info = entry.get("idTokenInfo")
        if "additionalInfo" in entry["idToken"]:
            fields.append("additionalInfo")
        listed.append(
            lean(
                {
                    "idTag": tag,
                    "idTagInfo": id_tag_info(info, fields, alias=session.options.aliases_long_tokens)
                    if info is not None
                    else None,
                }
            )
        )
    most = (yield from _most(session)) if len(listed) > 1 else None
    if most is not None and len(listed) > most:
        # In parts, the station would have the new version before it has the new list.
        return refusal("Failed", "TooManyElements", f"{_MOST} is {most}")
    yield from lost(*fields)
    request = {
        "listVersion": version,
        "localAuthorizationList": listed if entries is not None else None,
        "updateType": call["updateType"],
    }
    answer = yield from ask_station("SendLocalList", lean(request), otherwise={"status": "NotSupported"})
    if answer["status"] == "NotSupported":
        return refusal("Failed", "UnsupportedRequest")
    if answer["status"] == "VersionMismatch":
        yield Forget(_KNOWN)
    elif answer["status"] == "Accepted":
        for entry in entries or ():
            # A tag whose type is guessed right needs no memory; lists are long.
            token = {name: entry["idToken"][name] for name in ("idToken", "type")}
            tag = id_tag_for(token, alias=session.options.aliases_long_tokens)
            if "idTokenInfo" in entry and tag is not None and token_of(session, tag) != token:
                yield from remember_token(session, token, tag)
        yield Remember(_KNOWN, {"version": version})
    return {"status": answer["status"]}


def get_local_list_version(call: Payload, session: Session) -> Conversation:
    """GetLocalListVersion -> GetLocalListVersion, 0 from a station without a list. 2.0.1 D02, 1.6 section 5.10."""
    answer = yield from ask_station("GetLocalListVersion", {}, otherwise={"listVersion": -1})
    version = max(answer["listVersion"], 0)
    if session.memory.get(_KNOWN) != {"version": version}:
        yield Remember(_KNOWN, {"version": version})
    return {"versionNumber": version}


def _most(session: Session) -> Generator[Step, Any, int | None]:
    """How many entries the station takes at once, if it says so."""
    if device.learned_number(session, _MOST) is None:
        try:
            yield from device.read(session, [_MOST])
        except PeerError:
            return None
    return device.learned_number(session, _MOST)
