"""Real parts for tests: the gateway as a process, CSMSs and stations over the `websockets` package."""

import asyncio
import json
import os
import random
import signal
import socket
import ssl
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from gateway import certificates

Frame = list[Any]
Answer = Callable[[Frame], Any]


_chance = random.SystemRandom()  # hypothesis seeds the other one
_given: set[int] = set()
_PLACE = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PLACES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def free_port() -> int:
    """A port nobody listens on, below those that the kernel gives to connections: one of those could be taken by any
    connection of the machine before the program that is to listen on it has begun to. Test processes that run side by
    side have ports of their own: another could choose the same one in that moment."""
    while True:
        port = _chance.randrange(12_000, 32_000)
        if port in _given or port % _PLACES != _PLACE:
            continue
        _given.add(port)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def read(text: str) -> Frame:
    """A frame, whatever it holds: Python itself takes no byte order mark and no integer of thousands of digits."""
    frame: Frame = json.loads(text.removeprefix("\ufeff"), parse_int=lambda digits: int(digits[:4000]))
    return frame


class Csms:
    """A CSMS that records every text and answers calls with `answer(frame)`: a payload, a whole frame (list), or None
    for silence."""

    def __init__(self, answer: Answer | None = None, subprotocols: tuple[str, ...] = ("ocpp1.6",)) -> None:
        self.answer = answer or (lambda frame: {})
        self.subprotocols = subprotocols
        self.port = free_port()
        self.texts: list[str] = []
        self.requests: list[Request] = []
        self.closes: list[int] = []
        self.connections: list[ServerConnection] = []
        self.refuse: int | None = None
        self.came = asyncio.Event()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ocpp"

    @property
    def frames(self) -> list[Frame]:
        return [read(text) for text in self.texts]

    def calls(self, action: str) -> list[Any]:
        return [frame[3] for frame in self.frames if frame[0] == 2 and frame[2] == action]

    async def send(self, frame: Frame | str) -> None:
        await self.connections[-1].send(frame if isinstance(frame, str) else json.dumps(frame))

    async def wait(self, condition: Callable[[], Any], seconds: float = 5.0) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                self.came.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self.came.wait()
                except TimeoutError:
                    continue
            return found

    async def _handle(self, ws: ServerConnection) -> None:
        self.connections.append(ws)
        if ws.request is not None:
            self.requests.append(ws.request)
        self.came.set()
        try:
            async for text in ws:
                self.texts.append(str(text))
                self.came.set()
                frame = read(str(text))
                if frame[0] == 2:
                    given = self.answer(frame)
                    if isinstance(given, Awaitable):
                        given = await given
                    if given is not None:
                        reply = given if isinstance(given, list) else [3, frame[1], given]
                        await ws.send(json.dumps(reply))
        except ConnectionClosed:
            pass
        finally:
            self.closes.append(ws.close_code or 1006)
            self.came.set()

    def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(self.refuse, "refused\n") if self.refuse is not None else None

    @asynccontextmanager
    async def running(self, ssl: ssl.SSLContext | None = None) -> AsyncIterator["Csms"]:
        subprotocols = [Subprotocol(name) for name in self.subprotocols]
        async with serve(
            self._handle,
            "127.0.0.1",
            self.port,
            subprotocols=subprotocols,
            process_request=self._process_request,
            max_size=None,
            compression=None,
            ssl=ssl,
        ):
            yield self


