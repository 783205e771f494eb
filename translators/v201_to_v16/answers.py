"""How a station's refusal reaches a 1.6 CSMS."""

from collections.abc import Generator
from typing import Any

from translators.asking import ask_if_known
from translators.effects import Note, Step
from translators.frames import Payload


def ask_station(action: str, payload: Payload, *, otherwise: Payload) -> Generator[Step, Any, Payload]:
    """The station's answer; `otherwise` from one that does not know the action or cannot do it. 1.6 has no place for
    the reason of a refusal, so an operator is told."""
    answer = yield from ask_if_known(action, payload)
    if answer is None:
        return otherwise
    info = answer.get("statusInfo")
    if info and answer.get("status") not in ("Accepted", "Scheduled", "Unlocked"):
        yield Note("station_declined", {"reason": info["reasonCode"]})
    return answer
