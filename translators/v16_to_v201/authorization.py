"""Tokens: who may charge."""

from collections.abc import Generator
from typing import Any

from translators.effects import Answer, Ask, Remember, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.tokens import LOST_TO_16, id_tag_info, id_token_for, memory_key, type_of
from translators.v16_to_v201.answers import ask_station, refusal
from translators.v16_to_v201.capabilities import may_show_cost
from translators.v16_to_v201.cost import tell_price

_SEEN_AGAIN_AFTER = 86400.0


@loses(call={"idTag": "Invalid: more than 36 characters"}, answer=LOST_TO_16)
def authorize(call: Payload, session: Session) -> Conversation:
    """Authorize -> Authorize, the idToken's type from what is known of the tag; a personal message goes to a station
    that shows prices. 2.0.1 C01."""
    token = token_of(session, call["idTag"])
    if token is None:
        yield from lost("idTag")
        return {"idTagInfo": {"status": "Invalid"}}
    answer = yield Ask("Authorize", {"idToken": token})
    fields: list[str] = []
    info = id_tag_info(answer["idTokenInfo"], fields, alias=session.options.aliases_long_tokens)
    is_shown = "personalMessage" in fields and info["status"] == "Accepted" and may_show_cost(session)
    yield from lost(*(name for name in fields if not (is_shown and name == "personalMessage")))
    yield Answer({"idTagInfo": info})
    if is_shown:
        yield from tell_price(session, call["idTag"], answer["idTokenInfo"])
    return None


def clear_cache(call: Payload, session: Session) -> Conversation:
    """ClearCache -> ClearCache. 2.0.1 C11, 1.6 section 5.4."""
    answer = yield from ask_station("ClearCache", {}, otherwise=refusal("Rejected", "UnsupportedRequest"))
    return answer


def customer_information(call: Payload, session: Session) -> Conversation:
    """CustomerInformation -> Rejected: what a 1.6 station keeps of a customer cannot be read; where configured, a clear
    -> ClearCache, which forgets everybody. 2.0.1 N09, N10, 1.6 section 5.4. The local list is the CSMS's own to change
    (N10.FR.02)."""
    if call["report"] or not call["clear"] or not session.options.clears_cache_for_customer:
        return refusal("Rejected", "UnsupportedRequest")
    answer = yield from ask_station("ClearCache", {}, otherwise=refusal("Rejected", "UnsupportedRequest"))
    yield Answer(answer)
    if answer["status"] == "Accepted":
        # N10.FR.04: it is told once it is done, though no report was asked for.
        done = {"requestId": call["requestId"], "seqNo": 0, "tbc": False, "generatedAt": session.time}
        yield Ask("NotifyCustomerInformation", {**done, "data": "The authorization cache was cleared."}, back=True)
    return None


def remember_token(session: Session, token: Payload, tag: str) -> Generator[Step, Any, None]:
    """1.6 has no token types, and compares tags without case: what a CSMS called a token is what it hears back."""
    if "additionalInfo" in token:
        yield from lost("additionalInfo")
    known = session.memory.get(memory_key(tag), {})
    now = {"idToken": token["idToken"], "type": token["type"], "seen": session.unix_time}
    fresh = session.unix_time - float(known.get("seen", 0.0)) < _SEEN_AGAIN_AFTER
    if not (fresh and known["idToken"] == now["idToken"] and known["type"] == now["type"]):
        yield Remember(memory_key(tag), now)


def token_of(session: Session, tag: str) -> Payload | None:
    """The idToken for an idTag; None when none can hold it: a tag is never cut."""
    known = session.memory.get(memory_key(tag))
    if known is not None:
        return {"idToken": known["idToken"], "type": known["type"]}
    return id_token_for(tag, type_of(tag, session.options.id_token_type))
