"""The gateway is killed while everybody charges."""

import asyncio
import time

from tests.soak.checker import Limits
from tests.soak.world import Scenario, Setup, Size, World


async def kills(world: World) -> None:
    """kill -9, again and again, at moments nobody chose; the stations come back by their own back-off."""
    for _ in range(world.size.rounds):
        await asyncio.sleep(world.random.uniform(0.2, 1.0) * world.size.seconds)
        node = world.random.choice(world.nodes)
        world.fault("kill -9 of the gateway")
        await node.kill()
        await node.start()
        began = time.monotonic()
        await world.all_connected()
        world.figure("recover", time.monotonic() - began)


SCENARIOS = (
    Scenario(
        "kills",
        "T01",
        "kill -9 of the gateway in mid-transaction",
        kills,
        short=Size(6, 2, 0.4),
        full=Size(200, 50, 5.0),
        setup=Setup(check=Limits(recover_seconds=20.0)),
    ),
)
