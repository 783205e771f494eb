"""Questions to a peer that may not know the action."""

from collections.abc import Generator
from typing import Any

from translators.effects import Ask, Note, PeerError, Step
from translators.frames import Payload


def ask_if_known(action: str, payload: Payload) -> Generator[Step, Any, Payload | None]:
    """The answer; None, and a note, from a peer that does not know the action or cannot do it. Other errors are the
    caller's: PeerError, PeerSilent."""
    try:
        answer: Payload = yield Ask(action, payload)
    except PeerError as error:
        if not error.unsupported:
            raise
        yield Note("station_declined", {"reason": error.code})
        return None
    return answer


def smaller(asked: int, error: PeerError) -> Generator[Step, Any, int]:
    """How many to ask for at once, from a peer that answered a question for so many with this error. It may only have
    been too much at once: half of it. A question for one that fails has failed."""
    if asked < 2:
        raise error
    yield Note("asked_for_less", {"items": asked // 2, "code": error.code})
    return asked // 2
