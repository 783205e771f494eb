"""A station of the bench: one connection, one CALL in flight, and what it saw, for the stop watch."""

import asyncio
import json
import os
import time
from typing import cast

from tests.bench.frames import CLOSE, PING, PONG, TEXT, Reader, build, upgrade_request
from tests.bench.messages import OPENING, MeterValues, call


class Watch:
    """What all stations of a load share: what they are to do now, and what came of it.

    `greedy`: the next call follows the answer at once. `recording`: the window is open, `latencies` (seconds) are taken.
    `over`: connections may close now without being an error. `errors` counts by kind.
    """

    __slots__ = ("errors", "greedy", "latencies", "over", "recording")

    def __init__(self, greedy: bool) -> None:
        self.greedy = greedy
        self.recording = False
        self.over = False
        self.latencies: list[float] = []
        self.errors: dict[str, int] = {}

    def fail(self, reason: str, times: int = 1) -> None:
        """Count an error."""
        self.errors[reason] = self.errors.get(reason, 0) + times


class Station(asyncio.Protocol):
    """One station's connection: upgrade, the opening calls, then `meter()`, again and again by itself if `greedy`."""

    def __init__(self, watch: Watch, path: str, host: str) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self.waiting = b""  # the id of the call in flight
        self.answers = 0
        self._expected = b"\0"  # how the answer to it begins, where the short cut is open
        self._watch, self._path, self._host = watch, path, host
        self._reader = Reader()
        self._head: bytes | None = b""
        self._key = os.urandom(4)
        self._steps = iter(OPENING)
        self._number = 0
        self._sent = 0.0
        self._meter: MeterValues
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(upgrade_request(self._host, self._path, "ocpp1.6"))

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's."""
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"closed before it was open: {exc or 'end of stream'}"))
        elif not self._watch.over:
            self._watch.fail("connection lost")

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        now = time.perf_counter()
        if data.startswith(self._expected, 2) and data[1] == len(data) - 2 and self._reader.idle:
            self._answered(now)  # the short cut of nearly every answer: one whole short frame
            return
        if self._head is not None:
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head = None
            if not head.startswith(b"HTTP/1.1 101 ") or b"ocpp1.6" not in head:
                self.opened.set_exception(ConnectionError(f"upgrade refused: {head[:40].decode()}"))
                self._transport.abort()
                return
            self._open_further()
        for opcode, payload in self._reader.feed(data):
            if opcode == TEXT:
                self._message(payload, now)
            elif opcode == PING:
                self._transport.write(build(payload, self._key, PONG))
            elif opcode == CLOSE:
                self._transport.close()

    def _message(self, payload: bytes, now: float) -> None:
        parts = payload.split(b'"', 2)
        if parts[0][1:2] == b"2":  # a proxy or CSMS may ask; this station knows nothing
            self._transport.write(build(b'[4,"%b","NotImplemented","",{}]' % parts[1], self._key))
        elif len(parts) < 3 or parts[1] != self.waiting:
            self._watch.fail("answer to nothing that was asked")
        elif parts[0][1:2] != b"3":
            self._watch.fail(f"CALLERROR {payload[:120].decode()}")
            if not self.opened.done():
                self.opened.set_exception(ConnectionError(f"opening call refused: {payload[:120].decode()}"))
            self._transport.close()
        elif not self.opened.done():
            self._open_further(payload)
        else:
            self._answered(now)

    def _answered(self, now: float) -> None:
        self.waiting, self._expected = b"", b"\0"
        self.answers += 1
        if self._watch.recording:
            self._watch.latencies.append(now - self._sent)
        if self._watch.greedy:
            self.meter()

    def _open_further(self, answer: bytes = b"") -> None:
        step = next(self._steps, None)
        if step is None:
            self._meter = MeterValues(json.loads(answer)[2]["transactionId"], self._key)
            self.waiting = b""
            self.opened.set_result(None)
            return
        self._number += 1
        self.waiting = b"%08d" % self._number
        self._transport.write(build(call(self.waiting.decode(), *step), self._key))

    def meter(self) -> None:
        """Send the next MeterValues."""
        self._number += 1
        self.waiting, frame = self._meter.next(self._number)
        self._expected = b'[3,"%b",' % self.waiting
        self._sent = time.perf_counter()
        self._transport.write(frame)

    def close(self) -> None:
        """Close without a word."""
        self._transport.abort()
