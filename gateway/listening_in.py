"""Listens to stations wherever they are connected: at this node, and at all the others that live."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from gateway.cluster import Message, NodeFailed, NodeUnreachable
from gateway.ear import Ear
from gateway.node import Node
from gateway.tasks import ended

_AGAIN_SECONDS = 2.0
"""How soon a node that was not there, or has forgotten, hears that somebody listens."""
_ASK_SECONDS = 1.5

_numbers = count(1)


class Listening:
    """One ear, at every node. `nodes`: where it is, `silent`: nodes that do not answer (`others`: it is not known who
    there is)."""

    def __init__(self, node: Node, name: str, ear: Ear, message: Message) -> None:
        self.ear = ear
        self.nodes: list[str] = [node.id]
        self.silent: list[str] = []
        self._node = node
        self._name = name
        self._message = {"verb": "listen", "name": name, **message}

    async def ask(self) -> None:
        """Say to every other node that somebody listens, or still does."""
        cluster = self._node.cluster
        try:
            others = [one["id"] for one in await cluster.nodes() if one["id"] != cluster.id]
        except NodeUnreachable:
            self.nodes, self.silent = [cluster.id], ["others"]
            return
        asked = (cluster.ask(one, self._message, _ASK_SECONDS) for one in others)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        self.nodes, self.silent = [cluster.id], []
        for one, answer in zip(others, answers, strict=True):
            if isinstance(answer, NodeUnreachable | NodeFailed):
                self.silent.append(one)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                self.nodes.append(one)

    async def keep_asking(self) -> None:
        while not self.ear.closed:
            await asyncio.sleep(_AGAIN_SECONDS)
            await self.ask()

    async def end(self) -> None:
        """The others find out by themselves if they are not told."""
        message = {"verb": "listen_no_more", "name": self._name}
        others = [one for one in self.nodes if one != self._node.id]
        telling = (self._node.cluster.tell(one, message) for one in others)
        for outcome in await asyncio.gather(*telling, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, NodeUnreachable):
                raise outcome


@asynccontextmanager
async def listening(node: Node, *, station: str = "", identity: str = "", action: str = "") -> AsyncIterator[Listening]:
    """To one `station` (canonical identity), or to all that match the glob `identity`; over their reconnections, whichever
    node they come to. Frames of one node come in their order."""
    ear = Ear(station=station, pattern=identity, action=action)
    name = f"{node.id}/{next(_numbers)}"
    one = Listening(node, name, ear, {"station": station, "identity": identity, "action": action})
    with node.taps.heard_by(name, ear):
        await one.ask()
        asking = asyncio.get_running_loop().create_task(one.keep_asking(), name="listening in")
        try:
            yield one
        finally:
            await ended(asking)
            await one.end()
