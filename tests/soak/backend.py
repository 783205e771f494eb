"""A backend that keeps real books, as a process of its own: it may be killed, stopped and misbehave.

`python -m tests.soak.backend PORT VERSION HISTORY`. Its history is its database: what it has in there before it
answers, it still has after a kill -9. Orders come as JSON lines on stdin, each answered by `ok`: any of the fields of
`Mood`. "ok" is also said once it listens.
"""

import asyncio
import json
import logging
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from aiohttp import WSMsgType, web

from tests.soak.dialects import answer, has_register, moment, read
from tests.soak.history import History, load

_encode, _decode = msgspec.json.encode, msgspec.json.decode


@dataclass
class Mood:
    """How it behaves. Faults that count down hit that many transaction messages."""

    refuse: int = 0
    """HTTP status for every handshake; 1 for 101 without a subprotocol."""
    stall: bool = False
    """Answers nothing; what came meanwhile is answered late, when this is over."""
    late_seconds: float = 0.0
    twice: int = 0
    wrong_id: int = 0
    """Answers under another id first, then never rightly."""
    error: str = ""
    """CALLERROR code for every transaction message."""
    silent_reader: bool = False
    """Does not read at all."""
    calls_per_second: float = 0.0
    """DataTransfer calls to every station, with a nonce."""
    cut: int = 0
    """Closes every connection when this changes."""


class Books:
    """Transactions by number. A start that comes again is the same one, as real backends have it."""

    def __init__(self, past: list[Any]) -> None:
        self._number_of: dict[tuple[str, str], int] = {}
        self._last = 0
        for event in past:
            if event.kind == "recv" and event.about.get("start") and event.number.isdigit():
                self._number_of[event.identity, event.about["start"]] = int(event.number)
                self._last = max(self._last, int(event.number))

    def number(self, identity: str, start: str) -> int:
        found = self._number_of.get((identity, start))
        if found is None:
            self._last += 1
            found = self._number_of[identity, start] = self._last
        return found


