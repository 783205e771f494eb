"""The gateway processes that share a store: who they are, and how one of them speaks to another.

What is said here is never the truth about a station: the store is. A message that is lost costs time, not order.
"""

from typing import Any, Protocol

from gateway.config import Config

Message = dict[str, Any]
"""Values JSON can hold."""


class NodeUnreachable(Exception):
    """The node is not there, or did not answer in time. Whether it did what it was asked is not known."""


class NodeFailed(Exception):
    """The node could not do what it was asked; `problem` is its own word for why."""

    def __init__(self, problem: str, text: str = "") -> None:
        super().__init__(text or problem)
        self.problem = problem


class Handler(Protocol):
    """What a node does for its cluster."""

    def about(self) -> Message:
        """What the others may know of this node now. Must return at once."""

    async def asked(self, sender: str, message: Message) -> Any:
        """Another node's message; what is returned is the answer, for a node that waits for one. Raises NodeFailed."""

    async def missed(self, why: str) -> None:
        """Messages may have been lost, or what the store knew. `why` is a word for the log."""

    async def beat(self) -> None:
        """Regularly, while the store can be reached."""


class Cluster(Protocol):
    """This process among the others."""

    id: str

    async def open(self, handler: Handler) -> None:
        """Be one of the nodes. A store that is away is waited for in the background."""

    async def close(self) -> None:
        """Be none any more."""

    async def nodes(self) -> list[Message]:
        """Every live node with what it says of itself (`Handler.about`) and its `id`, by id; this one for sure. Raises
        NodeUnreachable when the others cannot be known."""

    async def tell(self, node: str, message: Message) -> None:
        """Send a message and do not wait. Raises NodeUnreachable where that is known at once."""

    async def ask(self, node: str, message: Message, seconds: float) -> Any:
        """The node's answer. Raises NodeUnreachable, NodeFailed."""


class LocalCluster:
    """This process and no other."""

    def __init__(self, node: str) -> None:
        self.id = node
        self._handler: Handler | None = None

    async def open(self, handler: Handler) -> None:
        self._handler = handler

    async def close(self) -> None:
        self._handler = None

    async def nodes(self) -> list[Message]:
        return [{"id": self.id, **(self._handler.about() if self._handler is not None else {})}]

    async def tell(self, node: str, message: Message) -> None:
        await self.ask(node, message, 0.0)

    async def ask(self, node: str, message: Message, seconds: float) -> Any:
        if node != self.id or self._handler is None:
            raise NodeUnreachable(f"there is no node {node}")
        return await self._handler.asked(self.id, message)


def make_cluster(config: Config, node: str) -> Cluster:
    """The nodes that share the configured store, as the node of this id sees them; the caller opens it."""
    if config.store.kind in ("memory", "sqlite"):
        return LocalCluster(node)
    from gateway.cluster.redis import RedisCluster

    return RedisCluster(config.store, node)
