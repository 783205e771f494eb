"""The gateway as an operator runs it: files in a directory, a process of its own, a signal at the end."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from gateway import certificates

_READY_SECONDS = 15.0
_STOP_SECONDS = 10.0
_LAST_LINES = 12


class GatewayError(Exception):
    """The gateway did not start, or died; `lines` are the last of its log."""

    def __init__(self, what: str, lines: list[str]) -> None:
        super().__init__(what)
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Setup:
    """The files a gateway is started with, and where it will be reached."""

    config: Path
    log: Path
    ca: Path
    listener_url: str
    admin_url: str


@dataclass(frozen=True, slots=True)
class Gateway:
    """A running gateway."""

    process: asyncio.subprocess.Process
    setup: Setup

    def last_lines(self) -> list[str]:
        """The end of its log."""
        return self.setup.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]

    def complaints(self) -> list[str]:
        """The last warnings and errors of its log."""
        found = [line for line in self.setup.log.read_text(errors="replace").splitlines() if _is_complaint(line)]
        return found[-_LAST_LINES:]

    def check(self) -> None:
        """Raises GatewayError when the process has ended."""
        code = self.process.returncode
        if code is not None:
            how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"
            raise GatewayError(f"the gateway {how}", self.last_lines())

    async def metrics(self) -> str:
        """The page at `/metrics`. Raises GatewayError."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session,
                session.get(f"{self.setup.admin_url}/metrics") as response,
            ):
                response.raise_for_status()
                return await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.check()
            raise GatewayError(f"{self.setup.admin_url}/metrics: {error}", self.last_lines()) from None


def write_files(
    directory: Path,
    backends: Mapping[str, tuple[str, str]],
    routes: Sequence[Mapping[str, Any]],
    stations: Mapping[str, Any] | None = None,
) -> Setup:
    """Certificates and `gateway.yaml` in `directory`. `backends`: name -> (URL, subprotocol); `routes` as in the
    configuration; `stations`: the stations file, if there is to be one.

    Raises OSError.
    """
    authority = certificates.init_ca(directory / "certs")
    issued = certificates.issue_server(directory / "certs", ["localhost", "127.0.0.1"])
    listener, admin = (f"127.0.0.1:{port}" for port in _free_ports(2))
    config: dict[str, Any] = {
        "listeners": [
            {
                "bind": listener,
                "subprotocols": ["ocpp2.0.1", "ocpp1.6"],
                "tls": {"certificate": _within(issued.certificate, directory), "key": _within(issued.key, directory)},
                "auth": "forward",
            }
        ],
        "backends": {
            name: {"url": url, "subprotocols": [subprotocol], "auth": "forward"}
            for name, (url, subprotocol) in backends.items()
        },
        "routes": list(routes),
        "store": "sqlite:gateway.db",
        "admin": {"bind": admin},
        "drain": {"seconds": 2},
        "log": {"format": "json"},
    }
    if stations:
        (directory / "stations.yaml").write_text(yaml.safe_dump(dict(stations), sort_keys=False))
        config["stations_file"] = "stations.yaml"
    path = directory / "gateway.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    url, log = f"wss://{listener}/ocpp", directory / "gateway.log"
    return Setup(path, log, authority.certificate, url, f"http://{admin}")


@asynccontextmanager
async def running(setup: Setup) -> AsyncIterator[Gateway]:
    """Starts it, waits until it is ready, and stops it by SIGTERM at the end. Raises GatewayError."""
    with setup.log.open("wb") as log:
        # A session of its own: Ctrl-C on the terminal is for the demo, which then stops the gateway in order.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "run", "-c", str(setup.config)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    gateway = Gateway(process, setup)
    try:
        await _until_ready(gateway)
        yield gateway
        gateway.check()
    finally:
        await _stop(process)


async def _until_ready(gateway: Gateway) -> None:
    deadline = asyncio.get_running_loop().time() + _READY_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(2)) as session:
        while asyncio.get_running_loop().time() < deadline:
            gateway.check()
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(f"{gateway.setup.admin_url}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)
    raise GatewayError(f"the gateway was not ready within {_READY_SECONDS:g} s", gateway.last_lines())


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_ports(count: int) -> list[int]:
    """Held open together, so that they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(held.getsockname()[1]) for held in sockets]
    for held in sockets:
        held.close()
    return ports


def _within(path: Path, directory: Path) -> str:
    return str(path.relative_to(directory))


def _is_complaint(line: str) -> bool:
    try:
        return json.loads(line).get("level") not in ("debug", "info")
    except (ValueError, AttributeError):
        # Not of its logger: a traceback, a warning of the interpreter.
        return True
