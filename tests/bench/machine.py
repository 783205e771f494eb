"""Cores, CPU time and memory of processes, from /proc. Linux only, and says so."""

import contextlib
import os
import platform
import resource
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_TICK = os.sysconf("SC_CLK_TCK")
_PACKAGES = ("ocpp-gateway", "uvloop", "aiohttp", "msgspec", "jsonschema_rs", "ocpp", "websockets")


def pin(core: int | None) -> None:
    """This process, and what it starts from now on, on one core; None leaves it where it is."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def cores() -> tuple[int | None, int | None]:
    """`(core of load and CSMS, core of the proxy)`; `(None, None)` where there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else (None, None)


def raise_file_limit() -> None:
    """The soft limit of open files up to the hard one."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _stat(pid: int) -> list[str]:
    # The second field is the name in brackets and may hold anything, so the fields are counted from behind it.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def family(pid: int) -> list[int]:
    """`pid` and all its descendants that live."""
    parents: dict[int, int] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry)] = int(_stat(int(entry))[1])

    def below(parent: int) -> Iterator[int]:
        yield parent
        for child, its_parent in parents.items():
            if its_parent == parent:
                yield from below(child)

    return list(below(pid))


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of these processes together, in steps of the kernel's tick (10 ms). Raises OSError if one
    is gone."""
    return sum(int(fields[11]) + int(fields[12]) for fields in map(_stat, pids)) / _TICK


def pss_kib(pids: list[int]) -> int:
    """Proportional set size of these processes together: what several share is counted once. Raises OSError."""
    lines = (line for pid in pids for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def descriptors(pid: int) -> int:
    """Files and sockets it has open. Raises OSError."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def describe() -> dict[str, Any]:
    """The machine and the versions, for the head of a result."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "kernel": platform.release(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "openssl": ssl.OPENSSL_VERSION,
        "haproxy": _version_of("haproxy", "-v", "version "),
        "nginx": _version_of("nginx", "-v", "nginx/"),
        "redis": _version_of("redis-server", "--version", "v="),
        "commit": _commit(),
        **{name: _package_version(name) for name in _PACKAGES},
    }


def _package_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def find(program: str) -> str | None:
    """Its path; Debian keeps servers in /usr/sbin, which is not on everybody's PATH."""
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


def _version_of(program: str, option: str, before: str) -> str | None:
    """The word after `before` in what the program says of itself."""
    path = find(program)
    if path is None:
        return None
    shown = subprocess.run([path, option], capture_output=True, text=True, check=False)
    return (shown.stdout + shown.stderr).partition("\n")[0].partition(before)[2].split(" ")[0] or None


def _commit() -> str | None:
    """Of the code that is measured, with `+` where it was changed since."""
    shown = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    return shown.stdout.strip() or None
