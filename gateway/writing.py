"""What is written to one WebSocket peer. It never waits: what the peer does not read gathers behind it, up to a limit,
and for a limited time."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from gateway.framing import TEXT, Masking, frame, xor

masking: Masking = xor
with suppress(ImportError):
    # Thirty times quicker, and nowhere public.
    from aiohttp._websocket.helpers import websocket_mask

    masking = websocket_mask

_LIGHT_BYTES = 16 * 1024
"""Less than this to write and less than this in the transport: the peer reads, and the text goes out at once."""
_BACKLOG_BYTES = 256 * 1024
"""More than this behind a peer: its sources are asked to wait."""

logger = logging.getLogger(__name__)


class Writing:
    """One connection's way out. `cut` is called when the peer does not read, or is gone."""

    def __init__(
        self, transport: asyncio.Transport, *, masked: bool, write_seconds: float, cut: Callable[[], None]
    ) -> None:
        """`masked`: as those who dialled do."""
        self._transport = transport
        self._masked = masked
        self._write_seconds = write_seconds
        self._cut = cut
        self._over = False
        self._backlog: deque[str] = deque()
        self._backlog_bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self._room = asyncio.Event()
        self._room.set()
        self.drained = asyncio.Event()
        """Cleared while the transport has as much as it takes."""
        self.drained.set()

    def send(self, text: str) -> None:
        """One message, in order."""
        if self._over:
            return
        # A large text alone can fill the transport.
        if (
            self._flusher is None
            and len(text) < _LIGHT_BYTES
            and self._transport.get_write_buffer_size() < _LIGHT_BYTES
        ):
            self._write(TEXT, text.encode())
            return
        self._backlog.append(text)
        self._backlog_bytes += len(text)
        if self._backlog_bytes > _BACKLOG_BYTES:
            self._room.clear()
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())

    def control(self, opcode: int, payload: bytes) -> None:
        """A peer that has so much to read gets neither pings nor pongs, and is on its way out."""
        if not self._over and self._transport.get_write_buffer_size() < _BACKLOG_BYTES:
            self._write(opcode, payload)

    def last(self, opcode: int, payload: bytes) -> None:
        """A frame behind which nothing is written any more, not even what waits."""
        self.stop()
        self._write(opcode, payload)

    def stop(self) -> None:
        """Write nothing any more."""
        self._over = True
        self._backlog.clear()
        if self._flusher is not None:
            self._flusher.cancel()

    def let_go(self) -> None:
        """The connection is lost."""
        self.stop()
        del self._transport, self._cut

    @property
    def congested(self) -> bool:
        """Whether `room` would wait."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until what is behind the peer is within bounds."""
        await self._room.wait()

    async def _flush(self) -> None:
        try:
            while self._backlog:
                text = self._backlog.popleft()
                self._write(TEXT, text.encode())
                async with asyncio.timeout(self._write_seconds):
                    await self.drained.wait()
                self._backlog_bytes -= len(text)
                if self._backlog_bytes <= _BACKLOG_BYTES // 2:
                    self._room.set()
        except TimeoutError:
            logger.info("peer does not read")
            self._cut()
        finally:
            self._flusher = None
            self._room.set()

    def _write(self, opcode: int, payload: bytes) -> None:
        try:
            self._transport.write(frame(opcode, payload, os.urandom(4) if self._masked else None, masking))
        except (OSError, RuntimeError):
            self._cut()  # a peer that has just gone is not news: its end will be told
