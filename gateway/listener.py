"""A listening socket: TLS, the deadline of every handshake, and the edge behind it."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from aiohttp import web

from gateway.config import Listener
from gateway.edge import Edge
from gateway.node import Node

_LAST_SECONDS = 1.0
"""What is left to sessions that did not end in the drain."""


class Handshakes:
    """Every connection has one deadline from accept to upgrade; aiohttp has none of its own."""

    def __init__(self, seconds: float, loop: asyncio.AbstractEventLoop) -> None:
        self._seconds = seconds
        self._loop = loop
        self._open: dict[asyncio.BaseProtocol, asyncio.TimerHandle] = {}

    def watch(self, factory: Callable[[], asyncio.BaseProtocol]) -> Callable[[], asyncio.BaseProtocol]:
        """A protocol factory (called at accept, before TLS) whose connections are watched."""

        def accepted() -> asyncio.BaseProtocol:
            protocol = factory()
            self._open[protocol] = self._loop.call_later(self._seconds, self._late, protocol)
            return protocol

        return accepted

    def upgraded(self, request: web.BaseRequest) -> None:
        """This request's connection has become a WebSocket."""
        timer = self._open.pop(request.protocol, None)
        if timer is not None:
            timer.cancel()

    def _late(self, protocol: asyncio.BaseProtocol) -> None:
        del self._open[protocol]
        transport = getattr(protocol, "transport", None)
        if transport is not None:
            transport.abort()


class ListenerServer:
    """A listening socket with its Edge."""

    def __init__(self, node: Node, listener: Listener, context: ssl.SSLContext | None) -> None:
        self._node = node
        self.listener = listener
        self.context = context
        self._edge = Edge(node, listener)
        self._runner: web.ServerRunner | None = None
        self._server: asyncio.Server | None = None

    async def open(self, listening: socket.socket | None = None) -> tuple[str, int]:
        """Listen, on this socket if there is one; the address bound. Raises OSError."""
        loop = asyncio.get_running_loop()
        seconds = self._node.config.limits.handshake_seconds
        handshakes = Handshakes(seconds, loop)
        self._edge.on_upgraded(handshakes.upgraded)
        server = web.Server(self._edge.handle, access_log=None, keepalive_timeout=0.0)
        self._runner = web.ServerRunner(server, shutdown_timeout=_LAST_SECONDS)
        await self._runner.setup()
        tls: dict[str, Any] = (
            {"ssl": self.context, "ssl_handshake_timeout": seconds} if self.context is not None else {}
        )
        bind = self.listener.bind
        where: dict[str, Any] = {"sock": listening} if listening else {"host": bind.host, "port": bind.port}
        self._server = await loop.create_server(handshakes.watch(server), backlog=1024, **where, **tls)
        host, port, *_ = self._server.sockets[0].getsockname()
        return host, port

    def stop_accepting(self) -> None:
        """Close the listening socket; live connections stay."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        self.stop_accepting()
        if self._runner is not None:
            await self._runner.cleanup()
