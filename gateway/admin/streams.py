"""Server-sent events (HTML Living Standard section 9.2)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
from aiohttp import web

BEAT_SECONDS = 10.0
"""A comment that often, so that nothing on the way takes the connection for dead."""
_WRITE_SECONDS = 30.0
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def event(name: str, data: dict[str, object]) -> bytes:
    return f"event: {name}\ndata: {msgspec.json.encode(data).decode()}\n\n".encode()


async def streamed(request: web.Request, events: AsyncIterator[list[bytes]]) -> web.StreamResponse:
    """Send these, a comment for an empty list, until they end or whoever listened is gone or reads nothing."""
    response = web.StreamResponse(headers=HEADERS)
    response.content_type = "text/event-stream"
    await response.prepare(request)
    with suppress(OSError, TimeoutError):
        async for some in events:
            async with asyncio.timeout(_WRITE_SECONDS):
                await response.write(b"".join(some) or b": nothing new\n\n")
    return response
