"""Connections to one backend: its addresses, TCP, TLS and the handshake, as far as its answer."""

import asyncio
import ipaddress
import os
import socket
import ssl
from collections.abc import Sequence
from importlib.metadata import version
from itertools import cycle
from string import punctuation
from typing import Any
from urllib.parse import quote

import aiohappyeyeballs
from yarl import URL

from gateway.deflate import Deflate
from gateway.handshakes import Answer, HandshakeError, read, request
from gateway.reading import ReadAtOnce
from gateway.security import ResumingContext

_AGENT = f"ocpp-gateway/{version('ocpp-gateway')}"
_NEXT_ADDRESS_SECONDS = 0.25
"""An address that does not answer is left to itself meanwhile (RFC 8305 section 5)."""
_BIND_ADDRESS_NO_PORT = 24
"""Linux's IP_BIND_ADDRESS_NO_PORT: the port is chosen when the other end is known, so that all ports of an address serve for
each backend and not for all of them together."""

_AddressInfo = tuple[int, int, int, str, Any]


class Opening(ReadAtOnce):
    """A connection that was dialled, until its answer is there and a `Socket` takes it over."""

    __slots__ = ("_asked", "_nonce", "_octets", "answered", "early", "is_lost")

    dialled = True
    deflate: Deflate | None = None
    """Not offered: what a station saves on its way, a backend next door would only pay for."""

    def __init__(self, asked: bytes, nonce: bytes) -> None:
        self._asked, self._nonce = asked, nonce
        self._octets = b""
        self.answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.early = b""
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self._asked)  # type: ignore[attr-defined]  # uvloop's is no asyncio.Transport
        self._asked = b""

    def data_received(self, data: bytes | bytearray) -> None:
        if self.answered.done():
            self.early += data
            return
        self._octets += data
        try:
            answer = read(self._octets, self._nonce)
        except HandshakeError as error:
            self.answered.set_exception(error)
            return
        if answer is not None:
            self._octets, self.early = b"", answer.rest
            self.answered.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if not self.answered.done():
            self.answered.set_exception(ConnectionResetError("the backend hung up"))
            self.answered.exception()  # it is no defect when nobody waits for it any more


class Line:
    """The way to one backend."""

    def __init__(self, url_template: str, sources: Sequence[str] = ()) -> None:
        """`url_template`: with `{identity}`; `sources`: local addresses that take turns."""
        url = URL(url_template.replace("{identity}", "identity"))
        assert url.raw_host is not None
        assert url.port is not None
        self.host, self.port = url.raw_host, url.port
        host = f"[{self.host}]" if ":" in self.host else self.host
        self._named = host if url.is_default_port() else f"{host}:{self.port}"
        _, _, behind = url_template.partition("://")
        slash = min((place for place in map(behind.find, "/?") if place >= 0), default=len(behind))
        target = behind[slash:]
        # What it has in ASCII stays as it was written.
        target = quote(target, safe=punctuation)
        self._target = target if target.startswith("/") else f"/{target}"
        self._literal = _literal(self.host, self.port)
        self._sources = cycle(sources) if sources else None

    async def reach(self, context: ssl.SSLContext | None) -> None:
        """As far as TCP and TLS, and no further. Raises as `open`."""
        loop = asyncio.get_running_loop()
        name = self.host if context is not None else None
        where = await self._where(loop)
        transport, _ = await loop.create_connection(asyncio.Protocol, **where, ssl=context, server_hostname=name)
        transport.abort()

    async def open(
        self, identity: str, subprotocols: Sequence[str], authorization: str | None, context: ssl.SSLContext | None
    ) -> tuple[Opening, asyncio.Transport, Answer]:
        """`identity`: percent-encoded. Raises OSError, ssl.SSLError, ValueError, HandshakeError; nothing is left open then."""
        loop, nonce = asyncio.get_running_loop(), os.urandom(16)
        target = self._target.replace("{identity}", identity)
        asked = request(self._named, target, nonce, subprotocols, _AGENT, authorization)
        where = await self._where(loop)
        name = self.host if context is not None else None
        if isinstance(context, ResumingContext):
            context.forget(loop.time())
        transport, opening = await loop.create_connection(
            lambda: Opening(asked, nonce), **where, ssl=context, server_hostname=name
        )
        try:
            answer = await opening.answered
            if opening.is_lost:
                raise ConnectionResetError("the backend hung up")
            if isinstance(context, ResumingContext):
                # What TLS 1.3 needs to go on with has come before the answer.
                context.remember(transport.get_extra_info("ssl_object"), loop.time())
            return opening, transport, answer
        except BaseException:
            transport.abort()
            raise
        finally:
            # What went wrong holds this frame, and is held by what waited for the answer.
            del opening, transport

    async def _where(self, loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
        """What `create_connection` is to be told of the other end: an address, or a socket where it could not do alone what
        was asked for. With uvloop an address is quicker: to connect a socket it looks it up in a thread, numbers too."""
        # Looked up anew at every dial: a backend that moves is found again.
        found = self._literal or await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        if self._sources is None and len(found) == 1:
            return dict(zip(("host", "port"), found[0][4], strict=False))
        return {"sock": await self._connected(loop, found)}

    async def _connected(self, loop: asyncio.AbstractEventLoop, found: Sequence[_AddressInfo]) -> socket.socket:
        source = next(self._sources) if self._sources is not None else None
        if source is not None:
            family = socket.AF_INET6 if ":" in source else socket.AF_INET
            found = [one for one in found if one[0] == family]
            if not found:
                raise OSError(f"no address of the backend can be reached from {source}")
        if len(found) > 1:
            return await aiohappyeyeballs.start_connection(
                found,
                happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS,
                interleave=1,
                loop=loop,
                socket_factory=lambda info: _socket(info[0], source),
            )
        connecting = _socket(found[0][0], source)
        try:
            await loop.sock_connect(connecting, found[0][4])
        except BaseException:
            connecting.close()
            raise
        return connecting


def _socket(family: int, source: str | None) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source is not None:
            if os.uname().sysname == "Linux":
                made.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
            made.bind((source, 0))
    except BaseException:
        made.close()
        raise
    return made


def _literal(host: str, port: int) -> list[_AddressInfo] | None:
    """The address that a host is written as; None for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if address.version == 6:
        return [(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, 0, 0))]
    return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))]
