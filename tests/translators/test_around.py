"""A stage that stands around another: everything goes in, and everything that comes out passes it."""

from typing import Any, cast

import pytest

from translators.around import Around
from translators.effects import Effect, Note
from translators.frames import NoAnswer

SILENCE = NoAnswer("m", 30.0)


class Inner:
    epoch = 5.0

    def __init__(self) -> None:
        self.heard: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        def called(*told: Any) -> Any:
            self.heard.append((name, told))
            return {"deadline": 7.0, "idle": True, "close": None}.get(name, [Note(name, {})])

        return called


class Counting(Around):
    def _out(self, effects: list[Effect], now: float) -> list[Effect]:
        return [*effects, Note("out", {"at": now})]


@pytest.mark.parametrize("name", ["open", "away", "resumed", "tick", "from_station", "from_csms"])
def test_what_goes_in_reaches_the_inner_stage_and_what_comes_out_passes(name: str) -> None:
    inner = Inner()
    told = (SILENCE, 3.0) if name.startswith("from") else (3.0,)
    assert getattr(Counting(cast(Any, inner)), name)(*told) == [Note(name, {}), Note("out", {"at": 3.0})]
    assert getattr(Around(cast(Any, inner)), name)(*told) == [Note(name, {})]
    assert inner.heard == [(name, told)] * 2


def test_the_rest_is_the_inner_stages() -> None:
    inner = Inner()
    one = Around(cast(Any, inner))
    assert (one.epoch, one.deadline(), one.idle()) == (5.0, 7.0, True)
    one.epoch = 6.0
    one.close()
    assert inner.epoch == 6.0
    assert inner.heard[-1] == ("close", ())
