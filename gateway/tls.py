"""TLS with a station, between its transport and whatever reads its octets.

asyncio's and uvloop's own ask the system for 256 KiB for each connection, of which little is ever used, and end each read with an
exception. Here all connections are read into one buffer, and a read ends when nothing is left. That is cheaper, and leaves nothing
behind in the heap: see docs/decisions/0037.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from gateway.gates import Gate
from gateway.writing import CLOSED

_CIPHERED = memoryview(bytearray(32 * 1024))
_PLAIN = bytearray(32 * 1024)
"""What comes is taken out in the same step, so all connections have them together. A record has 16 KiB at most; OpenSSL takes what is
read into memory of each connection's own, which never gets smaller again."""
_LINGER_SECONDS = 1.0
"""For the other end to hang up behind our goodbye. What it has sent meanwhile is read: a reset could overtake the goodbye."""


class Tls(asyncio.BufferedProtocol, asyncio.Transport):
    """The protocol of a connection's transport, and the transport of the protocol behind it, which gets its octets by
    `data_received`."""

    __slots__ = (
        "_behind",
        "_ciphered",
        "_closing",
        "_factory",
        "_lingering",
        "_loop",
        "_object",
        "_shaken",
        "_transport",
        "_writable",
        "failure",
    )

    def __init__(self, factory: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext) -> None:
        """`factory` makes the protocol behind it when the handshake is over."""
        self._factory = factory
        self._loop = asyncio.get_running_loop()
        self._ciphered, self._writable = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object: Any = context.wrap_bio(self._ciphered, self._writable, server_side=True)
        self._behind: Any = None
        self._transport: Any = CLOSED
        self._shaken: Gate | None = Gate()
        self._closing = False
        self._lingering: asyncio.TimerHandle | None = None
        self.failure: Exception | None = None
        """What the handshake failed of."""

    async def shaken(self) -> None:
        """Wait until the handshake is over. Raises OSError, ssl.SSLError: what it failed of."""
        if self._shaken is not None:
            await self._shaken.passed()
            self._shaken = None
        failure, self.failure = self.failure, None
        try:
            if failure is not None:
                raise failure
        finally:
            del failure  # it holds this frame

    # -- a protocol -------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return _CIPHERED

    def buffer_updated(self, nbytes: int) -> None:
        if self._closing:
            return
        self._ciphered.write(_CIPHERED[:nbytes])
        try:
            if self._behind is None:
                self._shake()
            else:
                self._read()
        except ssl.SSLError as error:
            self._fail(error)

    def eof_received(self) -> None:
        """The transport closes itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._transport = CLOSED
        if self._lingering is not None:
            self._lingering.cancel()
        behind, self._behind = self._behind, None
        if behind is not None:
            behind.connection_lost(exc)
        elif self._shaken is not None and not self._shaken.is_open:
            self._over(ConnectionResetError("the connection was lost"))

    def pause_writing(self) -> None:
        if self._behind is not None:
            self._behind.pause_writing()

    def resume_writing(self) -> None:
        if self._behind is not None:
            self._behind.resume_writing()

    def _shake(self) -> None:
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            self._send()
            return
        self._send()
        self._behind = self._factory()
        del self._factory
        self._behind.connection_made(self)
        self._over(None)
        self._read()

    def _over(self, failure: Exception | None) -> None:
        self.failure = failure
        if self._shaken is not None:
            self._shaken.open()

    def _read(self) -> None:
        while self._ciphered.pending and not self._closing:
            try:
                size = self._object.read(len(_PLAIN), _PLAIN)
            except ssl.SSLWantReadError:
                break  # half a record
            except ssl.SSLZeroReturnError:
                size = 0
            if not size:
                self.close()  # its goodbye
                break
            self._behind.data_received(_PLAIN[:size])
        if self._writable.pending:
            self._send()  # a key update

    def _fail(self, error: ssl.SSLError) -> None:
        """What it sent is no TLS, or not of this connection. OpenSSL has an alert for it."""
        self._closing = True
        self._send()
        self._transport.close()
        if self._behind is None:
            self._over(error.with_traceback(None))  # its frames hold this

    def _send(self) -> None:
        if self._writable.pending and not self._transport.is_closing():
            self._transport.write(self._writable.read())

    # -- a transport ------------------------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing:
            return
        size = len(data)
        done = self._object.write(data) if size else 0
        self._send()
        # A record at a time: what OpenSSL writes into never gets smaller again.
        while done < size:
            done += self._object.write(memoryview(data)[done:])
            self._send()

    def close(self) -> None:
        """Behind what was written."""
        if self._closing:
            return
        self._closing = True
        with suppress(ssl.SSLError):  # its goodbye is not here yet
            self._object.unwrap()
        self._send()
        self._transport.resume_reading()
        self._lingering = self._loop.call_later(_LINGER_SECONDS, self._transport.close)

    def abort(self) -> None:
        self._closing = True
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._closing or bool(self._transport.is_closing())

    def get_protocol(self) -> asyncio.BaseProtocol:
        protocol: asyncio.BaseProtocol = self._behind
        return protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._behind = protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "ssl_object":
            return self._object
        return default if self._transport is CLOSED else self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return int(self._transport.get_write_buffer_size())
