"""Every scenario: what happens, to whom, at which size. A scenario is a Setup (gateway nodes, store, fleets) and a
function that makes the weather."""

from tests.soak.scenarios import (
    backends,
    crashes,
    guessing,
    intruders,
    protocol,
    retries,
    stations,
    stores,
    surroundings,
)
from tests.soak.world import Scenario

ALL: tuple[Scenario, ...] = (
    *crashes.SCENARIOS,
    *backends.SCENARIOS,
    *retries.SCENARIOS,
    *stations.SCENARIOS,
    *intruders.SCENARIOS,
    *guessing.SCENARIOS,
    *protocol.SCENARIOS,
    *stores.SCENARIOS,
    *surroundings.SCENARIOS,
)
BY_NAME = {scenario.name: scenario for scenario in ALL}
