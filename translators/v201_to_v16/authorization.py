"""Tokens: who may charge."""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Remember, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.tokens import LOST_TO_201, id_tag_for, id_token_for, id_token_info, memory_key, type_of
from translators.v201_to_v16.answers import ask_station
from translators.v201_to_v16.cost import price_for
from translators.v201_to_v16.plug_and_charge import ask_csms

_SEEN_AGAIN_AFTER = 86400.0

NO_TAG = "empty, or more than 20 characters"
"""Why there is no idTag for an idToken."""


@loses(
    call={
        "idToken": f"Invalid: {NO_TAG}",
        "additionalInfo": "left out",
        "certificate": "Invalid: the CSMS checks no certificates of cars",
    },
    answer=LOST_TO_201,
)
def authorize(call: Payload, session: Session) -> Conversation:
    """Authorize -> Authorize, or DataTransfer to have a contract certificate checked; Invalid is a certificate that the
    CSMS cannot check, and a token that no idTag can hold. 2.0.1 C01, C07."""
    if "certificate" in call or "iso15118CertificateHashData" in call:
        return (yield from _with_certificate(call, session))
    info = yield from ask_about(session, call["idToken"])
    if info["status"] == "Accepted":
        price = yield from price_for(session, tag_for(session, call["idToken"]), wait=True)
        if price is not None:
            info = {**info, "personalMessage": price}
    return {"idTokenInfo": info}


def _with_certificate(call: Payload, session: Session) -> Conversation:
    """Without its certificate checked, a contract is not to be trusted."""
    token, tag = call["idToken"], tag_for(session, call["idToken"])
    if tag is None:
        yield from lost("idToken")
        return {"idTokenInfo": {"status": "Invalid"}}
    names = ("idToken", "certificate", "iso15118CertificateHashData")
    request = {name: call[name] for name in names if name in call}
    answer, read = yield from ask_csms(session, "Authorize", request, {})
    if not read:
        yield from lost("certificate")
        return {"idTokenInfo": {"status": "Invalid"}}
    yield from remember_token(session, token, tag)
    return answer


def clear_cache(call: Payload, session: Session) -> Conversation:
    """ClearCache -> ClearCache. 2.0.1 C11."""
    answer = yield from ask_station("ClearCache", {}, otherwise={"status": "Rejected"})
    return {"status": answer["status"]}


def ask_about(session: Session, token: Payload) -> Generator[Step, Any, Payload]:
    """What the CSMS says of a token, as idTokenInfo."""
    tag = tag_for(session, token)
    if tag is None:
        yield from lost("idToken")
        return {"status": "Invalid"}
    yield from remember_token(session, token, tag)
    answer = yield Ask("Authorize", {"idTag": tag})
    return (yield from info_from(answer["idTagInfo"]))


def tag_for(session: Session, token: Payload) -> str | None:
    """The idTag for a token; None for one that no idTag can hold."""
    return id_tag_for(token, session.options.id_tag_of_nobody, alias=session.options.aliases_long_tokens)


def info_from(id_tag_info: Payload, of: str | None = None) -> Generator[Step, Any, Payload]:
    """What a CSMS says of a token, for a station. `of`: see `losses.lost`."""
    fields: list[str] = []
    info = id_token_info(id_tag_info, fields)
    yield from lost(*fields, of=of)
    return info


def remember_token(session: Session, token: Payload, tag: str) -> Generator[Step, Any, None]:
    """1.6 has no token types: what a station called a token is what it hears back in a remote start."""
    if "additionalInfo" in token:
        yield from lost("additionalInfo")
    known = session.memory.get(memory_key(tag), {})
    now = {"idToken": token["idToken"], "type": token["type"], "seen": session.unix_time}
    fresh = session.unix_time - float(known.get("seen", 0.0)) < _SEEN_AGAIN_AFTER
    if not (fresh and known["idToken"] == now["idToken"] and known["type"] == now["type"]):
        yield Remember(memory_key(tag), now)


def token_for(session: Session, tag: str) -> Payload:
    """The idToken a station knows by this idTag, else one of type Central."""
    wanted = session.options.id_token_type
    if wanted != "auto":
        return {"idToken": tag, "type": wanted}
    known = session.memory.get(memory_key(tag))
    if known is not None:
        return {"idToken": known["idToken"], "type": known["type"]}
    return {"idToken": tag, "type": "Central"}


def card_for(session: Session, tag: str) -> Payload | None:
    """The idToken of a card that the station is to know when it sees it, so of the type it will read: the one it read
    before, else the one the tag looks like. None for a tag that no idToken can hold."""
    known = session.memory.get(memory_key(tag))
    if known is not None:
        return {"idToken": known["idToken"], "type": known["type"]}
    kind = type_of(tag, session.options.id_token_type)
    return None if kind == "NoAuthorization" else id_token_for(tag, kind)
