"""How late the event loop is: what every station of this process waits for beside its own message."""

import asyncio
from typing import Protocol

_EVERY_SECONDS = 0.1


class Observer(Protocol):
    def observe(self, value: float, /) -> None: ...


async def watch(lag: Observer) -> None:
    """For ever: ask to be woken, and observe by how many seconds it came too late."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _EVERY_SECONDS
        await asyncio.sleep(_EVERY_SECONDS)
        lag.observe(max(0.0, loop.time() - due))
