"""A few lives of either station in every run; LIVES=5000 plays as many (or `python -m tests.lives`)."""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.lives.machines import Life16, Life201

LIVES = int(os.environ.get("LIVES", "100"))


@pytest.mark.timeout(60 + LIVES)
@pytest.mark.parametrize("machine", [Life16, Life201], ids=["v16_to_v201", "v201_to_v16"])
def test_everything_arrives_once(machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=LIVES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
