"""A 1.6 station and a 1.6 CSMS with 2.0.1 between them, and how what they hear is compared."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.translators.generate import answers, calls
from tests.translators.there_and_back import ThereAndBack
from translators.frames import Payload
from translators.options import Options
from translators.tidy import tidied
from translators.times import iso, normalise

V = "ocpp1.6"
SOME = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
OPTIONS = Options(connectors={1: (1, 1), 2: (2, 1)}, provision=False)
TIMES = {"timestamp", "expiryDate", "validFrom", "validTo", "startSchedule", "retrieveDate", "currentTime"}
TAGS = st.text(st.characters(min_codepoint=48, max_codepoint=122), min_size=1, max_size=20)
BEGAN = 1_795_255_200
MOMENTS = st.integers(1, 3000).map(lambda seconds: iso(BEGAN + seconds / 10))
ENERGY = st.integers(0, 50_000_000)


def wire(version: str = V) -> ThereAndBack:
    return ThereAndBack(version, "ocpp2.0.1", OPTIONS)


def same(payload: Any, name: str = "") -> Any:
    """The payload with every time in one spelling, and without what is empty."""
    if isinstance(payload, dict):
        return {key: same(value, key) for key, value in payload.items() if value not in ("", [])}
    if isinstance(payload, list):
        return [same(one, name) for one in payload]
    return normalise(payload) if name in TIMES else payload


def meant(action: str, payload: Payload, *, answer: bool = False) -> Any:
    return same(tidied(V, action, payload, answer=answer))


def drawn(data: st.DataObject, action: str, **more: Any) -> Payload:
    return {**data.draw(calls(V, action), label=action), **more}


def answered(data: st.DataObject, action: str) -> Payload:
    return data.draw(answers(V, action), label="answer")