class Backend:
    def __init__(self, version: str, history: History, books: Books, run: int) -> None:
        self.version, self.history, self.books, self.run = version, history, books, run
        self.mood = Mood()
        self.better = asyncio.Event()
        self.better.set()
        self.connections: set[web.WebSocketResponse] = set()
        self._numbers, self._calls = count(1), count(1)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        if self.mood.refuse > 1:
            raise _refusal(self.mood.refuse)
        identity = request.path.rsplit("/", 1)[1]
        protocols = () if self.mood.refuse else (self.version,)
        ws = web.WebSocketResponse(protocols=protocols, compress=False, max_msg_size=0, heartbeat=None)
        await ws.prepare(request)
        connection = f"{self.run}-{next(self._numbers)}"
        self.history.note("open", identity, connection=connection)
        self.connections.add(ws)
        asking: dict[str, str] = {}
        calling = asyncio.create_task(self._call(ws, identity, connection, asking))
        answering: set[asyncio.Task[None]] = set()
        try:
            while True:
                while self.mood.silent_reader:
                    await asyncio.sleep(0.05)
                message = await ws.receive()
                if message.type is not WSMsgType.TEXT:
                    break
                frame = _decode(message.data)
                if frame[0] == 2:
                    self._called(ws, identity, connection, frame, answering)
                else:
                    self._answered(identity, connection, frame, asking)
        except ConnectionResetError:
            pass
        finally:
            calling.cancel()
            for task in answering:
                task.cancel()
            self.connections.discard(ws)
            self.history.note("close", identity, connection=connection, code=ws.close_code or 1006)
        return ws

    def _called(
        self, ws: web.WebSocketResponse, identity: str, connection: str, frame: Any, answering: set[asyncio.Task[None]]
    ) -> None:
        """Into the books at once, in the order of arrival; then the answer."""
        _, message_id, action, payload = frame
        key, number = "", None
        if has_register(action):
            said = read(action, payload)
            key = said.key
            if action == "StartTransaction":
                number = self.books.number(identity, said.start)
            self.history.note(
                "recv",
                identity,
                connection=connection,
                id=message_id,
                key=key,
                number=said.number or (str(number) if number is not None else ""),
                seq=said.seq,
                at=said.at,
                start=said.start,
                action=action,
            )
        given = self._reply(message_id, action, payload, key, number)
        task = asyncio.create_task(self._send(ws, identity, message_id, key, given))
        answering.add(task)
        task.add_done_callback(answering.discard)

    def _reply(self, message_id: str, action: str, payload: Any, key: str, number: int | None) -> list[Any]:
        mood = self.mood
        if key and mood.error:
            return [[4, message_id, mood.error, "the backend is in a mood", {}]]
        right = [3, message_id, answer(action, payload, moment(int(time.time())), number)]
        if key and mood.wrong_id > 0:
            mood.wrong_id -= 1
            return [[3, "not-" + message_id[:20], right[2]]]
        if key and mood.twice > 0:
            mood.twice -= 1
            return [right, right]
        return [right]

    async def _send(
        self, ws: web.WebSocketResponse, identity: str, message_id: str, key: str, given: list[Any]
    ) -> None:
        await self.better.wait()
        if self.mood.late_seconds:
            await asyncio.sleep(self.mood.late_seconds)
        with suppress(ConnectionError):
            for frame in given:
                if key:
                    self.history.note("refuse" if frame[0] == 4 else "answer", identity, id=frame[1], key=key)
                await ws.send_str(_encode(frame).decode())

    async def _call(self, ws: web.WebSocketResponse, identity: str, connection: str, asking: dict[str, str]) -> None:
        with suppress(ConnectionError):
            while True:
                if not self.mood.calls_per_second or asking or identity.startswith("X"):  # strangers are not called
                    await asyncio.sleep(0.05)
                    continue
                message_id = f"b{self.run}-{next(self._calls)}"
                nonce = asking[message_id] = f"{identity}/{message_id}"
                self.history.note("call", identity, connection=connection, id=message_id, nonce=nonce)
                await ws.send_str(
                    _encode([2, message_id, "DataTransfer", {"vendorId": "soak", "data": nonce}]).decode()
                )
                await asyncio.sleep(1 / self.mood.calls_per_second)

    def _answered(self, identity: str, connection: str, frame: Any, asking: dict[str, str]) -> None:
        message_id = str(frame[1])
        nonce = asking.pop(message_id, None)
        if nonce is None:
            self.history.note("stray", identity, connection=connection, id=message_id)
            return
        got = frame[2].get("data") if frame[0] == 3 else None
        self.history.note("answered", identity, connection=connection, id=message_id, sent=nonce, got=got)

    async def orders(self) -> None:
        """From stdin until it ends: then the test is over and so are we."""
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            for name, value in json.loads(line).items():
                if name == "cut":
                    for ws in list(self.connections):
                        if (transport := ws._req and ws._req.transport) is not None:
                            transport.abort()
                setattr(self.mood, name, value)
            self.better.clear() if self.mood.stall else self.better.set()
            print("ok", flush=True)


def _refusal(status: int) -> web.HTTPException:
    class Refusal(web.HTTPException):
        status_code = status

    return Refusal(text="refused\n")


async def main(port: int, version: str, path: Path) -> None:
    past = load(path) if path.exists() else []
    history = History("backend", path)
    run = 1 + sum(event.kind == "started" for event in past)
    backend = Backend(version, history, Books(past), run)
    app = web.Application()
    app.router.add_get("/{tail:.*}", backend.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048, reuse_address=True).start()
    history.note("started")
    print("ok", flush=True)
    await backend.orders()


if __name__ == "__main__":
    logging.disable(logging.WARNING)  # aiohttp's, about subprotocols refused on purpose
    uvloop.run(main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
