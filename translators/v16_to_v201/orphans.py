"""The stop of a transaction nobody knows (1.6 errata 3.18): never left unanswered, never lost."""

from collections.abc import Generator
from typing import Any

from translators import errors
from translators.effects import Ask, Note, PeerError, Remember, Step
from translators.frames import Payload
from translators.ids import uuid5
from translators.losses import lost
from translators.session import Session
from translators.tokens import id_tag_info
from translators.v16_to_v201.records import mark_of

_TRIES = 3


def orphaned(session: Session, call: Payload, event: Payload) -> Generator[Step, Any, Payload]:
    """Send its Ended event up under an id of its own, so that the reading is not lost. A CSMS that will not have it is
    asked a few times, then the station is answered: an unanswered stop holds up its whole queue."""
    mark = mark_of(call)
    known = session.memory.get(f"orphan/{mark}", {"tries": 0, "at": session.unix_time})
    if "answer" in known:
        answer: Payload = known["answer"]
        return answer
    known = {**known, "tries": known["tries"] + 1}
    yield Note("orphan_stop", {"transactionId": call["transactionId"]})
    yield Remember(f"orphan/{mark}", known)
    event["transactionInfo"]["transactionId"] = uuid5(f"orphan/{mark}/{session.options.identity}")
    answer = {}
    try:
        taken = yield Ask("TransactionEvent", event)
        if "idTokenInfo" in taken:
            fields: list[str] = []
            alias = session.options.aliases_long_tokens
            answer = {"idTagInfo": id_tag_info(taken["idTokenInfo"], fields, alias=alias)}
            yield from lost(*fields)
    except PeerError as error:
        if error.code in errors.TRANSIENT and known["tries"] < _TRIES:
            raise
        yield Note("event_refused", {"eventType": "Ended", "seqNo": 0, "code": error.code})
    yield Remember(f"orphan/{mark}", {**known, "answer": answer})
    return answer
