"""Nodes of one cluster in one process: real Nodes on one store, only the wire between them is a dictionary."""

from typing import Any

from gateway.cluster import Message, NodeUnreachable
from gateway.config import parse
from gateway.metrics import Metrics
from gateway.node import Node
from gateway.stations.load import NOBODY
from gateway.store import Store
from tests.gateway.config_text import MINIMAL


class Wire:
    """Carries what nodes say to each other, unless it is cut."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.is_cut = False


class WiredCluster:
    def __init__(self, wire: Wire, node: Node) -> None:
        self.id = node.id
        self._wire = wire
        wire.nodes[node.id] = node

    async def open(self, handler: Any) -> None:
        return

    async def close(self) -> None:
        return

    async def nodes(self) -> list[Message]:
        return [{"id": name} for name in self._wire.nodes]

    async def tell(self, node: str, message: Message) -> None:
        await self.ask(node, message, 1.0)

    async def ask(self, node: str, message: Message, seconds: float) -> Any:
        if self._wire.is_cut or node not in self._wire.nodes:
            raise NodeUnreachable(node)
        assert message["verb"] == "fenced"
        return await self._wire.nodes[node].fence(message["station"], message["epoch"], message["source"])


_CONFIG = parse(MINIMAL, {})


def node_on(store: Store, wire: Wire | None = None, metrics: Metrics | None = None) -> Node:
    node = Node(_CONFIG, NOBODY, store, metrics or Metrics())
    if wire is not None:
        node.cluster = WiredCluster(wire, node)
    return node
