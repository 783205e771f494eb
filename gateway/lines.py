"""Log lines on their way out: made where something happened, written by a thread of their own.

Whoever reads standard error may stop reading; then the gateway goes on, and lines are lost and counted.
"""

import atexit
import logging
import os
import queue
import select
import threading
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any

import structlog

from gateway.repeats import Repeats

_MOST_BYTES = 4 * 1024 * 1024
"""More than this that nobody has read: what comes is dropped."""
_AT_ONCE = 256
_LOOK_SECONDS = 1.0
_LAST_SECONDS = 2.0
_FIRST, _WINDOW_SECONDS, _KINDS = 10, 60.0, 4096
_EVERY_ONE = frozenset({"session_began", "session_ended", "guarded"})
"""The record of who was connected, and that of calls that could take a station away, have no gaps."""
_TELL_APART = (
    *("station", "remote", "backend", "follower", "reason", "why", "error", "peer", "action", "kind", "code"),
    *("outcome", "server", "worker", "address", "what", "field", "operation", "migration"),
)
"""Lines of one event that agree in all of these say the same."""


class Lines(logging.Handler):
    """The one handler of a process. `dropped` is told how many lines were lost, from any thread."""

    def __init__(self, descriptor: int, most_bytes: int = _MOST_BYTES) -> None:
        super().__init__()
        self.dropped: Callable[[int], None] = _nothing
        self._descriptor = descriptor
        self._most_bytes = most_bytes
        self._repeats: Repeats[logging.LogRecord] = Repeats(_FIRST, _WINDOW_SECONDS, _KINDS)
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._taken_in = self._out = 0
        """Bytes: the first is counted under the handler's lock, the second by the writer alone."""
        self._lost = 0
        self._stopped = False
        self._writer = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._writer.start()
        atexit.register(self.stop)

    def emit(self, record: logging.LogRecord) -> None:
        """Under the handler's lock. Never waits for the reader."""
        now = monotonic()
        for last, left_out in self._repeats.over(now):
            self._put(_with(last, left_out))
        kind = _kind(record)
        if kind is None or self._repeats.may(kind, record, now):
            self._put(record)

    def stop(self) -> None:
        """Write what is there, for a limited time: a reader that does not read holds up no exit."""
        with self._locked():
            if self._stopped:
                return
            for last, left_out in self._repeats.over(float("inf")):
                self._put(_with(last, left_out))
            self._stopped = True
        self._queue.put(None)
        self._writer.join(_LAST_SECONDS)
        atexit.unregister(self.stop)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _locked(self) -> threading.RLock:
        assert self.lock is not None
        return self.lock

    def _put(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
        except Exception:
            self._lose()  # a line that cannot be made is nobody's end
            return
        if self._stopped or self._taken_in - self._out + len(line) > self._most_bytes:
            self._lose()
            return
        self._taken_in += len(line)
        self._queue.put(line)

    def _lose(self) -> None:
        self._lost += 1
        self.dropped(1)

    def _write_all(self) -> None:
        going_on = True
        while going_on:
            batch: list[bytes | None] = []
            try:
                batch = [self._queue.get(timeout=_LOOK_SECONDS)]
                while len(batch) < _AT_ONCE:
                    batch.append(self._queue.get_nowait())
            except queue.Empty:
                pass
            going_on = None not in batch
            lines = [line for line in batch if line is not None]
            if lines:
                self._write(lines)
            self._tell_what_is_due()

    def _write(self, lines: list[bytes]) -> None:
        left = memoryview(b"".join(lines))
        size = len(left)
        try:
            while left:
                try:
                    left = left[os.write(self._descriptor, left) :]
                except BlockingIOError:
                    select.select([], [self._descriptor], [])
        except OSError:  # nobody reads any more, or the disk is full: there is nowhere to say so
            self.dropped(len(lines))
        self._out += size

    def _tell_what_is_due(self) -> None:
        with self._locked():
            for last, left_out in self._repeats.over(monotonic()):
                self._put(_with(last, left_out))
            lost = 0
            if self._taken_in - self._out < self._most_bytes / 2:  # else this line would be lost as well
                lost, self._lost = self._lost, 0
        if lost and not self._stopped:
            structlog.get_logger("log").warning("log_lines_dropped", lines=lost)


def _kind(record: logging.LogRecord) -> Hashable:
    """What the line says, or None for one that is always written."""
    if record.levelno <= logging.DEBUG:
        return None
    told: Any = record.msg
    if not isinstance(told, dict):
        return record.name, record.levelno, str(told)
    event = told.get("event")
    if event in _EVERY_ONE:
        return None
    return event, *(str(told[name]) if name in told else None for name in _TELL_APART)


def _with(record: logging.LogRecord, left_out: int) -> logging.LogRecord:
    if left_out:
        if isinstance(record.msg, dict):
            record.msg["unlogged"] = left_out
        else:
            record.msg = f"{record.msg} ({left_out} more)"
    return record


def _nothing(_: int) -> None:
    return
