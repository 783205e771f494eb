import asyncio
from contextlib import suppress

from gateway.tasks import ended


async def test_a_task_that_misses_it_once_is_cancelled_again() -> None:
    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def fails() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise ValueError

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(fails())]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await ended(*tasks, None)
    assert tasks[0].cancelled()
    assert tasks[1].done()
