"""A station of the bench: one connection, one CALL in flight, and what it saw, for the stop watch."""

import asyncio
import json
import os
import time
import uuid
from collections.abc import Callable
from typing import cast

from tests.bench.frames import CLOSE, PING, PONG, TEXT, Reader, build, upgrade_request
from tests.bench.messages import Readings, Script, call, named


class Watch:
    """What all stations of a load share: what they are to do now, and what came of it.

    `greedy`: the next call follows the answer at once. `recording`: the window is open, `latencies` (seconds) are taken.
    `over`: connections may close now without being an error. `lost` is told of each that closes otherwise. `errors`
    counts by kind.
    """

    __slots__ = ("errors", "greedy", "latencies", "lost", "over", "recording")

    def __init__(self) -> None:
        self.greedy = False
        self.recording = False
        self.over = False
        self.latencies: list[float] = []
        self.errors: dict[str, int] = {}
        self.lost: Callable[[Station], None] = lambda _: self.fail("connection lost")

    def fail(self, reason: str, times: int = 1) -> None:
        """Count an error."""
        self.errors[reason] = self.errors.get(reason, 0) + times


class Station(asyncio.Protocol):
    """One connection: upgrade, the opening calls, then `send()`, again and again by itself if `greedy`."""

    def __init__(self, watch: Watch, script: Script, path: str, host: str) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self.gone = asyncio.get_running_loop().create_future()
        self.waiting = b""  # the id of the call in flight
        self.answers = 0
        self.path = path
        self.place = 0  # among its load's stations
        self._expected = b"\0"  # how the answer to it begins, where the short cut is open
        self._watch, self._script, self._host = watch, script, host
        self._reader = Reader()
        self._head: bytes | None = b""
        self._key = os.urandom(4)
        self._steps = iter(script.opening)
        self._transaction: str | int = str(uuid.uuid5(uuid.NAMESPACE_URL, path))
        self._number = 0
        self._sent = 0.0
        self._readings: Readings
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(upgrade_request(self._host, self.path, self._script.subprotocol))

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's."""
        if not self.gone.done():
            self.gone.set_result(None)
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"closed before it was open: {exc or 'end of stream'}"))
        elif not self._watch.over and not self.opened.cancelled() and self.opened.exception() is None:
            self._watch.lost(self)

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
            if not head.startswith(b"HTTP/1.1 101 ") or self._script.subprotocol.encode() not in head:
                self._refused(f"upgrade refused: {head[:40].decode()}")
                return
            self._open_further()
        for opcode, payload in self._reader.feed(data):
            if opcode == TEXT:
                self._message(payload, now)
            elif opcode == PING:
                self._transport.write(build(payload, self._key, PONG))
            elif opcode == CLOSE:
                self._transport.close()

    def _refused(self, why: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(why))
        self._transport.abort()

    def _message(self, payload: bytes, now: float) -> None:
        parts = payload.split(b'"', 2)
        if parts[0][1:2] == b"2":  # a proxy or CSMS may ask; this station knows nothing
            self._transport.write(build(b'[4,"%b","NotImplemented","",{}]' % parts[1], self._key))
        elif len(parts) < 3 or parts[1] != self.waiting:
            self._watch.fail("answer to nothing that was asked")
        elif parts[0][1:2] != b"3":
            self._watch.fail(f"CALLERROR {payload[:120].decode()}")
            self._refused(f"call refused: {payload[:120].decode()}")
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
            self.send()

    def _open_further(self, answer: bytes = b"") -> None:
        step = next(self._steps, None)
        if step is None:
            if answer:
                self._transaction = json.loads(answer)[2].get("transactionId", self._transaction)
            self._readings = Readings(self._script, self._transaction, self._key)
            self.waiting = b""
            if not self.opened.done():
                self.opened.set_result(None)
            return
        action, payload = step
        self._number += 1
        self.waiting = b"%08d" % self._number
        text = call(self.waiting.decode(), action, named(payload, self._transaction))
        self._transport.write(build(text, self._key))

    def send(self) -> None:
        """The next of the calls that repeat."""
        self._number += 1
        self.waiting, frame = self._readings.next(self._number)
        self._expected = b'[3,"%b",' % self.waiting
        self._sent = time.perf_counter()
        self._transport.write(frame)

    def session(self) -> object:
        """The TLS connection's object, None on a plain one."""
        return self._transport.get_extra_info("ssl_object")

    def close(self) -> None:
        """Close without a word."""
        self._transport.abort()
