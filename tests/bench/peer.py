"""Processes of the bench that are told what to do: a line of JSON to them, a line of JSON back."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Self

Answer = dict[str, Any]
_GOODBYE_SECONDS = 5.0


class RowError(Exception):
    """A row that cannot be measured, and why, in one line."""


class Peer(AbstractContextManager["Peer"]):
    """`python -m tests.bench.NAME`, as long as the context lasts. `core`: where it runs; None leaves it to the kernel."""

    def __init__(self, name: str, core: int | None, *arguments: str) -> None:
        self.name = name
        place = [] if core is None else ["--core", str(core)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.bench.{name}", *place, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, do: str, **more: Any) -> None:
        """Say what to do; the answer is to be fetched with `heard`."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise RowError(f"the {self.name} is gone") from error

    def heard(self) -> Answer:
        """The answer to what was told first and not yet fetched. Raises RowError: it failed, or is gone."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RowError(f"the {self.name} is gone")
        answer: Answer = json.loads(line)
        if "error" in answer:
            raise RowError(f"{self.name}: {answer['error']}")
        return answer

    def ask(self, do: str, **more: Any) -> Answer:
        """Both at once."""
        self.tell(do, **more)
        return self.heard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # what it was to be told, it need not know any more


def answer(given: Answer) -> None:
    """The other end's word."""
    print(json.dumps(given), flush=True)


async def obey(do: Callable[[Answer], Awaitable[Answer]]) -> None:
    """The other end: carry out what comes on stdin, one after another, until it ends. What goes wrong in the ways that
    sockets do is answered as `error`."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        try:
            answer(await do(json.loads(line)))
        except (OSError, TimeoutError) as error:
            answer({"error": str(error) or type(error).__name__})
