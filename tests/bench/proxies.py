"""The proxies that are compared, how each is configured and started, and how one knows that it is ready."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.bench.certificates import Certificates
from tests.bench.machine import find_haproxy

_READY_SECONDS = 15.0


class RowError(Exception):
    """A row that cannot be measured, and why, in one line."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a proxy is put: a directory of its own, the CSMS it dials, its certificates, its core."""

    directory: Path
    csms: str
    certificates: Certificates
    core: int | None


@dataclass(frozen=True, slots=True)
class Running:
    """A proxy that takes stations at `url`; `pid` is None if there is no proxy at all."""

    url: str
    pid: int | None


@dataclass(frozen=True, slots=True)
class Proxy:
    """One row: its name, the subprotocol the CSMS must see, and the command `launch` gives for a site and a port,
    together with the check that it is ready."""

    name: str
    csms_subprotocol: str
    launch: Callable[[Site, int], tuple[list[str], Callable[[], bool]]] | None

    @contextmanager
    def running(self, site: Site) -> Iterator[Running]:
        """Started, ready, and in the end killed. Raises RowError."""
        if self.launch is None:
            yield Running(site.csms, None)
            return
        port = free_port()
        command, ready = self.launch(site, port)
        log = site.directory / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 (commands of this file)
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_placed(site.core),
            )
        try:
            _await(process, ready, log)
            yield Running(f"wss://127.0.0.1:{port}", process.pid)
            if process.poll() is not None:
                raise RowError(f"died while measured: {_last_words(log)}")
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # the group is this one proxy and its workers
                process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _placed(core: int | None) -> Callable[[], None] | None:
    return None if core is None else lambda: os.sched_setaffinity(0, {core})


def _await(process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while not ready():
        if process.poll() is not None:
            raise RowError(f"ended with {process.returncode} before it was ready: {_last_words(log)}")
        if time.monotonic() > end:
            raise RowError(f"not ready after {_READY_SECONDS:.0f} s: {_last_words(log)}")
        time.sleep(0.05)


def _last_words(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").strip().splitlines()[-3:]) or "it said nothing"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _answers_200(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 (an http url of this file)
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _haproxy(site: Site, port: int) -> tuple[list[str], Callable[[], bool]]:
    path = find_haproxy()
    if path is None:
        raise RowError("haproxy is not installed")
    host = site.csms.removeprefix("ws://").partition("/")[0]
    config = site.directory / "haproxy.cfg"
    # One thread, as the other proxies have one; no log; a tunnel outlives the bench. The rest are HAProxy's defaults.
    config.write_text(f"""global
    nbthread 1
    maxconn 8000
    ssl-default-bind-options ssl-min-ver TLSv1.3
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    timeout tunnel 1h
frontend stations
    bind 127.0.0.1:{port} ssl crt {site.certificates.both}
    default_backend csms
backend csms
    server csms {host}
""")
    return [path, "-db", "-f", str(config)], lambda: _listens(port)


def _naive(site: Site, port: int) -> tuple[list[str], Callable[[], bool]]:
    files = ["--certificate", str(site.certificates.certificate), "--key", str(site.certificates.key)]
    command = [sys.executable, "-m", "tests.bench.naive", "--port", str(port), "--csms", site.csms, *files]
    return command, lambda: _listens(port)


def _gateway(subprotocol: str) -> Callable[[Site, int], tuple[list[str], Callable[[], bool]]]:
    def launch(site: Site, port: int) -> tuple[list[str], Callable[[], bool]]:
        admin = free_port()
        files = {"certificate": str(site.certificates.certificate), "key": str(site.certificates.key)}
        # Validation and metrics as they are by default. The limits are what protects a gateway from such stations as
        # these: an answer is followed by the next call within microseconds.
        config = {
            "listeners": [{"bind": f"127.0.0.1:{port}", "subprotocols": ["ocpp1.6"], "tls": files, "auth": "none"}],
            "backends": {"csms": {"url": site.csms, "subprotocols": [subprotocol], "auth": "none"}},
            "routes": [{"backend": "csms"}],
            "store": "memory:",
            "admin": {"bind": f"127.0.0.1:{admin}"},
            "limits": {
                "frames_per_second": 1_000_000,
                "connects_per_second": 100_000,
                "accepts_per_second": 100_000,
                "handshakes_per_source": 100_000,
            },
            "log": {"level": "warning"},
        }
        path = site.directory / "gateway.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False))
        command = [sys.executable, "-m", "gateway", "run", "-c", str(path)]
        return command, lambda: _answers_200(f"http://127.0.0.1:{admin}/readyz")

    return launch


PROXIES = (
    Proxy("direct", "ocpp1.6", None),
    Proxy("haproxy", "ocpp1.6", _haproxy),
    Proxy("naive", "ocpp2.0.1", _naive),
    Proxy("gateway passthrough", "ocpp1.6", _gateway("ocpp1.6")),
    Proxy("gateway translate", "ocpp2.0.1", _gateway("ocpp2.0.1")),
)


def install_haproxy() -> None:
    """HAProxy from Debian, if it is not here. Raises RowError with the one line that says what to do."""
    if find_haproxy():
        return
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    install = [*rights, "apt-get", "install", "-y", "--no-install-recommends", "haproxy"]
    advice = "haproxy is missing and could not be installed; run: sudo apt-get install --no-install-recommends haproxy"
    if not all(shutil.which(word) for word in (*rights[:1], "apt-get")):
        raise RowError(advice)
    print("bench: installing haproxy", file=sys.stderr)
    reason = ""
    for command in (install, [*rights, "apt-get", "update"], install):  # a fresh machine has no package lists yet
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (the commands above)
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        if find_haproxy():
            return
    raise RowError(f"{advice} ({reason})")
