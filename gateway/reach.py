"""The way to every station, whichever node it is connected to."""

import asyncio
from typing import Any

from gateway.cluster import Message, NodeFailed, NodeUnreachable
from gateway.node import Node
from gateway.store import StoreError

_SECONDS = 3.0
CALL_SECONDS = 75.0
"""For a call: it waits its turn, and then for the station."""
SWITCH_SECONDS = 90.0
"""For a change of the backend: the new one is dialled and told of the station, then what is at work is waited for."""


class Reach:
    """As one node sees the others. Raises NodeFailed and NodeUnreachable as the nodes do."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def everywhere(self, message: Message) -> tuple[list[tuple[str, Any]], list[str]]:
        """The answer of every live node with its id, and the nodes that gave none (`others` when it is not known who
        there is)."""
        cluster, silent = self._node.cluster, list[str]()
        try:
            ids = [node["id"] for node in await cluster.nodes()]
        except NodeUnreachable:
            ids, silent = [cluster.id], ["others"]
        answers = await asyncio.gather(*(cluster.ask(node, message, _SECONDS) for node in ids), return_exceptions=True)
        found = []
        for node, answer in zip(ids, answers, strict=True):
            if isinstance(answer, NodeFailed | NodeUnreachable):
                silent.append(node)
            elif isinstance(answer, BaseException):
                raise answer
            else:
                found.append((node, answer))
        return found, silent

    async def station(self, key: str, message: Message, seconds: float = _SECONDS) -> Any:
        """The answer of the node that has the station. Raises NodeFailed (`not_connected` when none has it)."""
        node = self._node
        if key in node.sessions:
            return await node.cluster.ask(node.id, message, seconds)
        try:
            owner = await node.store.owner(key)
        except StoreError as error:
            raise NodeUnreachable(f"who has the station is not known: {error}") from None
        if owner is None or owner.node == node.id:
            raise NodeFailed("not_connected", "the station is not connected")
        try:
            return await node.cluster.ask(owner.node, message, seconds)
        except NodeUnreachable:
            if all(owner.node != one["id"] for one in await node.cluster.nodes()):
                raise NodeFailed("not_connected", "the station's node is gone") from None
            raise

    async def connected(self, keys: list[str]) -> set[str]:
        """Those of these stations that are connected to any node that answers."""
        answers, _ = await self.everywhere({"verb": "connected", "keys": keys})
        return {key for _, found in answers for key in found}
