"""Passes frames of this node's stations on to listeners at other nodes, a little at a time.

A node that listens says so again and again; one that falls silent is forgotten. The messages go the way of all messages
between nodes, so they are few and bounded: what is more is lost to the listener, and never to the cluster.
"""

import asyncio

from gateway.cluster import Message, NodeFailed, NodeUnreachable
from gateway.ear import Ear
from gateway.node import Node
from gateway.tasks import ended

LEASE_SECONDS = 10.0
_PAUSE_SECONDS = 0.1
_MOST_CHARACTERS = 100_000
"""In one message: with the pause, some 1 MB/s for each listener, far below what makes a Redis drop a subscriber."""


class _Passer:
    """One ear for another node."""

    def __init__(self, ear: Ear) -> None:
        self.ear = ear
        self.until = 0.0
        self.task: asyncio.Task[None] | None = None


class Passing:
    """All of them, of this node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._passers: dict[str, _Passer] = {}

    def listen(self, message: Message) -> Message:
        """A node listens, or still does: under this `name`, to this `station` or those that match `identity`, and to
        this `action`. Raises NodeFailed."""
        name = message["name"]
        passer = self._passers.get(name)
        loop = asyncio.get_running_loop()
        if passer is None:
            if self._node.taps.full:
                raise NodeFailed("busy", "too many listen")
            ear = Ear(station=message["station"], pattern=message["identity"], action=message["action"])
            passer = self._passers[name] = _Passer(ear)
            passer.task = loop.create_task(self._pass_on(message["from"], name, passer), name="passing frames on")
        passer.until = loop.time() + LEASE_SECONDS
        return {}

    def end(self, name: str) -> Message:
        """Its node listens no more."""
        passer = self._passers.get(name)
        if passer is not None:
            passer.ear.close()
        return {}

    async def close(self) -> None:
        await ended(*(passer.task for passer in self._passers.values()))

    async def _pass_on(self, to: str, name: str, passer: _Passer) -> None:
        ear, loop, sent, told = passer.ear, asyncio.get_running_loop(), 0, 0
        with self._node.taps.heard_by(name, ear):
            try:
                while not ear.closed and loop.time() < passer.until:
                    texts = await ear.take(1.0, _MOST_CHARACTERS)
                    if not texts and told == ear.lost:
                        continue
                    lost, before = ear.lost, sent
                    sent += len(texts)
                    try:
                        heard = {"verb": "heard", "name": name, "sent": before, "lost": lost, "texts": texts}
                        await self._node.cluster.tell(to, heard)
                        told = lost
                    except NodeUnreachable:
                        pass  # the numbers of the next message tell
                    await asyncio.sleep(_PAUSE_SECONDS)
            finally:
                self._passers.pop(name, None)
