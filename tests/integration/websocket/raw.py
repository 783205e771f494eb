"""WebSocket peers made of octets: a station and a backend that write whatever they like."""

import asyncio
import base64
import hashlib
import os
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from tests.support import free_port

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True)
class Frames:
    """Builds frames as one of the two sides writes them: who dialled masks."""

    masked: bool

    def frame(
        self,
        opcode: int,
        payload: bytes = b"",
        *,
        fin: bool = True,
        reserved: int = 0,
        masked: bool | None = None,
        length: int | None = None,
        octets: int | None = None,
    ) -> bytes:
        """`length`: what the header says in place of the truth; `octets`: of the length field, 0, 2 or 8."""
        masked = self.masked if masked is None else masked
        said = len(payload) if length is None else length
        if octets is None:
            octets = 0 if said < 126 else 2 if said < 65536 else 8
        flag = {0: said, 2: 126, 8: 127}[octets]
        head = bytes((fin << 7 | reserved << 4 | opcode, masked << 7 | flag)) + (
            said.to_bytes(octets, "big") if octets else b""
        )
        if not masked:
            return head + payload
        mask = os.urandom(4)
        return head + mask + masking(mask, payload)

    def text(self, text: str | bytes, **options: object) -> bytes:
        return self.frame(TEXT, text.encode() if isinstance(text, str) else text, **options)  # type: ignore[arg-type]

    def close(self, code: int | None = None, reason: bytes = b"") -> bytes:
        return self.frame(CLOSE, (code.to_bytes(2, "big") if code is not None else b"") + reason)


def masking(mask: bytes, payload: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


class Peer:
    """One connection after its handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, masked: bool) -> None:
        self.reader, self.writer, self.frames = reader, writer, Frames(masked)
        self.extensions: str | None = None
        """What was agreed upon."""
        self.compressed = 0
        """Frames read that were."""

    async def write(self, *chunks: bytes) -> None:
        """Each chunk a segment of its own, as far as the machine lets it. A peer that has gone is not news here."""
        with suppress(OSError):
            for chunk in chunks:
                self.writer.write(chunk)
                await self.writer.drain()
                if len(chunks) > 1:
                    await asyncio.sleep(0)

    async def read(self) -> tuple[int, bytes]:
        """The next frame: opcode and payload. Raises EOFError or OSError at the end."""
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size > 125:
            size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
        assert bool(second & 0x80) is not self.frames.masked, "the gateway's frames have the wrong mask bit"
        mask = await self.reader.readexactly(4) if second & 0x80 else b"\0\0\0\0"
        payload = masking(mask, await self.reader.readexactly(size))
        if first & 0x70:
            assert first == 0xC1, "only a whole text may be compressed"
            assert self.extensions is not None, "nothing is compressed where it was not agreed upon"
            self.compressed += 1
            payload = zlib.decompressobj(-15).decompress(payload + b"\x00\x00\xff\xff")
        return first & 0x0F, payload

    async def close_code(self, seconds: float = 10.0) -> int:
        """The code of the close frame; 1005: it held none; 1006: there was none."""
        with suppress(EOFError, OSError):
            async with asyncio.timeout(seconds):
                while True:
                    opcode, payload = await self.read()
                    if opcode == CLOSE:
                        return int.from_bytes(payload[:2], "big") if payload else 1005
        return 1006

    def cut(self) -> None:
        self.writer.transport.abort()


async def station(
    port: int,
    identity: str,
    subprotocol: str = "ocpp1.6",
    extra: bytes = b"",
    connection: socket.socket | None = None,
    offer: str | None = None,
) -> Peer:
    """A station's connection; `extra` follows the handshake in the same segment. `connection`: one that is there;
    `offer`: extensions."""
    if connection is not None:
        reader, writer = await asyncio.open_connection(sock=connection)
    else:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = [
        f"GET /{identity} HTTP/1.1",
        "Host: x",
        "Connection: Upgrade",
        "Upgrade: websocket",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {subprotocol}",
        *([f"Sec-WebSocket-Extensions: {offer}"] if offer is not None else []),
    ]
    writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode() + extra)
    answer = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in answer.splitlines()[0], answer
    headers = dict(line.lower().split(": ", 1) for line in answer.decode().split("\r\n") if ": " in line)
    peer = Peer(reader, writer, masked=True)
    peer.extensions = headers.get("sec-websocket-extensions")
    assert offer or peer.extensions is None, "nothing is agreed upon that was not offered"
    return peer


class Backend:
    """A CSMS made of octets. `arrived` gives its connections, in order, by the identity dialled."""

    def __init__(self, subprotocol: str = "ocpp1.6") -> None:
        self.port = free_port()
        self.subprotocol = subprotocol
        self.subprotocols = (subprotocol,)
        self.peers: dict[str, asyncio.Future[Peer]] = {}

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp"

    def arrived(self, identity: str) -> "asyncio.Future[Peer]":
        return self.peers.setdefault(identity, asyncio.get_running_loop().create_future())

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Backend"]:
        server = await asyncio.start_server(self._handle, "127.0.0.1", self.port, backlog=500)
        try:
            yield self
        finally:
            server.close()
            for peer in self.peers.values():
                if peer.done():
                    peer.result().cut()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        key = next(line.split(": ", 1)[1] for line in lines if line.lower().startswith("sec-websocket-key"))
        assert "sec-websocket-extensions" not in headers
        accept = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {self.subprotocol}\r\n\r\n".encode()
        )
        self.arrived(lines[0].split(" ")[1].rsplit("/", 1)[1]).set_result(Peer(reader, writer, masked=False))
