"""Every scenario in its short form: real processes, real faults, and nothing violated."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.checker import Limits
from tests.soak.history import load
from tests.soak.play import play
from tests.soak.scenarios import ALL, BY_NAME
from tests.soak.world import MODES, Scenario


@pytest.mark.parametrize(
    ("scenario", "mode"),
    [(scenario, mode) for scenario in ALL for mode in scenario.short_modes],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
async def test_it_holds(scenario: Scenario, mode: str, tmp_path: Path) -> None:
    outcome = await play(scenario, mode, tmp_path / "soak", size=scenario.short, seed=1, short=True)
    told = "\n".join(str(violation) for violation in outcome.violations[:10])
    assert outcome.held, f"{told}\n{outcome.failure}\nhistory: {outcome.history}"
    assert outcome.figures["acknowledged"] >= scenario.short.stations


async def test_a_gateway_that_forgets_is_caught(tmp_path: Path) -> None:
    """The control: without a durable store a kill -9 breaks promises, and the histories show it."""
    kills = BY_NAME["kills"]
    forgetful = replace(kills, setup=replace(kills.setup, store="memory", check=Limits(recover_seconds=2.0)))
    outcome = await play(forgetful, "201-16", tmp_path / "soak", size=kills.short, seed=1, short=True)
    assert not outcome.failure
    assert {violation.invariant for violation in outcome.violations} >= {"I1"}


def test_every_scenario_can_be_played_and_names_what_it_proves() -> None:
    assert len({scenario.name for scenario in ALL}) == len(ALL)
    for scenario in ALL:
        assert scenario.proves.startswith("T")
        assert set(scenario.short_modes) <= set(scenario.modes) <= set(MODES)
        assert scenario.full.stations >= scenario.short.stations


async def test_a_fleet_that_comes_by_wss(tmp_path: Path) -> None:
    kills = BY_NAME["kills"]
    outcome = await play(kills, "16-201", tmp_path / "soak", size=kills.short, seed=1, short=True, tls=True)
    assert outcome.held, f"{outcome.violations[:10]}\n{outcome.failure}"
    opened = [event for event in load(outcome.history) if event.kind == "open" and "url" in event.about]
    assert opened
    assert all(event.about["url"].startswith("wss://") for event in opened)
