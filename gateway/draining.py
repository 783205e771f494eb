"""The stations of a process let go: one after another within the time given, or all at once."""

import asyncio
from contextlib import suppress

import structlog

from gateway.node import Node

_SLOWEST_CLOSES_PER_SECOND = 50
"""A drain closes at least this many a second, so that a small fleet is let go in a moment."""
_FINISH_SECONDS = 6.0
"""For conversations that are at work, beside what a station has to say goodbye."""
_HASTE_SECONDS = 3.0
"""For what the sessions that are left have not written yet."""


async def drain(node: Node, hurry: asyncio.Event) -> None:
    """The stations go one after another (1012). Who is there still when the time is up or somebody is in a hurry goes at
    once: when this returns, the store has what their sessions remembered, or it is parked."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger("app")
    loop = asyncio.get_running_loop()
    sessions = list(node.sessions.values())
    logger.info("drain_began", stations=len(sessions))
    pause = min(1 / _SLOWEST_CLOSES_PER_SECOND, node.config.drain.seconds / max(1, len(sessions)))
    drains = []
    for session in sessions:
        if hurry.is_set():
            break
        drains.append(asyncio.create_task(session.drain()))
        await asyncio.sleep(pause)
    deadline = loop.time() + node.config.limits.write_seconds + _FINISH_SECONDS
    # The sessions end one by one, each on its own.
    while node.sessions and not hurry.is_set() and loop.time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    for task in drains:
        task.cancel()
    logger.info("drain_ended", left=len(node.sessions))
    with suppress(TimeoutError):
        async with asyncio.timeout(_HASTE_SECONDS):
            await asyncio.gather(*(session.stop() for session in node.sessions.values()))
