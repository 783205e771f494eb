"""The mock CSMS: plain ws, ocpp1.6 and ocpp2.0.1, every CALL answered at once with a valid CALLRESULT.

`python -m tests.bench.csms [--core N] [--port N]` answers `{"port": N}`, and then on each line it reads on stdin with what
came since the line before. Several may share a port.
"""

import argparse
import asyncio
import gc
import json
from collections import Counter
from typing import Any, cast

import uvloop

from tests.bench.frames import CLOSE, PING, PONG, TEXT, Reader, build, headers, peek, upgrade_answer
from tests.bench.machine import pin, raise_file_limit
from tests.bench.peer import Answer, answer, obey

_HEAD = 64  # bytes that hold an id of 36 characters and the actions that come often
NOW = "2026-01-01T00:00:00Z"
ACCEPTED_TAG = {"idTagInfo": {"status": "Accepted"}}
ACCEPTED_TOKEN = {"idTokenInfo": {"status": "Accepted"}}
BOOT = {"status": "Accepted", "currentTime": NOW, "interval": 300}
# What is not listed here is answered with an empty payload, which is right for everything else a station sends.
ANSWERS: dict[bytes, dict[bytes, dict[str, Any]]] = {
    b"ocpp1.6": {
        b"BootNotification": BOOT,
        b"Heartbeat": {"currentTime": NOW},
        b"Authorize": ACCEPTED_TAG,
        b"StopTransaction": ACCEPTED_TAG,
        b"DataTransfer": {"status": "Accepted"},
    },
    b"ocpp2.0.1": {
        b"BootNotification": BOOT,
        b"Heartbeat": {"currentTime": NOW},
        b"Authorize": ACCEPTED_TOKEN,
        b"DataTransfer": {"status": "Accepted"},
    },
}


class Tally:
    """What reached the CSMS: counts by subprotocol and action, and as text one CALL of each that was the first of its
    kind on its connection, and one that was not (a transaction's later events differ from its first)."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[bytes, bytes]] = Counter()
        self.samples: dict[tuple[bytes, bytes, bool], str] = {}
        self.transactions = 0

    def report(self) -> dict[str, Any]:
        """`{"calls": {"ocpp1.6 Heartbeat": n}, "samples": [["ocpp1.6", text]]}`; starts again from nothing."""
        answer = {
            "calls": {b" ".join(key).decode(): count for key, count in self.calls.items()},
            "samples": [[key[0].decode(), text] for key, text in self.samples.items()],
        }
        self.calls.clear()
        self.samples.clear()
        return answer


class CsmsConnection(asyncio.Protocol):
    """One station's connection at the CSMS."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._reader = Reader()
        self._head: bytes | None = b""
        self._subprotocol = b""
        self._answers: dict[bytes, bytes] = {}
        self._met: Counter[bytes] = Counter()  # by action, until it needs no more looking at
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        if self._head is not None:
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            if not end:
                self._head = head
                return
            self._head = None
            self._upgrade(head)
        elif self._reader.idle and (start := peek(data, _HEAD)):
            parts = start.split(b'"', 4)  # [2,"id","Action",...
            if len(parts) == 5 and self._met[parts[3]] > 1:
                self._answer(parts[1], parts[3])
                return
        for opcode, payload in self._reader.feed(data):
            if opcode == TEXT:
                self._message(payload)
            elif opcode == PING:
                self._transport.write(build(payload, opcode=PONG))
            elif opcode == CLOSE:
                self._transport.write(build(payload, opcode=CLOSE))
                self._transport.close()

    def _upgrade(self, head: bytes) -> None:
        fields = headers(head)
        offered = [name.strip() for name in fields.get(b"sec-websocket-protocol", b"").split(b",")]
        self._subprotocol = next((name for name in offered if name in ANSWERS), b"")
        if not self._subprotocol:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._transport.close()
            return
        table = ANSWERS[self._subprotocol]
        self._answers = {action: json.dumps(payload).encode() for action, payload in table.items()}
        self._tally.transactions += 1
        if self._subprotocol == b"ocpp1.6":
            start = {"transactionId": self._tally.transactions, **ACCEPTED_TAG}
            self._answers[b"StartTransaction"] = json.dumps(start).encode()
        else:
            # The first event of a transaction carries the idToken and has a right to an idTokenInfo; the rest do not.
            self._answers[b"TransactionEvent"] = json.dumps(ACCEPTED_TOKEN).encode()
        self._transport.write(upgrade_answer(fields[b"sec-websocket-key"], self._subprotocol))

    def _message(self, payload: bytes) -> None:
        """A message looked at whole: the first two of an action on this connection, or one that came in pieces."""
        parts = payload.split(b'"', 4)
        if len(parts) < 5 or b"2" not in parts[0]:
            return
        action = parts[3]
        self._tally.samples.setdefault((self._subprotocol, action, self._met[action] > 0), payload.decode())
        self._met[action] += 1
        self._answer(parts[1], action)

    def _answer(self, identifier: bytes, action: bytes) -> None:
        self._tally.calls[self._subprotocol, action] += 1
        self._transport.write(build(b'[3,"%b",%b]' % (identifier, self._answers.get(action, b"{}"))))
        if action == b"TransactionEvent":
            self._answers[action] = b"{}"


async def serve(tally: Tally, port: int = 0) -> asyncio.Server:
    """The CSMS on this port of 127.0.0.1, or on a free one."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: CsmsConnection(tally), "127.0.0.1", port, backlog=4096, reuse_port=True)


async def _run(port: int) -> None:
    tally = Tally()
    server = await serve(tally, port)
    answer({"port": server.sockets[0].getsockname()[1]})

    async def report(_: Answer) -> Answer:
        return tally.report()

    await obey(report)


def main() -> None:
    """`python -m tests.bench.csms`."""
    parser = argparse.ArgumentParser(prog="tests.bench.csms", description=__doc__)
    parser.add_argument("--core", type=int, default=None)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    pin(options.core)
    raise_file_limit()
    gc.disable()  # nothing here makes cycles worth a pause in somebody else's p99
    uvloop.run(_run(options.port))


if __name__ == "__main__":
    main()
