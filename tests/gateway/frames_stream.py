"""Listens to `GET .../frames` as a program would."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.support import Gateway


class Heard:
    """The events of one stream; `frames` are the records of frames and notes."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.ended = asyncio.Event()
        self._came = asyncio.Event()

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [data for name, data in self.events if name == "frame"]

    @property
    def lost(self) -> int:
        return sum(data["frames"] for name, data in self.events if name == "lost")

    def short(self) -> list[tuple[Any, ...]]:
        """Side, direction, type, action and source of every frame."""
        names = ("side", "direction", "type", "action", "what")
        return [tuple(one.get(name) for name in names) for one in self.frames if one["type"] != "note"]

    def add(self, name: str, data: Any) -> None:
        self.events.append((name, data))
        self._came.set()

    async def wait(self, condition: Callable[[], Any], seconds: float = 10.0) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                self._came.clear()
                await self._came.wait()
            return found


@asynccontextmanager
async def heard(running: Gateway, path: str, token: str = "") -> AsyncIterator[Heard]:
    """The stream under /api/v1, from its first event on."""
    url, headers = f"http://127.0.0.1:{running.admin}/api/v1{path}", {"Authorization": f"Bearer {token}"}
    one = Heard()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        async with session.get(url, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            assert answer.content_type == "text/event-stream"
            reading = asyncio.create_task(_read(answer, one))
            try:
                await one.wait(lambda: one.events)
                assert one.events[0][0] == "listening"
                yield one
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


async def _read(answer: aiohttp.ClientResponse, one: Heard) -> None:
    name = ""
    try:
        async for line in answer.content:
            text = line.decode().rstrip("\n")
            if text.startswith("event: "):
                name = text.removeprefix("event: ")
            elif text.startswith("data: "):
                one.add(name, json.loads(text.removeprefix("data: ")))
    except aiohttp.ClientError:
        pass
    finally:
        one.ended.set()