class Gateway:
    """`python -m gateway run` as a process."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, admin: int, ca: Path | None) -> None:
        self.process, self.port, self.admin, self.ca = process, port, admin, ca
        self.log: list[str] = []

    def url(self, path: str = "/CP-1") -> str:
        return f"{'wss' if self.ca else 'ws'}://localhost:{self.port}{path}"

    def tls(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca) if self.ca else None

    async def station(self, path: str = "/CP-1", subprotocol: str = "ocpp1.6", **options: Any) -> ClientConnection:
        """A station's connection. Raises what `websockets` raises for a refused handshake."""
        options.setdefault("subprotocols", [Subprotocol(subprotocol)])
        options.setdefault("compression", None)
        return await connect(self.url(path), ssl=self.tls(), max_size=None, **options)

    async def get(self, path: str) -> tuple[int, str]:
        return await self.request("GET", path)

    async def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """The admin address's answer; `body` is sent as JSON."""

        def fetch() -> tuple[int, str]:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.admin}{path}",
                data,
                {"Content-Type": "application/json", **(headers or {})},
                method=method,
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()

        return await asyncio.to_thread(fetch)

    async def api(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The admin API's answer under its prefix, as JSON."""
        status, text = await self.request(method, f"/api/v1{path}", body, headers)
        return status, json.loads(text)

    async def metric(self, series: str) -> float:
        """The value of one series as it stands in the exposition, 0 when it is not there."""
        _, page = await self.get("/metrics")
        for line in page.splitlines():
            if line.startswith(series + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def events(self, name: str) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.log if line.startswith("{")]
        return [event for event in found if event.get("event") == name]

    async def told(self, name: str, number: int = 1, seconds: float = 10.0) -> list[dict[str, Any]]:
        """The events of this name, once there are so many: lines are written a moment after what they tell of."""
        async with asyncio.timeout(seconds):
            while len(found := self.events(name)) < number:
                await asyncio.sleep(0.01)
        return found

    async def _read_log(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.log.append(line.decode())


def configuration(*backends: tuple[str, Csms], **more: Any) -> dict[str, Any]:
    """A configuration with these backends and one route to the first; `more` replaces top-level keys."""
    return {
        "listeners": [{"bind": "127.0.0.1:0", "auth": "none"}],
        "backends": {
            name: {"url": csms.url, "subprotocols": list(csms.subprotocols), "auth": "none"} for name, csms in backends
        },
        "routes": [{"backend": backends[0][0]}],
        "store": "memory:",
        "log": {"format": "json"},
        **more,
    }


@asynccontextmanager
async def gateway(
    folder: Path,
    config: dict[str, Any],
    *,
    tls: bool = False,
    loop: str = "uvloop",
    admin: dict[str, Any] | None = None,
    workers: int = 1,
) -> AsyncIterator[Gateway]:
    """The gateway running with this configuration; it must stop cleanly and log no traceback."""
    port, admin_port = free_port(), free_port()
    listener = config["listeners"][0]
    listener["bind"] = f"127.0.0.1:{port}"
    config["admin"] = {"bind": f"127.0.0.1:{admin_port}", **(admin or {})}
    ca = None
    if tls:
        certificates_folder = folder / "certs"
        if not certificates_folder.exists():
            certificates.init_ca(certificates_folder)
            certificates.issue_server(certificates_folder, ["localhost", "127.0.0.1"])
        ca = certificates_folder / "ca.crt"
        listener["tls"] = {
            "certificate": str(certificates_folder / "server.crt"),
            "key": str(certificates_folder / "server.key"),
        }
    path = folder / "gateway.yaml"
    path.write_text(yaml.safe_dump(config))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "gateway", "run", "-c", str(path), "--loop", loop, "--workers", str(workers)),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONASYNCIODEBUG": ""},
    )
    running = Gateway(process, port, admin_port, ca)
    reading = asyncio.create_task(running._read_log())
    try:
        await _until_ready(running)
        yield running
    finally:
        if process.returncode is None:
            # Not by `process.send_signal`: that polls first, and the event loop would not learn how one that was
            # killed has ended.
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
        try:
            async with asyncio.timeout(20):
                await process.wait()
        except TimeoutError:
            process.kill()
            raise AssertionError("the gateway did not stop:\n" + "".join(running.log)) from None
        finally:
            await reading
    log = "".join(running.log)
    assert "Traceback" not in log, log
    assert process.returncode in (0, -signal.SIGKILL), log


async def _until_ready(running: Gateway) -> None:
    async with asyncio.timeout(45):
        while True:
            if running.process.returncode is not None:
                await asyncio.sleep(0.1)
                raise AssertionError("the gateway did not start:\n" + "".join(running.log))
            try:
                status, _ = await running.get("/readyz")
            except OSError:
                status = 0
            if status == 200:
                return
            await asyncio.sleep(0.05)


def rss(pid: int) -> int:
    """Resident memory of a process, KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


async def closed(ws: ClientConnection, seconds: float = 10.0) -> tuple[int, str]:
    """The close code and reason a peer gave, frames before it passed over."""
    async with asyncio.timeout(seconds):
        try:
            while True:
                await ws.recv()
        except ConnectionClosed as gone:
            received = gone.rcvd
            return (received.code, received.reason) if received is not None else (1006, "")


async def ask(ws: ClientConnection, frame: Frame, seconds: float = 5.0) -> Frame:
    """Send one call and give back the answer to it; other frames are passed over."""
    await ws.send(json.dumps(frame))
    async with asyncio.timeout(seconds):
        while True:
            answer: Frame = json.loads(await ws.recv())
            if answer[0] in (3, 4) and answer[1] == frame[1]:
                return answer
