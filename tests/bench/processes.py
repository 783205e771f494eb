"""Proxies as processes: started on a core, ready, and in the end gone."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.bench.certificates import Certificates
from tests.bench.machine import cpu_seconds, family, pss_kib
from tests.bench.peer import RowError

_READY_SECONDS = 20.0
_LOOK_SECONDS = 0.005
_GONE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Site:
    """Where a proxy is put: a directory of its own, the CSMS it dials, its certificates, its core (None: any), how many
    processes it may be, and what it keeps its state in."""

    directory: Path
    csms: str
    certificates: Certificates
    core: int | None
    workers: int = 1
    store: str = "memory:"


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that takes stations at `url`; `pid` is None if there is no proxy at all. `admin`: where a gateway tells of
    itself. `ready_seconds`: from its start until it was ready."""

    url: str
    pid: int | None
    admin: str | None = None
    ready_seconds: float = 0.0

    def cpu(self) -> float:
        """Seconds of processor time so far, children included. Raises RowError: it is gone."""
        assert self.pid
        try:
            return cpu_seconds(family(self.pid))
        except OSError as error:
            raise RowError("it died while it was measured") from error

    def memory(self) -> float:
        """KiB, proportional set size, children included. Raises RowError: it is gone."""
        assert self.pid
        try:
            return pss_kib(family(self.pid))
        except OSError as error:
            raise RowError("it died while it was measured") from error

    def metrics(self) -> str:
        """A gateway's page of metrics. Raises RowError."""
        try:
            with urllib.request.urlopen(f"{self.admin}/metrics", timeout=30) as page:
                return str(page.read().decode())
        except (OSError, urllib.error.URLError) as error:
            raise RowError(f"its metrics cannot be read: {error}") from error

    def stations(self) -> int:
        """Stations connected to a gateway now. Raises RowError."""
        found = re.findall(r"^ocpp_gateway_stations_connected\{[^}]*\} (\S+)$", self.metrics(), re.M)
        return int(sum(map(float, found)))

    def await_empty(self) -> None:
        """Until a gateway has no station any more. Raises RowError."""
        end = time.monotonic() + _GONE_SECONDS
        while self.stations():
            if time.monotonic() > end:
                raise RowError("the gateway keeps stations that have gone")
            time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Launch:
    """How one is started: the command, where stations come to, how one knows that it is ready."""

    command: list[str]
    url: str
    ready: Callable[[], bool]
    admin: str | None = None


@contextmanager
def running(launch: Launch, site: Site) -> Iterator[Running]:
    """Started, ready, and in the end killed with everything it started. Raises RowError."""
    log = site.directory / "log"
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            launch.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=placed(site.core),
        )
    try:
        _await(process, launch.ready, log)
        yield Running(launch.url, process.pid, launch.admin, time.perf_counter() - began)
        if process.poll() is not None:
            raise RowError(f"it died while it was measured: {_last_words(log)}")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # the group is this one proxy and its workers; nothing of it is kept
        process.wait()


def placed(core: int | None) -> Callable[[], None] | None:
    """For a child before it begins."""
    return None if core is None else lambda: os.sched_setaffinity(0, {core})


def _await(process: "subprocess.Popen[bytes]", ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while not ready():
        if process.poll() is not None:
            raise RowError(f"ended with {process.returncode} before it was ready: {_last_words(log)}")
        if time.monotonic() > end:
            raise RowError(f"not ready after {_READY_SECONDS:.0f} s: {_last_words(log)}")
        time.sleep(_LOOK_SECONDS)


def _last_words(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").strip().splitlines()[-3:]) or "it said nothing"


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def answers_200(url: str) -> bool:
    """Whether a GET of it does."""
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
