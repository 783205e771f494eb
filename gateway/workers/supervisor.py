"""Starts the workers, and starts one again that ended by itself."""

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import structlog

from gateway.config import Bind, Config
from gateway.errors import StartError
from gateway.lines import Lines
from gateway.signals import let_go
from gateway.workers.front import Front
from gateway.workers.worker import Worker

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
_STEADY_SECONDS = 60.0
_BACKLOG = 1024


class Supervisor:
    """One process for `count` workers, each with a listening socket of its own at the same address: the kernel deals
    connections out among them. The sockets are held here, so that what waits at a worker that died waits for its
    successor, and nobody is refused."""

    def __init__(self, config: Config, count: int, command: list[str], lines: Lines) -> None:
        """`command` starts a gateway process that takes its part from the environment. `lines`: where its log goes."""
        self._last_words = lines.stop
        self._config = config
        self._count = count
        self._command = command
        self._folder = Path(tempfile.mkdtemp(prefix="ocpp-gateway-"))
        self._sockets: list[list[socket.socket]] = []
        self._lifeline = os.pipe()
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self._front = Front(lambda: [self._admin(number) for number in sorted(self._processes)], count)
        self._stopping = asyncio.Event()
        self._failed: int | None = None
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("supervisor")

    async def run(self) -> None:
        """Until SIGTERM or SIGINT and the end of all workers. Raises StartError."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._terminate)
        loop.add_signal_handler(signal.SIGHUP, self._tell, signal.SIGHUP)
        try:
            if wrong := [*await self._open_front(), *self._listen()]:
                raise StartError(wrong)
            await asyncio.gather(*(self._keep(number) for number in range(self._count)))
        finally:
            await self._front.close()
            for one in [one for sockets in self._sockets for one in sockets]:
                one.close()
            for end in self._lifeline:
                os.close(end)
            shutil.rmtree(self._folder, ignore_errors=True)
            let_go(self._last_words)
        if self._failed is not None:
            raise StartError(f"a worker could not start (exit code {self._failed})")

    def _listen(self) -> list[str]:
        """Which addresses cannot be had, a line each."""
        wrong = []
        for listener in self._config.listeners:
            try:
                first = _listening(listener.bind.host, listener.bind.port)
                host, port, *_ = first.getsockname()
                self._sockets.append([first, *(_listening(host, port) for _ in range(1, self._count))])
            except OSError as error:
                wrong.append(f"listener {listener.bind}: {error.strerror or error}")
            else:
                self._logger.info("listener_listens", address=f"{host}:{port}", tls=listener.tls is not None)
        return wrong

    async def _open_front(self) -> list[str]:
        """The same of the admin address."""
        bind: Bind = self._config.admin.bind
        try:
            host, port = await self._front.open(bind)
        except OSError as error:
            return [f"admin {bind}: {error.strerror or error}"]
        self._logger.info("admin_listens", address=f"{host}:{port}")
        return []

    async def _keep(self, number: int) -> None:
        """One worker's place: somebody is in it until the tree stops."""
        pause = _FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            began = loop.time()
            try:
                worker, process = await self._start(number)
            except OSError as error:  # no process or no memory to be had just now
                self._logger.error("worker_not_started", worker=number, error=str(error))
                await self._rest(pause)
                continue
            if self._stopping.is_set():  # while it was being started
                process.terminate()
            code = await process.wait()
            del self._processes[number]
            if self._stopping.is_set():
                return
            lived = loop.time() - began
            if code in (1, 2) and not worker.ready_path.exists():
                # It could not start, and would not the next time: it has said why.
                self._failed = code
                return self._terminate()
            self._admin(number).unlink(missing_ok=True)
            pause = _FIRST_PAUSE if lived > _STEADY_SECONDS else min(2 * pause, _LONGEST_PAUSE)
            self._logger.error("worker_died", worker=number, code=code, again_in_seconds=pause)
            self._front.restarts += 1
            await self._rest(pause)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _start(self, number: int) -> tuple[Worker, asyncio.subprocess.Process]:
        listeners = tuple(sockets[number].fileno() for sockets in self._sockets)
        worker = Worker(number, listeners, str(self._admin(number)), self._lifeline[0])
        process = self._processes[number] = await asyncio.create_subprocess_exec(
            *self._command,
            env={**os.environ, **worker.environment()},
            pass_fds=(*listeners, self._lifeline[0]),
            stdin=asyncio.subprocess.DEVNULL,
        )
        self._logger.info("worker_started", worker=number, pid=process.pid)
        return worker, process

    def _admin(self, number: int) -> Path:
        return self._folder / f"worker-{number}.sock"

    def _terminate(self) -> None:
        self._front.draining = True
        self._stopping.set()
        self._tell(signal.SIGTERM)

    def _tell(self, name: signal.Signals) -> None:
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(name)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((host, port))
        one.listen(_BACKLOG)
        one.setblocking(False)
    except OSError:
        one.close()
        raise
    return one


def command_of(arguments: list[str]) -> list[str]:
    """How to start this program again with these arguments."""
    return [sys.executable, "-m", "gateway", *arguments]
