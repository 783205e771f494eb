"""A TCP proxy that does what networks do: the eight toxics, switched from the test, between any two parts.

proxy = await Proxy.start(port)      # of the real part, on 127.0.0.1
proxy.toxics = [Latency(0.5)]        # counts for living connections too
proxy.toxics = []
await proxy.stop()
"""

import asyncio
import random
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar


@dataclass(frozen=True)
class Toxic:
    """`to`: which way it works, "up" to the real part, "down" from it, or "both"."""

    to: str = field(default="both", kw_only=True)


@dataclass(frozen=True)
class Latency(Toxic):
    seconds: float
    jitter: float = 0.0


@dataclass(frozen=True)
class Down(Toxic):
    """Nobody gets in and whoever is in gets out."""


@dataclass(frozen=True)
class Bandwidth(Toxic):
    bytes_per_second: float


@dataclass(frozen=True)
class SlowClose(Toxic):
    """The end of a connection is passed on this much later."""

    seconds: float


@dataclass(frozen=True)
class Timeout(Toxic):
    """Nothing arrives any more; after `seconds` the connection is closed, with 0 it stays open for ever (half-open)."""

    seconds: float = 0.0


@dataclass(frozen=True)
class ResetPeer(Toxic):
    """RST in place of what would have been sent."""

    seconds: float = 0.0


@dataclass(frozen=True)
class Slicer(Toxic):
    """In pieces of this size, with a pause in between."""

    size: int
    seconds: float = 0.0


@dataclass(frozen=True)
class LimitData(Toxic):
    """The connection ends when it has carried this many bytes."""

    size: int


T = TypeVar("T", bound=Toxic)

_LOOK = 0.02
"""How often a stopped direction looks whether it may go on."""


class _Pair:
    """One connection through the proxy."""

    def __init__(self, proxy: "Proxy", near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.proxy, self.near, self.far = proxy, near, far

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str) -> None:
        """One direction, until it ends."""
        carried = 0
        with suppress(ConnectionError, OSError):
            while data := await reader.read(65536):
                for latency in self.proxy.active(Latency, way):
                    await asyncio.sleep(max(0.0, latency.seconds + random.uniform(-latency.jitter, latency.jitter)))
                if not await self._passes(way):
                    return
                for limit in self.proxy.active(LimitData, way):
                    data = data[: max(0, limit.size - carried)]
                for piece, pause in self._pieces(data, way):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause)
                carried += len(data)
                if any(carried >= limit.size for limit in self.proxy.active(LimitData, way)):
                    break
            for slow in self.proxy.active(SlowClose, way):
                await asyncio.sleep(slow.seconds)
        self.close()

    async def _passes(self, way: str) -> bool:
        """Whether what was read may be written on; not before the toxics that hold it are gone."""
        for reset in self.proxy.active(ResetPeer, way):
            await asyncio.sleep(reset.seconds)
            self.reset()
            return False
        waited = 0.0
        while held := self.proxy.active(Timeout, way):
            if held[0].seconds and waited >= held[0].seconds:
                self.close()
                return False
            await asyncio.sleep(_LOOK)
            waited += _LOOK
        return True

    def _pieces(self, data: bytes, way: str) -> list[tuple[bytes, float]]:
        for slicer in self.proxy.active(Slicer, way):
            return [(data[at : at + slicer.size], slicer.seconds) for at in range(0, len(data), slicer.size)]
        for band in self.proxy.active(Bandwidth, way):
            step = max(1, int(band.bytes_per_second / 20))
            return [
                (data[at : at + step], len(data[at : at + step]) / band.bytes_per_second)
                for at in range(0, len(data), step)
            ]
        return [(data, 0.0)]

    def reset(self) -> None:
        for writer in (self.near, self.far):
            sock = writer.get_extra_info("socket")
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def close(self) -> None:
        self.near.close()
        self.far.close()


class Proxy:
    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.accepted = 0
        self._toxics: list[Toxic] = []
        self._pairs: dict[_Pair, list[asyncio.Task[None]]] = {}
        self._server: asyncio.Server | None = None

    @classmethod
    async def start(cls, target: int) -> "Proxy":
        proxy = cls(target)
        proxy._server = await asyncio.start_server(proxy._accept, "127.0.0.1", 0, backlog=2048)
        proxy.port = proxy._server.sockets[0].getsockname()[1]
        return proxy

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        tasks = [task for pair in self._pairs.values() for task in pair]
        for pair in list(self._pairs):
            pair.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def toxics(self) -> list[Toxic]:
        return self._toxics

    @toxics.setter
    def toxics(self, toxics: list[Toxic]) -> None:
        self._toxics = toxics
        if self.active(Down, "both"):
            for pair in list(self._pairs):
                pair.close()

    def cut(self) -> None:
        """RST to every living connection, now."""
        for pair in list(self._pairs):
            pair.reset()

    def active(self, kind: type[T], way: str) -> list[T]:
        return [toxic for toxic in self._toxics if isinstance(toxic, kind) and toxic.to in (way, "both")]

    async def _accept(self, reader: asyncio.StreamReader, near: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self.active(Down, "both"):
            near.close()
            return
        try:
            far_reader, far = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            near.close()
            return
        pair = _Pair(self, near, far)
        tasks = [
            asyncio.create_task(pair.carry(reader, far, "up")),
            asyncio.create_task(pair.carry(far_reader, near, "down")),
        ]
        self._pairs[pair] = tasks
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pairs.pop(pair, None)
