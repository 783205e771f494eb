"""Real Redis for tests: one server, a master with Sentinels, a Redis Cluster, on free loopback ports, and what can befall
them. `tests/tools.sh` installs the server."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.support import free_port

_SECONDS = 20
"""For anything to come about, on a loaded machine."""
_MASTER = "main"


def until(condition: Callable[[], Any], what: str, seconds: float = _SECONDS) -> Any:
    """What the condition gives once it holds; an error of it counts as not yet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if found := condition():
                return found
            error: Exception | None = None
        except Exception as failure:
            error = failure
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not in {seconds} s ({error})")
        time.sleep(0.02)


class RedisServer:
    """One `redis-server` process; `start` again on the same port and folder after `kill`."""

    def __init__(self, folder: Path, *options: str, port: int | None = None) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is missing: run tests/tools.sh (make test does)"
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.port = folder, port or free_port()
        self._command = [program, *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.admin = Redis(port=self.port, socket_timeout=10)
        """For the test's own commands."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *more: str) -> "RedisServer":
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(*self._command, *more, "--port", str(self.port), "--bind", "127.0.0.1"),
                    *("--dir", str(self.folder), "--daemonize", "no", "--loglevel", "notice", "--logfile", ""),
                ],
                stdout=log,
                stderr=log,
            )
        until(lambda: self.ended() or self.admin.ping(), "redis-server answers")
        assert not self.ended(), (self.folder / "log").read_text()[-2000:]
        return self

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None
        self.admin.close()

    def pause(self) -> None:
        """SIGSTOP: connections stay, nothing answers."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def calls(self) -> dict[str, int]:
        """How often each command was called since CONFIG RESETSTAT, those in scripts included."""
        found: dict[str, dict[str, Any]] = self.admin.info("commandstats")
        return {name.removeprefix("cmdstat_"): int(numbers["calls"]) for name, numbers in found.items()}


@contextmanager
def redis_server(folder: Path, *options: str) -> Iterator[RedisServer]:
    """A server that keeps nothing on disk, unless `options` say so."""
    server = RedisServer(folder, "--save", "", "--appendonly", "no", *options)
    try:
        yield server.start()
    finally:
        server.kill()


class Sentinels:
    """A master, a replica and three Sentinels. `url` is the gateway's."""

    def __init__(self, servers: list[RedisServer], sentinels: list[RedisServer]) -> None:
        self.servers, self.sentinels = servers, sentinels

    @property
    def url(self) -> str:
        return f"redis+sentinel://{','.join(f'127.0.0.1:{one.port}' for one in self.sentinels)}/{_MASTER}/0"

    def master(self) -> RedisServer:
        """The one that the first Sentinel calls the master."""
        _, port = self.sentinels[0].admin.sentinel_get_master_addr_by_name(_MASTER)
        return next(server for server in self.servers if server.port == port)


@contextmanager
def redis_sentinels(folder: Path, *options: str, down_after: int = 1000) -> Iterator[Sentinels]:
    """`down_after`: milliseconds of silence after which a master counts as gone."""
    with ExitStack() as stack:

        def started(name: str, *arguments: str, port: int | None = None) -> RedisServer:
            server = RedisServer(folder / name, *arguments, port=port)
            stack.callback(server.kill)
            return server.start()

        common = ("--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0", *options)
        master = started("one", *common)
        replica = started("two", *common, "--replicaof", "127.0.0.1", str(master.port))
        until(lambda: replica.admin.info("replication")["master_link_status"] == "up", "the replica follows")
        ports = [free_port() for _ in range(3)]
        ids = [f"{number:040x}" for number in (1, 2, 3)]
        sentinels = []
        for number, port in enumerate(ports):
            others = [
                f"sentinel known-sentinel {_MASTER} 127.0.0.1 {ports[other]} {ids[other]}"
                for other in range(3)
                if other != number
            ]
            lines = [
                f"sentinel myid {ids[number]}",
                f"sentinel monitor {_MASTER} 127.0.0.1 {master.port} 2",
                f"sentinel down-after-milliseconds {_MASTER} {down_after}",
                f"sentinel failover-timeout {_MASTER} 4000",
                f"sentinel known-replica {_MASTER} 127.0.0.1 {replica.port}",
                *others,
            ]
            place = folder / f"sentinel{number}"
            place.mkdir(parents=True)
            (place / "sentinel.conf").write_text("\n".join(lines) + "\n")
            sentinels.append(started(place.name, str(place / "sentinel.conf"), "--sentinel", port=port))
        for sentinel in sentinels:
            until(lambda sentinel=sentinel: _knows_all(sentinel), "the Sentinels know each other")
        yield Sentinels([master, replica], sentinels)


def _knows_all(sentinel: RedisServer) -> bool:
    state = sentinel.admin.sentinel_masters()[_MASTER]
    others = sentinel.admin.sentinel_sentinels(_MASTER)
    quiet = all(not other["is_sdown"] and not other["is_disconnected"] for other in others)
    return bool(state["num-other-sentinels"] == 2 and state["num-slaves"] == 1 and not state["is_sdown"] and quiet)


class RedisCluster:
    """Three masters that share the slots. `url` is the gateway's."""

    def __init__(self, servers: list[RedisServer]) -> None:
        self.servers = servers

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(f'127.0.0.1:{server.port}' for server in self.servers)}"

    def flush(self) -> None:
        for server in self.servers:
            server.admin.flushall()


