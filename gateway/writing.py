"""What is written to one WebSocket peer. It never waits: what the peer does not read gathers behind it, up to a limit,
and for a limited time."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from gateway.deflate import Deflate
from gateway.framing import SQUEEZED_TEXT, TEXT, Masking, frame, xor
from gateway.gates import Gate

masking: Masking = xor
with suppress(ImportError):
    # Thirty times quicker, and nowhere public.
    from aiohttp._websocket.helpers import websocket_mask

    masking = websocket_mask

_LIGHT_BYTES = 16 * 1024
"""Less than this to write and less than this in the transport: the peer reads, and the text goes out at once."""
_BACKLOG_BYTES = 256 * 1024
"""More than this behind a peer: its sources are asked to wait."""
_MASKS_AT_ONCE = 1024

logger = logging.getLogger(__name__)


def _masks() -> Iterator[bytes]:
    """Unpredictable masks (RFC 6455 section 5.3), for which the system is not asked at every frame."""
    while True:
        octets = os.urandom(4 * _MASKS_AT_ONCE)
        for place in range(0, len(octets), 4):
            yield octets[place : place + 4]


_next_mask = _masks().__next__


class Traffic(NamedTuple):
    """What went over a connection since it was opened. Frames: messages, whole. Bytes: of all WebSocket frames."""

    frames_in: int
    bytes_in: int
    frames_out: int
    bytes_out: int


class Writing:
    """One connection's way out. `cut` is called when the peer does not read, or is gone."""

    __slots__ = (
        "_backlog",
        "_backlog_bytes",
        "_cut",
        "_deflate",
        "_drained",
        "_flusher",
        "_light",
        "_masked",
        "_over",
        "_room",
        "_transport",
        "_write_seconds",
        "congested",
        "frames",
        "octets",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        deflate: Deflate | None = None,
        *,
        masked: bool,
        write_seconds: float,
        cut: Callable[[], None],
    ) -> None:
        """`deflate`: the compression agreed upon. `masked`: as those who dialled do."""
        # Beyond it the transport says so, and need not be asked at every message.
        transport.set_write_buffer_limits(high=_LIGHT_BYTES)
        self._transport = transport
        self._masked = masked
        self._write_seconds = write_seconds
        self._cut = cut
        self._deflate = deflate
        self._over = False
        self.frames = self.octets = 0
        """Messages written, and the bytes of all frames."""
        self._light = True
        """Whether the peer reads and nothing waits for it."""
        self._backlog: deque[str] | None = None
        self._backlog_bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self._room = Gate(is_open=True)
        self.congested = False
        """Whether `room` would wait. No look at the gate: it is asked for at every message."""
        self._drained = Gate(is_open=True)
        """Shut while the transport has as much as it takes."""

    def send(self, text: str) -> None:
        """One message, in order."""
        # A large text alone can fill the transport.
        if self._light and len(text) < _LIGHT_BYTES:
            self._write(TEXT, text.encode())
            return
        if self._over:
            return
        if self._backlog is None:
            self._backlog = deque()
        self._backlog.append(text)
        self._backlog_bytes += len(text)
        if self._backlog_bytes > _BACKLOG_BYTES:
            self._room.shut()
            self.congested = True
        if self._flusher is None:
            self._light = False
            self._flusher = asyncio.create_task(self._flush(self._backlog))

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
        self._light = False
        if self._backlog is not None:
            self._backlog.clear()
        if self._flusher is not None:
            self._flusher.cancel()
        # Cancelled before its first step it does nothing at all, and whoever waits would wait for ever.
        self._make_room()

    def let_go(self) -> None:
        """The connection is lost."""
        self.stop()
        del self._transport, self._cut

    def pause(self) -> None:
        """The transport has as much as it takes."""
        self._drained.shut()
        self._light = False

    def resume(self) -> None:
        """The transport takes more."""
        self._drained.open()
        self._light = self._flusher is None and not self._over

    def _make_room(self) -> None:
        self._room.open()
        self.congested = False

    async def room(self) -> None:
        """Wait until what is behind the peer is within bounds."""
        await self._room.passed()

    async def _flush(self, backlog: deque[str]) -> None:
        try:
            while backlog:
                text = backlog.popleft()
                self._write(TEXT, text.encode())
                async with asyncio.timeout(self._write_seconds):
                    await self._drained.passed()
                self._backlog_bytes -= len(text)
                if self._backlog_bytes <= _BACKLOG_BYTES // 2:
                    self._make_room()
        except TimeoutError:
            logger.info("peer does not read")
            self._cut()
        finally:
            self._flusher = self._backlog = None
            self._light = self._drained.is_open and not self._over
            self._make_room()

    def _write(self, opcode: int, payload: bytes) -> None:
        self.frames += opcode == TEXT
        if self._deflate is not None and opcode == TEXT and (squeezed := self._deflate.squeeze(payload)) is not None:
            opcode, payload = SQUEEZED_TEXT, squeezed
        octets = frame(opcode, payload, _next_mask() if self._masked else None, masking)
        self.octets += len(octets)
        try:
            self._transport.write(octets)
        except (OSError, RuntimeError):
            self._cut()  # a peer that has just gone is not news: its end will be told


class Closed:
    """What is left of a transport when its connection is lost."""

    def is_closing(self) -> bool:
        return True

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...


CLOSED = Closed()
