"""The way in: connections accepted, limited, their PROXY header read, their TLS handshake done, by one deadline.

asyncio's own server does TLS without a word about handshakes that fail, and with the one context it was started with. Here
a connection is counted before it costs anything, takes the context of the moment, and its failure has a reason.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

import structlog

from gateway import origin, security
from gateway.caller import Caller
from gateway.config import Listener, ListenerTls
from gateway.contexts import LiveContext
from gateway.listening import exactly, listening, ready
from gateway.node import Node
from gateway.ratelimit import Bucket
from gateway.tls import Tls
from gateway.upgrades import Arrival

_ACCEPTED_AT_ONCE = 4
"""Then others get their turn: a storm must not keep pings waiting."""
_OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_FULL_SECONDS = 0.1
_LOG_LINES_PER_SECOND, _LOG_BURST = 5.0, 50.0
_SECURITY_EVENTS = {
    "tls_version": "InvalidTLSVersion",
    "tls_cipher": "InvalidTLSCipherSuite",
    "tls_certificate": "InvalidChargingStationCertificate",
}
"""OCPP's names of what the log tells (2.0.1 part 2 appendix 1)."""


class TurnedAwayError(Exception):
    """A connection that is closed without a word; `reason` is the metric's label."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Visitor:
    """One connection. `peer` is its other end, `source` where it comes from: another address behind a proxy."""

    __slots__ = ("arrived", "counted", "gone", "peer", "protocol", "source", "timer")

    def __init__(self, peer: str) -> None:
        self.peer = self.source = peer
        self.counted: str | None = None
        self.protocol: asyncio.BaseProtocol | None = None
        self.arrived = self.gone = False
        self.timer: asyncio.TimerHandle | None = None


class Door:
    """One listener's connections, from accept to their end."""

    def __init__(self, node: Node, listener: Listener, context: LiveContext[ListenerTls] | None) -> None:
        self._node = node
        self._listener = listener
        self._context = context
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("listener")
        self._sockets: list[socket.socket] = []
        self._visitors: dict[asyncio.BaseProtocol, Visitor] = {}
        self._arrivals: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None
        self._log_lines = Bucket(_LOG_LINES_PER_SECOND, _LOG_BURST, 0.0)
        self._unlogged = 0

    async def open(
        self, factory: Callable[[], asyncio.BaseProtocol], on: socket.socket | None = None
    ) -> tuple[str, int]:
        """Listen, `on` this socket if there is one; the address bound. `factory` makes the protocol of each connection. Raises OSError."""
        self._loop = asyncio.get_running_loop()
        self._factory = factory
        self._sockets = [ready(on)] if on is not None else await listening(self._listener.bind)
        self._accept_again()
        host, port, *_ = self._sockets[0].getsockname()
        return str(host), int(port)

    def stop(self) -> None:
        """Accept no more; those who have come in stay."""
        if self._pause is not None:
            self._pause.cancel()
        for one in self._sockets:
            self._loop.remove_reader(one.fileno())
            one.close()
        self._sockets.clear()

    async def close(self) -> None:
        """As `stop`, and those on their way in are cut."""
        self.stop()
        for task in list(self._arrivals):
            task.cancel()
        await asyncio.gather(*self._arrivals, return_exceptions=True)

    def caller(self, arrival: Arrival) -> Caller:
        """Who makes its request."""
        assert arrival.request is not None
        assert arrival.transport is not None
        visitor = self._visitors.get(arrival)
        source = visitor.source if visitor is not None else ""  # it is about to be cut
        trusted = self._listener.trusted_proxies
        if not self._listener.proxy_protocol and trusted and origin.is_trusted(source, trusted):
            headers = arrival.request.headers
            forwarded, x_forwarded = headers.getall("Forwarded", []), headers.getall("X-Forwarded-For", [])
            source = origin.forwarded_for(source, forwarded, x_forwarded, trusted)
        tls = arrival.transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls is not None else None
        return Caller(source, origin.network_of(source), tls is not None, certificate)

    def upgraded(self, arrival: Arrival) -> None:
        """This connection has become a WebSocket."""
        visitor = self._visitors.get(arrival)
        if visitor is not None:
            self._arrived(visitor)

    def left(self, protocol: asyncio.BaseProtocol) -> None:
        """A connection has ended."""
        if (visitor := self._visitors.get(protocol)) is not None:
            self._gone(visitor)

    # -- accepting --------------------------------------------------------------------------------------------------

    def _accept_again(self) -> None:
        self._pause = None
        for one in self._sockets:
            self._loop.add_reader(one.fileno(), self._accept, one)

    def _pause_for(self, seconds: float) -> None:
        """Who comes waits in the system's queue."""
        for one in self._sockets:
            self._loop.remove_reader(one.fileno())
        if self._pause is None:
            self._pause = self._loop.call_later(seconds, self._accept_again)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            if self._node.crowd.arriving >= self._node.config.limits.max_handshakes:
                self._node.metrics.rate_limited.labels("handshakes").inc()
                return self._pause_for(_FULL_SECONDS)
            if not self._node.accepts.try_take(self._loop.time()):
                self._node.metrics.rate_limited.labels("accepts").inc()
                return self._pause_for(max(0.01, 1 / self._node.config.limits.accepts_per_second))
            try:
                connection, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                self._node.accepts.give_back()
                return
            except OSError as error:
                if error.errno not in _OUT_OF_DESCRIPTORS:
                    raise
                self._logger.error("accept_failed", error=error.strerror)
                return self._pause_for(1.0)
            connection.setblocking(False)
            # No task of a connection is waited for: each ends by its deadline.
            task = self._loop.create_task(self._arrive(connection, str(address[0])))
            self._arrivals.add(task)
            task.add_done_callback(self._arrivals.discard)

    async def _arrive(self, connection: socket.socket, peer: str) -> None:
        visitor = Visitor(peer)
        deadline = self._loop.time() + self._node.config.limits.handshake_seconds
        self._node.crowd.enter()
        try:
            try:
                await self._introduce(visitor, connection, deadline)
            except BaseException:
                connection.close()
                raise
            # From here on the socket is its transport's.
            await self._connect(visitor, connection, deadline)
        except TurnedAwayError as error:
            self._gone(visitor)
            self._refuse(visitor, error.reason, error.reason)
        except (OSError, ssl.SSLError) as error:
            self._gone(visitor)
            self._refuse(visitor, security.failure(error), _words(error))
        except BaseException:
            self._gone(visitor)
            raise

    async def _introduce(self, visitor: Visitor, connection: socket.socket, deadline: float) -> None:
        """Where the connection comes from, and whether it may. Raises TurnedAwayError, OSError."""
        limits, trusted = self._node.config.limits, self._listener.trusted_proxies
        behind = origin.is_trusted(visitor.peer, trusted)
        if self._listener.proxy_protocol:
            if not behind:
                raise TurnedAwayError("proxy_untrusted")
            told = await self._proxy_header(connection, deadline)
            visitor.source, behind = told or visitor.source, told is None
        if not behind:
            counted = origin.network_of(visitor.source)
            if not self._node.crowd.admit(counted, limits.handshakes_per_source, limits.connections_per_source):
                self._node.metrics.rate_limited.labels("source").inc()
                raise TurnedAwayError("source")
            visitor.counted = counted

    async def _proxy_header(self, connection: socket.socket, deadline: float) -> str | None:
        try:
            async with asyncio.timeout_at(deadline):
                header = b""
                while more := origin.missing(header):
                    header += await exactly(self._loop, connection, more)
                return origin.proxied(header)
        except (origin.NoProxyHeaderError, TimeoutError, EOFError):
            raise TurnedAwayError("proxy_header") from None

    async def _connect(self, visitor: Visitor, connection: socket.socket, deadline: float) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def made() -> asyncio.BaseProtocol:
            visitor.protocol = self._factory()
            self._visitors[visitor.protocol] = visitor
            return visitor.protocol

        transport: asyncio.BaseTransport
        if self._context is None:
            transport, _ = await self._loop.connect_accepted_socket(made, connection)
        else:
            transport = tls = Tls(made, self._context.current)
            await self._loop.connect_accepted_socket(lambda: tls, connection)
            try:
                async with asyncio.timeout_at(deadline):
                    await tls.shaken()
            except (TimeoutError, asyncio.CancelledError):
                tls.abort()
                raise
        # Behind a quick backend it may be a WebSocket already, or gone.
        if not visitor.arrived:
            visitor.timer = self._loop.call_at(deadline, self._late, visitor, transport)

    def _late(self, visitor: Visitor, transport: asyncio.BaseTransport) -> None:
        self._refuse(visitor, "late", "no upgrade in time")
        transport.abort()  # type: ignore[attr-defined]

    # -- leaving ----------------------------------------------------------------------------------------------------

    def _arrived(self, visitor: Visitor) -> None:
        if visitor.arrived:
            return
        visitor.arrived = True
        if visitor.timer is not None:
            visitor.timer.cancel()
        self._node.crowd.arrived(visitor.counted)

    def _gone(self, visitor: Visitor) -> None:
        if visitor.gone:
            return
        visitor.gone = True
        # A handshake that failed has left its protocol without a connection.
        if visitor.protocol is not None:
            self._visitors.pop(visitor.protocol, None)
        self._arrived(visitor)
        self._node.crowd.leave(visitor.counted)

    def _refuse(self, visitor: Visitor, reason: str, why: str) -> None:
        self._node.metrics.connections_rejected.labels(reason).inc()
        if not self._log_lines.try_take(self._loop.time()):
            self._unlogged += 1
            return
        more: dict[str, object] = {}
        if reason in _SECURITY_EVENTS:
            more["security_event"] = _SECURITY_EVENTS[reason]
        if self._unlogged:
            more["unlogged"] = self._unlogged
        self._unlogged = 0
        self._logger.info("connection_refused", remote=visitor.source, reason=reason, why=why, **more)


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return getattr(error, "reason", None) or "TLS"
    return error.strerror or type(error).__name__
