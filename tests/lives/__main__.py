"""`python -m tests.lives --examples 1000 --seed 7 [--steps 60] [--link v16_to_v201]`: as many lives as you have time for."""

import argparse
import time

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.lives import machines

MACHINES = {"v16_to_v201": machines.Life16, "v201_to_v16": machines.Life201}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lives")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--link", choices=sorted(MACHINES))
    parser.add_argument("--quick", action="store_true", help="report the first violation as it was found, unshrunk")
    given = parser.parse_args()
    phases = [Phase.generate] if given.quick else [Phase.generate, Phase.shrink]
    for name, machine in MACHINES.items():
        if given.link not in (None, name):
            continue
        began = time.monotonic()
        run_state_machine_as_test(
            seed(given.seed)(machine),
            settings=settings(
                max_examples=given.examples,
                stateful_step_count=given.steps,
                deadline=None,
                database=None,
                phases=phases,
                suppress_health_check=list(HealthCheck),
                verbosity=Verbosity.normal,
            ),
        )
        made_of = ", ".join(f"{count} {what}" for what, count in sorted(machines.TALLY.items()))
        machines.TALLY.clear()
        print(made_of, flush=True)
        print(f"{name}: {given.examples} lives in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
