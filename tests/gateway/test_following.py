"""A follower's weather and a defect of ours in it: nobody but the follower notices."""

import asyncio
from typing import Any, cast

import pytest

from gateway import following
from gateway.comparison import Mirror
from gateway.config import parse
from gateway.followers import Followers
from gateway.following import Following
from gateway.ledger import Ledger
from gateway.metrics import Metrics
from gateway.shadow import Act, Shadow
from gateway.store.memory import MemoryStore
from gateway.upstream import DialError, Leg
from tests.gateway.config_text import MINIMAL
from translators.effects import Copy
from translators.frames import Call, Error, NoAnswer, Payload, Result
from translators.passthrough import Passthrough


class Away:
    """A dialler whose backend is away in the given way."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.dials = 0

    async def __call__(self, seconds: float) -> Leg:
        self.dials += 1
        raise DialError("refused", self.status, "no")

    async def opening(self, seconds: float) -> None:
        return

    def farewell(self) -> float:
        return 0.0


class Logger:
    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def bind(self, **facts: Any) -> "Logger":
        return self

    def _log(self, event: str, **facts: Any) -> None:
        self.events.append((event, facts))

    info = warning = error = _log


class Broken(Shadow):
    def copied(self, copy: Copy, now: float) -> list[Act]:
        raise ZeroDivisionError


def follower(dial: Away, logger: Logger, kind: type[Shadow] = Shadow) -> Following:
    memory: dict[str, Any] = {}
    metrics = Metrics()
    ledger = Ledger(cast(Any, MemoryStore()), "cp-1", "north", 1, "legacy", {}, 5.0, metrics)
    shadow = kind(
        Passthrough("ocpp1.6"),
        station_version="ocpp1.6",
        csms_version="ocpp1.6",
        memory=memory,
        new_id=lambda: "g",
    )
    limits = parse(MINIMAL, {}).limits
    return Following("f", "ocpp1.6", "CP-1", shadow, dial, ledger, Mirror(), limits, metrics, cast(Any, logger))


async def nobody(action: str, payload: Payload) -> Result | Error | NoAnswer:
    raise AssertionError("the station is not called")


COPY = Copy(Call("1", "Heartbeat", {}), Result("1", {"currentTime": "now"}), 0.1)


@pytest.mark.parametrize("status", [401, 503])
async def test_a_follower_that_is_away_is_dialled_for_ever_and_told_once(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(following, "_LONGEST_PAUSE", 0.002)
    monkeypatch.setattr(following, "_LONGEST_REFUSED", 0.002)
    dial, logger = Away(status), Logger()
    one = follower(dial, logger)
    every = Followers([one])
    every.start(nobody)
    every.copied(COPY)
    async with asyncio.timeout(5):
        while dial.dials < 10:
            await asyncio.sleep(0.002)
    assert logger.events == [("follower_away", {"outcome": "refused"})]
    assert (one.waiting, one.connected) == (1, False)
    every.stop()
    await every.close()
    dials = dial.dials
    every.copied(COPY)
    await asyncio.sleep(0.01)
    assert dial.dials == dials


async def test_a_defect_ends_the_following_and_nothing_else() -> None:
    dial, logger = Away(503), Logger()
    one = follower(dial, logger, Broken)
    one.start(nobody)
    one.copied(COPY)
    async with asyncio.timeout(5):
        while not any(event == "follower_failed" for event, _ in logger.events):
            await asyncio.sleep(0.002)
    one.copied(COPY)
    assert one.waiting == 0
    await one.close()
