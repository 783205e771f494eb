"""`python -m tests.soak [--scenario NAME] [--mode MODE] [--stations N] [--rounds N] [--minutes M] [--seed S] [--short] [--tls]
[--write-docs]`: plays scenarios and prints what was measured; 1 when anything was violated."""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from tests.soak.play import Outcome, play
from tests.soak.report import row, table, write_docs
from tests.soak.scenarios import ALL, BY_NAME
from tests.soak.world import MODES, Scenario, Size


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--scenario", action="append", choices=sorted(BY_NAME), help="may be repeated; all")
    parser.add_argument("--mode", action="append", choices=sorted(MODES), help="may be repeated; all")
    parser.add_argument("--stations", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--minutes", type=float, help="go on with scenarios chosen at random until the time is over")
    parser.add_argument("--seed", type=int, help="of everything that is random; printed")
    parser.add_argument("--short", action="store_true", help="the size that the tests play")
    parser.add_argument("--tls", action="store_true", help="stations come by wss")
    parser.add_argument("--keep", type=Path, help="folder for the histories")
    parser.add_argument("--write-docs", action="store_true", help="put the figures into docs/reliability.md and .json")
    return parser.parse_args()


def _size(scenario: Scenario, given: argparse.Namespace) -> Size:
    size = scenario.short if given.short else scenario.full
    if given.stations is not None:
        size = replace(size, stations=given.stations)
    return replace(size, rounds=given.rounds) if given.rounds is not None else size


def _plan(given: argparse.Namespace, seed: int) -> list[tuple[Scenario, str]]:
    chosen = [BY_NAME[name] for name in given.scenario] if given.scenario else list(ALL)
    modes = given.mode or list(MODES)
    plan = [(scenario, mode) for scenario in chosen for mode in modes if mode in scenario.modes]
    if given.minutes is not None:
        random.Random(seed).shuffle(plan)
    return plan


async def _soak(given: argparse.Namespace, seed: int, folder: Path) -> list[Outcome]:
    outcomes: list[Outcome] = []
    plan, began, number = _plan(given, seed), time.monotonic(), 0
    while number < len(plan) or (given.minutes and time.monotonic() - began < 60 * given.minutes):
        scenario, mode = plan[number % len(plan)]
        place = folder / f"{number:03d}-{scenario.name}-{mode}"
        number += 1
        outcome = await play(
            scenario, mode, place, size=_size(scenario, given), seed=seed + number, short=given.short, tls=given.tls
        )
        outcomes.append(outcome)
        if given.write_docs:
            write_docs([outcome], seed)
        print(row(outcome), flush=True)
        for violation in outcome.violations[:10]:
            print(f"  {violation}", file=sys.stderr, flush=True)
        if not outcome.held:
            print(f"  {outcome.failure}\n  history: {outcome.history}", file=sys.stderr, flush=True)
        if given.minutes and time.monotonic() - began >= 60 * given.minutes:
            break
    return outcomes


def main() -> int:
    given = _arguments()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    folder = given.keep or Path(tempfile.mkdtemp(prefix="soak-"))
    print(f"seed {seed}, histories in {folder}", flush=True)
    outcomes = asyncio.run(_soak(given, seed, folder))
    print()
    print(table(outcomes))
    return 0 if all(outcome.held for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
