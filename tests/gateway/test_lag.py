"""The event loop that is kept from turning is seen."""

import asyncio
import time

from gateway import lag


class Seen(list[float]):
    observe = list.append


async def test_a_loop_that_was_kept_is_late_by_as_much() -> None:
    seen = Seen()
    watching = asyncio.create_task(lag.watch(seen))
    await asyncio.sleep(0)
    time.sleep(0.4)
    while not seen:
        await asyncio.sleep(0.01)
    watching.cancel()
    assert seen[0] >= 0.25
