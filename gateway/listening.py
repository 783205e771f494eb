"""Listening sockets, and what is read from a connection before it has a protocol."""

import asyncio
import errno
import socket

from gateway.config import Bind

_BACKLOG = 1024


async def listening(bind: Bind) -> list[socket.socket]:
    """Sockets that listen on every address of a name. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(bind.host, bind.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    made: list[socket.socket] = []
    for family, kind, protocol, _, address in dict.fromkeys(found):
        try:
            made.append(_listening(family, kind, protocol, address))
        except OSError as error:
            # `localhost` names ::1 also where there is no IPv6.
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT) and len(found) > 1:
                continue
            for one in made:
                one.close()
            raise
    if not made:
        raise OSError(errno.EADDRNOTAVAIL, "cannot assign requested address")
    return made


def ready(bound: socket.socket) -> socket.socket:
    """A bound socket that listens and never blocks. Raises OSError."""
    bound.listen(_BACKLOG)
    bound.setblocking(False)
    return bound


def _listening(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found.bind(address)
        return ready(found)
    except BaseException:
        found.close()
        raise


async def exactly(loop: asyncio.AbstractEventLoop, connection: socket.socket, size: int) -> bytes:
    """So many bytes and not one more: what follows belongs to TLS or HTTP. Raises EOFError, OSError."""
    found = b""
    while len(found) < size:
        more = await loop.sock_recv(connection, size - len(found))
        if not more:
            raise EOFError
        found += more
    return found
