"""The processes of a soak: gateway nodes and a backend. Each can be killed, stopped and started again where it was."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from tests.soak.history import Event, History, load
from tests.support import Gateway, free_port

READY_SECONDS = 30.0


class Part:
    """A process that comes back at the same place."""

    name = "part"

    def __init__(self, history: History) -> None:
        self.history = history
        self.process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def _signal(self, number: int) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def kill(self) -> None:
        """kill -9, and gone when this returns."""
        assert self.process is not None
        self._signal(signal.SIGKILL)
        await self.process.wait()
        self.history.note("killed", who=self.name)

    def pause(self) -> None:
        """SIGSTOP: the kernel goes on taking what is sent to it, nobody answers."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)


class Node(Part):
    """A gateway, at one address with one configuration."""

    name = "gateway"

    def __init__(
        self, history: History, folder: Path, config: dict[str, Any], environment: Mapping[str, str] | None = None
    ) -> None:
        """`environment`: more of it for the process."""
        super().__init__(history)
        folder.mkdir(parents=True, exist_ok=True)
        self._environment = environment or {}
        self._scheme = "wss" if "tls" in config["listeners"][0] else "ws"
        self.port, self.admin = free_port(), free_port()
        config["listeners"][0]["bind"] = f"127.0.0.1:{self.port}"
        config["admin"] = {"bind": f"127.0.0.1:{self.admin}"}
        self.path = folder / "gateway.yaml"
        self.path.write_text(yaml.safe_dump(config))
        self.log: list[str] = []
        self._running: Gateway | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def running(self) -> Gateway:
        """The process that runs now."""
        assert self._running is not None
        return self._running

    async def start(self) -> None:
        """Raises AssertionError when it does not become ready."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "gateway", "run", "-c", str(self.path)),
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONASYNCIODEBUG": "", **self._environment},
        )
        self._running = Gateway(self.process, self.port, self.admin, None)
        self._running.log = self.log
        self._reading = asyncio.create_task(self._running._read_log())
        async with asyncio.timeout(READY_SECONDS):
            while await self._status() != 200:
                assert self.process.returncode is None, "the gateway did not start:\n" + "".join(self.log)
                await asyncio.sleep(0.05)

    async def _status(self) -> int:
        try:
            return (await self.running.get("/readyz"))[0]
        except OSError:
            return 0

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.wake()
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(20):
                    await self.process.wait()
            except TimeoutError:
                self.history.note("leak", where="gateway", text="it did not stop on SIGTERM")
                await self.kill()
        if self._reading is not None:
            await self._reading

    def usage(self) -> dict[str, float]:
        """Resident memory in MiB and open descriptors, as the kernel counts them."""
        status = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        return {"rss_mib": rss / 1024, "fds": float(len(os.listdir(f"/proc/{self.pid}/fd")))}

    async def series(self) -> float:
        """How many time series it exposes."""
        _, page = await self.running.get("/metrics")
        return float(sum(not line.startswith("#") for line in page.splitlines()))


class BackendProcess(Part):
    """tests.soak.backend."""

    name = "backend"

    def __init__(self, history: History, folder: Path, version: str) -> None:
        super().__init__(history)
        self.port, self.version, self.path = free_port(), version, folder / "backend.jsonl"

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.soak.backend", str(self.port), self.version, str(self.path)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        await self._ok()

    async def set(self, **mood: Any) -> None:
        """Change its mood (tests.soak.backend.Mood)."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(mood).encode() + b"\n")
        await self.process.stdin.drain()
        await self._ok()

    async def _ok(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        async with asyncio.timeout(READY_SECONDS):
            line = await self.process.stdout.readline()
        assert line == b"ok\n", f"the backend said {line!r}"

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self._signal(signal.SIGKILL)
            await self.process.wait()

    def events(self) -> list[Event]:
        return load(self.path) if self.path.exists() else []
