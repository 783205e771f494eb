"""Real Redis servers for a soak: one that can be killed, emptied and stopped, and two behind three Sentinels."""

import asyncio
import signal
from pathlib import Path

from tests.soak.history import History
from tests.soak.parts import READY_SECONDS, Part
from tests.support import free_port


class Redis(Part):
    """A redis-server that keeps nothing on disk unless told to."""

    name = "redis"
    first: tuple[str, ...] = ()
    """What stands before all options: a Sentinel's file."""

    def __init__(self, history: History, folder: Path, *options: str) -> None:
        super().__init__(history)
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.folder, self.options = free_port(), folder, options

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *("redis-server", *self.first),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), *self.options),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(READY_SECONDS):
            while await self._pong() is False:
                await asyncio.sleep(0.05)

    async def _pong(self) -> bool:
        try:
            return await self.command("PING") == b"+PONG\r\n"
        except OSError:
            return False

    async def command(self, *words: str) -> bytes:
        """One command, its whole short answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            parts = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
            writer.write(f"*{len(words)}\r\n{parts}".encode())
            async with asyncio.timeout(5):
                return await reader.read(65536)
        finally:
            writer.close()

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self._signal(signal.SIGKILL)
            await self.process.wait()


class Sentinels:
    """A master, a replica and three Sentinels that notice a silence of a second."""

    def __init__(self, history: History, folder: Path) -> None:
        self.history, self.folder = history, folder
        self.servers: list[Redis] = []
        self.sentinels: list[Redis] = []

    @property
    def url(self) -> str:
        return f"redis+sentinel://{','.join(f'127.0.0.1:{one.port}' for one in self.sentinels)}/soak/0"

    async def start(self) -> None:
        common = ("--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0")
        master = Redis(self.history, self.folder / "redis1", *common)
        replica = Redis(self.history, self.folder / "redis2", *common, "--replicaof", "127.0.0.1", str(master.port))
        self.servers = [master, replica]
        for server in self.servers:
            await server.start()
        for number in range(3):
            sentinel = Redis(self.history, self.folder / f"sentinel{number}")
            file = sentinel.folder / "sentinel.conf"
            file.write_text(
                f"sentinel monitor soak 127.0.0.1 {master.port} 2\n"
                "sentinel down-after-milliseconds soak 1000\nsentinel failover-timeout soak 4000\n"
            )
            sentinel.first = (str(file), "--sentinel")
            self.sentinels.append(sentinel)
            await sentinel.start()
        async with asyncio.timeout(READY_SECONDS):
            while not all([await self._knows_all(sentinel) for sentinel in self.sentinels]):
                await asyncio.sleep(0.1)

    async def _knows_all(self, sentinel: Redis) -> bool:
        words = (await sentinel.command("SENTINEL", "MASTER", "soak")).decode().split("\r\n")
        told = dict(zip(words[2::4], words[4::4], strict=False))
        return (told.get("num-slaves"), told.get("num-other-sentinels"), told.get("flags")) == ("1", "2", "master")

    async def master(self) -> Redis:
        """Whom the first Sentinel names."""
        answer = await self.sentinels[0].command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "soak")
        return next(server for server in self.servers if str(server.port).encode() in answer)

    async def stop(self) -> None:
        for part in (*self.sentinels, *self.servers):
            await part.stop()
