"""One WebSocket, of a station or of a backend: text in, text out, alive or not.

It is the protocol of its transport, so that a message is taken in the step of the loop in which it came. Writing never
waits for the peer: what it does not read gathers behind it, up to a limit, and for a limited time. So a peer that stalls
is cut, and stalls nobody else.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from gateway.framing import CLOSE, PING, PONG, UNSUPPORTED, Gone, Reader
from gateway.gates import Gate
from gateway.reading import ReadAtOnce
from gateway.upgrades import Upgrade
from gateway.writing import CLOSED, Closed, Traffic, Writing, masking

__all__ = ["Gone", "Socket", "Traffic"]

_AHEAD_BYTES = 128 * 1024
"""More than this that nobody has taken: no more is read."""
_AT_ONCE = 32
"""Messages of one peer in a step of the loop. Then the others get their turn: a segment may hold thousands."""
_LINGER_SECONDS = 1.0
_REASON_BYTES = 120
_TEXT_ONLY = "OCPP-J messages are text"


class Socket(ReadAtOnce):
    """A WebSocket that has been opened, with its connection taken over from `ws`. Messages are taken by `deliver`'s
    functions or one by one with `receive`."""

    __slots__ = (
        "_before",
        "_bytes_in",
        "_closing",
        "_cut",
        "_ended",
        "_frames_in",
        "_held",
        "_inbox",
        "_inbox_bytes",
        "_last",
        "_left",
        "_loop",
        "_parted",
        "_patience",
        "_paused",
        "_pinged_at",
        "_reader",
        "_take",
        "_transport",
        "_waiter",
        "_write_seconds",
        "_writing",
        "send",
    )

    def __init__(
        self,
        ws: Upgrade,
        transport: asyncio.Transport | None,
        *,
        max_bytes: int,
        write_seconds: float,
    ) -> None:
        """`max_bytes`: a message has less. `write_seconds`: for a peer to read what it is sent, or to say goodbye. Raises
        ConnectionResetError where the connection is gone already."""
        if transport is None:
            raise ConnectionResetError("the connection is lost")
        self._transport: asyncio.Transport | Closed = transport
        self._write_seconds = write_seconds
        self._loop = asyncio.get_running_loop()
        masked, deflate = ws.dialled, ws.deflate
        self._reader = Reader(max_bytes, self._loop.time, masking, masked=not masked, deflate=deflate)
        self._writing = Writing(transport, deflate, masked=masked, write_seconds=write_seconds, cut=self._abort)
        self.send: Callable[[str], None] = self._writing.send
        """Hand over one message, in order. Returns without waiting for the peer."""
        self._take: Callable[[str], None] | None = None
        self._left: Callable[[Gone], None] | None = None
        self._inbox: deque[str | Gone] | None = None
        """Made when the first has to wait: an empty one is 760 octets."""
        self._inbox_bytes = 0
        self._held = self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        """Nothing follows what is in the inbox, of which the end is the last."""
        self._last: Gone | None = None
        """The end, when it has been told."""
        self._pinged_at: float | None = None
        self._frames_in = self._bytes_in = 0
        self._closing = self._cut = False
        self._parted = Gate()
        """The peer has said goodbye too, or is gone."""
        self._patience: asyncio.TimerHandle | None = None
        self._before = transport.get_protocol()
        # Which kind of protocol it is a transport finds out when it begins to read.
        transport.pause_reading()
        transport.set_protocol(self)
        transport.resume_reading()
        if ws.early:
            early, ws.early = ws.early, b""
            self.data_received(early)

    # -- reading ----------------------------------------------------------------------------------------------------

    def deliver(self, take: Callable[[str], None], left: Callable[[Gone], None]) -> None:
        """From now on `take` gets every text, in the step in which it comes, and behind the last `left` is told that
        the connection has ended, unless it was closed here. Neither may raise."""
        self._take, self._left = take, left
        self._hand_over()

    async def receive(self) -> str | Gone:
        """The next text message, or that the connection has ended; for those who have not called `deliver`."""
        item = await self.peek()
        if not self._inbox:
            return item
        self._inbox.popleft()
        if isinstance(item, Gone):
            self._end(item)
        if not self._inbox:
            self._read_on()
        return item

    async def peek(self) -> str | Gone:
        """The same, and it stays to be taken."""
        while not self._inbox:
            if self._last is not None:
                return self._last
            self._waiter = self._loop.create_future()
            await self._waiter
        return self._inbox[0]

    def hold(self) -> None:
        """Hand nothing over until `go_on`. Pings are answered all the same; what comes waits here, then outside."""
        self._held = True

    def go_on(self) -> None:
        self._held = False
        self._hand_over()

    def data_received(self, data: bytes | bytearray) -> None:
        if self._ended:
            return  # read so that the connection is not reset: a reset can overtake the close frame
        reader = self._reader
        texts = reader.feed(data)
        self._bytes_in += len(data)
        self._frames_in += len(texts)
        if reader.ping is not None:
            payload, reader.ping = reader.ping, None
            self._writing.control(PONG, payload)
        if self._closing:
            if reader.gone is not None:
                self._ended = True
                self._part()
            return
        inbox, take = self._inbox, self._take
        if len(texts) == 1 and reader.gone is None and not inbox and not self._held and take is not None:
            take(texts[0])  # as nearly always
            return
        if inbox is None:
            inbox = self._inbox = deque()
        inbox.extend(texts)
        if reader.gone is not None:
            self._ended = True
            inbox.append(reader.gone)
        self._hand_over()
        if inbox:
            # A text may be longer than what came of it.
            self._inbox_bytes += max(len(data), sum(map(len, texts)))
            if self._inbox_bytes > _AHEAD_BYTES and not self._paused:
                self._paused = True
                self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._writing.stop()
        self._parted.open()
        if self._patience is not None:
            self._patience.cancel()
        if not self._ended:
            self._ended = True
            if self._inbox is None:
                self._inbox = deque()
            self._inbox.append(Gone(1006, "cut" if self._cut else "lost"))
        self._before.connection_lost(exc)
        # Else they hold each other for good.
        del self._before
        self._writing.let_go()
        self._transport = CLOSED
        self._hand_over()

    def _hand_over(self) -> None:
        inbox, take = self._inbox, self._take
        if take is None:
            if inbox and self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)
            return
        left_now = _AT_ONCE
        while inbox and not self._held:
            if not left_now:
                self._loop.call_soon(self._hand_over)
                return
            left_now -= 1
            item = inbox.popleft()
            if isinstance(item, str):
                take(item)
            else:
                left, self._take, self._left = self._left, None, None
                self._end(item)
                if left is not None:
                    left(item)
        if self._inbox_bytes and not inbox:
            self._read_on()

    def _read_on(self) -> None:
        self._inbox_bytes = 0
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    @property
    def heard_at(self) -> float:
        """When something came last (loop time)."""
        return self._reader.heard_at

    # -- writing ----------------------------------------------------------------------------------------------------

    @property
    def traffic(self) -> Traffic:
        writing = self._writing
        return Traffic(self._frames_in, self._bytes_in, writing.frames, writing.octets)

    @property
    def congested(self) -> bool:
        """Whether `room` would wait."""
        return self._writing.congested

    async def room(self) -> None:
        """Wait until what is behind the peer is within bounds."""
        await self._writing.room()

    def pause_writing(self) -> None:
        self._writing.pause()

    def resume_writing(self) -> None:
        self._writing.resume()

    # -- alive or not -----------------------------------------------------------------------------------------------

    def due(self, ping_seconds: float, pong_seconds: float) -> float:
        """When `keep_alive` is next to be called (loop time)."""
        if self._pinged_at is not None:
            return self._pinged_at + pong_seconds
        return self._reader.heard_at + ping_seconds

    def keep_alive(self, ping_seconds: float, pong_seconds: float) -> bool:
        """Ping a quiet peer; False when it stayed quiet. Any frame is a sign of life, not only a pong."""
        now, reader = self._loop.time(), self._reader
        if self._paused:
            # Its messages wait to be taken, and a pong may be among them: silence is ours.
            reader.heard_at = now
        if self._pinged_at is not None:
            # The loop's clock may stand still for a millisecond: a pong within it counts.
            if reader.heard_at >= self._pinged_at:
                self._pinged_at = None
            elif now >= self._pinged_at + pong_seconds:
                return False
        if self._pinged_at is None and now >= reader.heard_at + ping_seconds:
            self._pinged_at = now
            self._writing.control(PING, b"")
        return True

    # -- the end ----------------------------------------------------------------------------------------------------

    def part(self, code: int, reason: str) -> None:
        """Say goodbye. If the peer does not say it too within a limited time the connection is cut. Nothing is handed over
        any more, nor is the end told. What the peer has done to end it is the code and the reason, whoever closes."""
        self._take = self._left = None
        if self._inbox:
            self._inbox.clear()
        if self._reader.gone is not None:
            self._end(self._reader.gone)
        else:
            self._goodbye(code, reason)
        self._read_on()
        if self._patience is None and not self._parted.is_open:
            self._patience = self._loop.call_later(self._write_seconds, self.abort)

    async def close(self, code: int, reason: str) -> None:
        """The same, and wait until it is over."""
        self.part(code, reason)
        await self._parted.passed()

    def abort(self) -> None:
        """Cut the connection without a word. Its end is told to nobody but who receives."""
        self._take = self._left = None
        self._abort()

    def _abort(self) -> None:
        self._cut = self._closing = True
        if self._inbox:
            # What is in it was sent before, and its answers would go nowhere.
            self._inbox.clear()
            self._ended = False
        self._writing.stop()
        self._transport.abort()

    def _end(self, gone: Gone) -> None:
        """What ended it is taken notice of, and answered."""
        self._last = gone
        if self._closing:
            return
        if gone.refused:
            # Closed at once, the connection would be reset: the peer has a moment to read why and to go.
            self._goodbye(gone.code, _TEXT_ONLY if gone.code == UNSUPPORTED else gone.why)
            self._loop.call_later(_LINGER_SECONDS, self._abort)
        else:
            self._goodbye(1000, "")
            self._part()

    def _goodbye(self, code: int, reason: str) -> None:
        """A close frame, once, and nothing behind it (RFC 6455 section 5.5.1)."""
        if self._closing:
            return
        self._closing = True
        self._writing.last(CLOSE, code.to_bytes(2, "big") + reason.encode()[:_REASON_BYTES])

    def _part(self) -> None:
        self._parted.open()
        self._transport.close()