@contextmanager
def redis_cluster(folder: Path) -> Iterator[RedisCluster]:
    ids = [f"{number:040x}" for number in (1, 2, 3)]
    slots = ["0-5460", "5461-10922", "10923-16383"]
    ports, buses = [free_port() for _ in ids], [free_port() for _ in ids]
    with ExitStack() as stack:
        servers = []
        for number, port in enumerate(ports):
            lines = [
                f"{ids[one]} 127.0.0.1:{ports[one]}@{buses[one]} {'myself,' if one == number else ''}master"
                f" - 0 0 {one + 1} connected {slots[one]}"
                for one in range(3)
            ]
            place = folder / f"node{number}"
            place.mkdir(parents=True)
            (place / "nodes.conf").write_text("\n".join([*lines, "vars currentEpoch 3 lastVoteEpoch 0"]) + "\n")
            options = ("--cluster-enabled", "yes", "--cluster-port", str(buses[number]), "--save", "")
            server = RedisServer(place, *options, "--cluster-node-timeout", "2000", port=port)
            stack.callback(server.kill)
            servers.append(server.start())
        for server in servers:
            until(
                lambda server=server: b"cluster_state:ok" in _raw_cluster_info(server),
                "the cluster is whole",
            )
        yield RedisCluster(servers)


def _raw_cluster_info(server: RedisServer) -> bytes:
    info = server.admin.execute_command("CLUSTER INFO")
    if isinstance(info, dict):
        return "\n".join(f"{key}:{value}" for key, value in info.items()).encode()
    return info if isinstance(info, bytes) else str(info).encode()


# -- fixtures: servers that tests of one worker share, emptied for each --------------------------------------------------


@pytest.fixture(scope="session")
def _shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis(_shared_redis: RedisServer) -> RedisServer:
    """A running, empty Redis. A test that breaks its server starts its own: `redis_server`."""
    _shared_redis.admin.flushall()
    _shared_redis.admin.config_resetstat()
    return _shared_redis


@pytest.fixture(scope="session")
def _shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    with redis_cluster(tmp_path_factory.mktemp("redis-cluster")) as cluster:
        yield cluster


@pytest.fixture
def cluster(_shared_cluster: RedisCluster) -> RedisCluster:
    """A running, empty Redis Cluster."""
    _shared_cluster.flush()
    return _shared_cluster
