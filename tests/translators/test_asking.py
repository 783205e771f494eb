"""A peer that does not know an action is not an error of the conversation."""

import pytest

from translators.asking import ask_if_known
from translators.effects import Ask, Note, PeerError


def test_the_answer_comes_back() -> None:
    asking = ask_if_known("ClearCache", {})
    assert next(asking) == Ask("ClearCache", {})
    with pytest.raises(StopIteration) as stop:
        asking.send({"status": "Accepted"})
    assert stop.value.value == {"status": "Accepted"}


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_a_peer_that_cannot_is_noted(code: str) -> None:
    asking = ask_if_known("ClearCache", {})
    next(asking)
    assert asking.throw(PeerError(code, "", {})) == Note("station_declined", {"reason": code})
    with pytest.raises(StopIteration) as stop:
        next(asking)
    assert stop.value.value is None


def test_other_errors_are_the_callers() -> None:
    asking = ask_if_known("ClearCache", {})
    next(asking)
    with pytest.raises(PeerError):
        asking.throw(PeerError("InternalError", "", {}))
