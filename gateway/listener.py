"""A listening socket with the edge behind its door."""

import socket

from gateway import security
from gateway.config import Listener, ListenerTls
from gateway.contexts import LiveContext
from gateway.door import Door
from gateway.edge import Edge
from gateway.node import Node
from gateway.upgrades import Arrivals


class ListenerServer:
    """A listening socket with its Edge."""

    def __init__(self, node: Node, listener: Listener) -> None:
        """Raises OSError, ssl.SSLError, ValueError for certificates that cannot be used."""
        self.listener = listener
        self.context: LiveContext[ListenerTls] | None = None
        if listener.tls is not None:
            place = f"listener {listener.bind}"
            self.context = LiveContext(place, listener.tls, security.server_context, node.metrics)
        self._door = Door(node, listener, self.context)
        self._edge = Edge(node, listener, self._door.caller, self._door.upgraded)
        self._arrivals: Arrivals | None = None
        self.address = ""
        """Where it listens: HOST:PORT, once it does."""

    async def open(self, listening: socket.socket | None = None) -> None:
        """Listen, on this socket if there is one. Raises OSError."""
        self._arrivals = Arrivals(self._edge.handle, self._door.left)
        host, port = await self._door.open(self._arrivals, listening)
        self.address = f"{host}:{port}"

    def stop_accepting(self) -> None:
        """Close the listening socket; live connections stay."""
        self._door.stop()

    async def close(self, seconds: float) -> None:
        """Cut every connection. `seconds`: twice as long has who is at work yet."""
        await self._door.close()
        if self._arrivals is not None:
            await self._arrivals.close(2 * seconds)
