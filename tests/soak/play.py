"""Plays a scenario in a mode and says what the histories prove."""

import shutil
import traceback
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.soak.checker import Violation, check
from tests.soak.history import Event, dump
from tests.soak.world import Scenario, Size, World


@dataclass(frozen=True)
class Outcome:
    scenario: str
    proves: str
    mode: str
    figures: dict[str, float]
    violations: list[Violation]
    failure: str
    """A traceback where the scenario itself could not be played."""
    history: Path

    @property
    def held(self) -> bool:
        return not self.violations and not self.failure


async def play(
    scenario: Scenario, mode: str, folder: Path, *, size: Size, seed: int, short: bool, tls: bool = False
) -> Outcome:
    """One scenario in one mode. The history is written to the folder, whatever came out. `tls`: stations come by wss."""
    setup = (scenario.short_setup or scenario.setup) if short else scenario.setup
    setup = replace(setup, tls=setup.tls or tls)
    shutil.rmtree(folder, ignore_errors=True)  # a history of another run would be taken for this one's
    world, failure = World(setup, mode, size, seed, folder), ""
    try:
        async with world.running():
            await scenario.run(world)
            await world.settle()
    except Exception:
        failure = traceback.format_exc()
    events = world.events()
    history = folder / "history.jsonl"
    dump(events, history)
    for number, node in enumerate(world.nodes):
        (folder / f"node{number}.log").write_text("".join(node.log))
    violations = [] if failure else check(events, setup.check)
    return Outcome(
        scenario.name, scenario.proves, mode, _figures(world, events, violations), violations, failure, history
    )


def _figures(world: World, events: list[Event], violations: list[Violation]) -> dict[str, Any]:
    found = Counter(violation.invariant for violation in violations)
    kinds = Counter((event.actor, event.kind) for event in events)
    end = next((event.t for event in reversed(events) if event.kind == "settled"), float("inf"))
    return {
        "stations": len(world.stations),
        "rounds": world.size.rounds,
        "acknowledged": kinds["fleet", "ack"],
        "delivered": kinds["backend", "recv"],
        "lost": found["I1"] + found["I2"],
        "doubled": found["I5"] + found["I8"],
        "owners": found["I6"],
        "callerrors": found["I3"],
        "other": sum(found.values()) - sum(found[name] for name in ("I1", "I2", "I3", "I5", "I6", "I8")),
        "closes": sum(event.actor == "fleet" and event.kind == "close" and event.t < end for event in events),
        "seconds": events[-1].t - events[0].t if events else 0.0,
        **world.figures,
    }
