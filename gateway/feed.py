"""What changes in the whole fleet, for whoever watches it: every node is asked once a second, for all that watch here at once,
and nobody is asked while nobody watches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

from gateway.migrating import HEADS
from gateway.node import Node
from gateway.reach import Reach
from gateway.store import StoreError
from gateway.tasks import ended

MOST_WATCHERS = 32
_PERIOD_SECONDS = 1.0
_MOST_WAITING = 2000

Event = tuple[str, dict[str, Any]]


class Watcher:
    """What waits for one who watches: of a station the newest only. One that does not keep up is told to begin anew."""

    def __init__(self) -> None:
        self.closed = False
        self._filled = asyncio.Event()
        self._whole: dict[str, dict[str, Any]] = {}
        self._changed: dict[str, dict[str, Any]] = {}
        self._gone: dict[tuple[str, str], dict[str, str]] = {}
        self._reset = False

    def put(self, name: str, data: dict[str, Any]) -> None:
        """An event that replaces the one of its name."""
        self._whole[name] = data
        self._filled.set()

    def put_stations(self, changed: list[dict[str, Any]], gone: list[dict[str, str]], *, reset: bool) -> None:
        if not (changed or gone or reset):
            return
        for one in gone:
            self._gone[one["key"], one["node"]] = one
        for one in changed:
            self._gone.pop((one["key"], one["node"]), None)
            self._changed[one["key"]] = one
        self._reset = self._reset or reset or len(self._changed) + len(self._gone) > _MOST_WAITING
        if self._reset:
            self._changed, self._gone = {}, {}
        self._filled.set()

    async def take(self, seconds: float) -> list[Event]:
        """What has come; nothing when nothing did in this time."""
        try:
            async with asyncio.timeout(seconds):
                await self._filled.wait()
        except TimeoutError:
            return []
        if not self.closed:
            self._filled.clear()
        events: list[Event] = list(self._whole.items())
        if self._reset or self._changed or self._gone:
            changed, gone = list(self._changed.values()), list(self._gone.values())
            events.append(("stations", {"reset": self._reset, "changed": changed, "gone": gone}))
        self._whole, self._changed, self._gone, self._reset = {}, {}, {}, False
        return events

    def close(self) -> None:
        self.closed = True
        self._filled.set()


class Feed:
    """As one node sees all nodes."""

    def __init__(self, node: Node, reach: Reach) -> None:
        self._node = node
        self._reach = reach
        self._watchers: set[Watcher] = set()
        self._asking: asyncio.Task[None] | None = None
        self._marks: dict[str, Any] = {}
        self._last: dict[str, dict[str, Any]] = {}
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("feed")

    @property
    def full(self) -> bool:
        return len(self._watchers) >= MOST_WATCHERS

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[Watcher]:
        """Events `fleet` and `migrations` as they stand, and whenever they change; `stations` from then on."""
        watcher = Watcher()
        for name, data in self._last.items():
            watcher.put(name, data)
        self._watchers.add(watcher)
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask_on(), name="fleet feed")
            self._asking.add_done_callback(self._failed)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                asking, self._asking = self._asking, None
                self._marks, self._last = {}, {}
                await ended(asking)

    def close(self) -> None:
        for watcher in self._watchers:
            watcher.close()

    def _failed(self, task: "asyncio.Task[None]") -> None:
        """A defect ends the streams: whoever watches comes again, and it is tried anew."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._logger.error("feed_failed", error=repr(error), exc_info=error)
            self._asking = None
            self.close()

    async def _ask_on(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await self._ask()
            await asyncio.sleep(max(0.1, began + _PERIOD_SECONDS - loop.time()))

    async def _ask(self) -> None:
        first = not self._marks
        answers, silent = await self._reach.everywhere({"verb": "changes", "since": self._marks})
        changed: list[dict[str, Any]] = []
        gone: list[dict[str, str]] = []
        backends: dict[str, dict[str, Any]] = {
            name: {"stations": 0, "down_for_nodes": []} for name in self._node.config.backends
        }
        reset = False
        for node, told in answers:
            changed += told["changed"]
            gone += [{"key": key, "node": node} for key in told["gone"]]
            reset = reset or (told["reset"] and not first)
            for name, count in told["backends"].items():
                backends.setdefault(name, {"stations": 0, "down_for_nodes": []})["stations"] += count
            for name in told["down"]:
                backends.setdefault(name, {"stations": 0, "down_for_nodes": []})["down_for_nodes"].append(node)
        # A node that is gone has taken its stations with it.
        here = {node for node, _ in answers}
        reset = reset or (not first and bool(set(self._marks) - here - set(silent)))
        self._marks = {name: mark for name, mark in self._marks.items() if name in silent}
        self._marks |= {node: told["mark"] for node, told in answers}
        for watcher in self._watchers:
            watcher.put_stations(changed, gone, reset=reset)
        connected = sum(told["stations"] for _, told in answers)
        nodes = [{"id": node, "stations": told["stations"]} for node, told in answers]
        fleet = {"connected": connected, "backends": backends, "nodes": nodes, "unreachable_nodes": silent}
        self._tell("fleet", fleet)
        try:
            heads = await self._node.store.documents(HEADS)
        except StoreError:
            return  # the next time; what was told last holds
        self._tell("migrations", {"migrations": [{"name": head.name, **head.value} for head in heads]})

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        if self._last.get(name) != data:
            self._last[name] = data
            for watcher in self._watchers:
                watcher.put(name, data)
