"""Tasks that have to end."""

import asyncio
from typing import Any

_AGAIN_SECONDS = 0.1


async def ended(*tasks: "asyncio.Task[Any] | None") -> None:
    """Cancel these tasks, and return when they are over; what they raise is nobody's concern any more. A task may miss
    that it was cancelled (redis-py swallows it when an answer comes at the same moment), so it is told again."""
    left = {task for task in tasks if task is not None and not task.done()}
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=_AGAIN_SECONDS)
        for task in done:
            if not task.cancelled():
                task.exception()
