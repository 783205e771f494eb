"""Log lines leave by a thread of their own: a reader that stalls or goes holds up nobody."""

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gateway.lines import Lines


class Pipe:
    """A pipe that nobody reads until `read`."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.text = b""

    def read_until(self, mark: bytes) -> None:
        while mark not in self.text:
            self.text += os.read(self.reading, 65536)

    def lines(self) -> list[str]:
        return self.text.decode().splitlines()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    one = Pipe()
    yield one
    for descriptor in (one.reading, one.writing):
        os.close(descriptor)


def record(text: Any, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("a", level, "", 0, text, None, None)


def test_lines_are_written_in_order(pipe: Pipe) -> None:
    lines = Lines(pipe.writing)
    for number in range(1000):
        lines.handle(record(f"line {number}"))
    lines.stop()
    pipe.read_until(b"line 999\n")
    assert pipe.lines() == [f"line {number}" for number in range(1000)]


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """The logger by which the writer itself speaks."""
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.stdlib.LoggerFactory()
    )
    logger = logging.getLogger("log")
    yield logger
    logger.handlers = []
    structlog.configure(**before)


def test_a_reader_that_does_not_read_holds_up_nobody_and_what_is_lost_is_counted_and_told(
    pipe: Pipe, log: logging.Logger
) -> None:
    lost: list[int] = []
    lines = Lines(pipe.writing, most_bytes=64 * 1024)
    lines.dropped = lost.append
    log.handlers = [lines]
    began = time.monotonic()
    for number in range(8000):
        lines.handle(record(f"line {number} {'x' * 80}"))
    assert time.monotonic() - began < 5, "nobody waits"
    assert sum(lost) > 2000
    told = 0
    while told < sum(lost):
        pipe.text = b""
        pipe.read_until(b"}\n")
        told += sum(json.loads(line)["lines"] for line in pipe.lines() if line.startswith("{"))
    lines.stop()
    assert told == sum(lost)


def test_a_reader_that_is_gone_ends_nothing(pipe: Pipe) -> None:
    gone_reading, gone_writing = os.pipe()
    lost: list[int] = []
    lines = Lines(gone_writing)
    lines.dropped = lost.append
    os.close(gone_reading)
    for number in range(10):
        lines.handle(record(f"line {number}"))
    lines.stop()
    os.close(gone_writing)
    assert sum(lost) == 10
    lines.handle(record("too late"))
    assert sum(lost) == 11


def test_a_line_that_is_said_again_and_again_is_written_ten_times_and_then_counted(pipe: Pipe) -> None:
    lines = Lines(pipe.writing)
    for number in range(25):
        lines.handle(record({"event": "station_refused", "reason": "rate", "n": number}))
        lines.handle(record({"event": "session_ended", "n": number}))
        lines.handle(record(f"plain {number % 2}"))
    lines.handle(record({"event": "station_refused", "reason": "full"}))
    lines.stop()
    os.close(pipe.writing)
    pipe.read_until(b"'full'}")
    pipe.writing = os.open(os.devnull, os.O_WRONLY)
    while more := os.read(pipe.reading, 65536):
        pipe.text += more
    written = pipe.lines()
    rate = [line for line in written if "'rate'" in line]
    assert len(rate) == 11
    assert rate[-1] == "{'event': 'station_refused', 'reason': 'rate', 'n': 24, 'unlogged': 14}"
    assert len([line for line in written if "session_ended" in line]) == 25, "what is a record has no gaps"
    assert "plain 0 (2 more)" in written
    assert len([line for line in written if "full" in line]) == 1


def test_what_waits_is_written_at_the_exit_and_a_stalled_reader_holds_it_up_for_two_seconds() -> None:
    program = """
import structlog
from gateway import logs
from gateway.config import Log
logs.configure(Log(format="json"))
for number in range(3000):
    structlog.get_logger("a").info("it_happened", n=number, code=number)
print("done", flush=True)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert [json.loads(line)["n"] for line in done.stderr.splitlines()] == list(range(3000))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as stalled:
        assert stalled.stdout is not None
        assert stalled.stdout.readline() == b"done\n", "it never waits for the reader"
        assert stalled.wait(30) == 0


def test_no_line_is_waited_for(pipe: Pipe) -> None:
    """The thread that says something only hands it over."""
    lines = Lines(pipe.writing)
    lines.handle(record("one"))
    pipe.read_until(b"one\n")
    assert any(thread.name == "log" for thread in threading.enumerate())
    lines.stop()
    assert not any(thread.name == "log" for thread in threading.enumerate())
