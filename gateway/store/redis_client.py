"""Connections to Redis: single, behind Sentinel, or a Redis Cluster, every limit set here.

No call is tried again by the library: who calls knows how long it may take. An answer that comes late is never given to
another call, because a connection whose answer was not awaited is closed.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import unquote

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException

from gateway.config import Store
from gateway.silence import silence

CALL_SECONDS = 0.3
"""For how long Redis may be silent in one call, a connection that has to be made for it included. Time in which this process
was late itself does not count: who calls limits it with `silence`, since the library's own limits know no such thing."""
_LIBRARY_SECONDS = 1.0
"""The library's limit in a Redis Cluster: it asks one node after another for the others, of which one may hang."""
_SENTINEL_SECONDS = 0.15
"""What the Sentinels have of that, asked all at once."""
_LAST_SENTINELS_SECONDS = 0.05
"""What those who have not answered have, once most of them name a master."""
_PORT, _SENTINEL_PORT = 6379, 26379

Client = Redis | RedisCluster


class Address(NamedTuple):
    """What a store's URL says; a host has no brackets. `master` is set for Sentinel."""

    hosts: list[tuple[str, int]]
    username: str | None
    password: str | None
    db: int
    master: str


def read_address(store: Store) -> Address:
    """The parts of a URL that the configuration has accepted. Raises ValueError for a port that is none."""
    assert store.url is not None
    rest = store.url.partition("://")[2].partition("?")[0]
    user, at, place = rest.rpartition("@")
    hosts, _, path = place.partition("/")
    username, colon, password = user.partition(":")
    master, _, db = path.partition("/") if store.kind == "redis+sentinel" else ("", "", path)
    usual = _SENTINEL_PORT if store.kind == "redis+sentinel" else _PORT
    return Address(
        [_host_and_port(host, usual) for host in hosts.split(",")],
        unquote(username) or None if at else None,
        unquote(password) if at and colon else None,
        int(db or 0),
        unquote(master),
    )


def make_client(store: Store) -> Client:
    """A client that has not connected yet. Its answers are bytes, and it waits for them for ever, but in a Redis Cluster:
    every call needs a limit. `aclose` it."""
    address = read_address(store)
    limit = _LIBRARY_SECONDS if store.kind == "redis+cluster" else None
    options: dict[str, Any] = {
        "username": address.username,
        "password": address.password,
        "socket_timeout": limit,
        "socket_connect_timeout": limit,
        "socket_keepalive": True,
        "health_check_interval": 0,
        "protocol": 2,
        "client_name": "ocpp-gateway",
        "driver_info": None,
        **_tls(store),
    }
    if store.kind == "redis+cluster":
        return RedisCluster(
            startup_nodes=[ClusterNode(host, port) for host, port in address.hosts],
            retry=_never(),
            require_full_coverage=False,
            reinitialize_steps=0,
            **options,
        )
    options |= {"retry": _never(), "db": address.db}
    if store.kind == "redis+sentinel":
        return _through_sentinels(store, address, options)
    host, port = address.hosts[0]
    return Redis(host=host, port=port, **options)


async def find_nodes(client: RedisCluster, *, anew: bool = False) -> None:
    """Know the cluster's nodes and who has which slot; `anew`: even if that is known. Raises RedisError."""
    try:
        if anew and client.get_primaries():
            await client.nodes_manager.initialize()
        else:
            await client.initialize()
    except RedisClusterException as error:  # of the library's errors the one that is no RedisError
        raise RedisConnectionError(str(error)) from None


async def drop_connections(client: Client) -> None:
    """Close every connection: the next call makes a new one, to whoever is the master by then."""
    if isinstance(client, RedisCluster):
        for node in list(client.nodes_manager.nodes_cache.values()):
            await node.disconnect()
    else:
        await client.connection_pool.disconnect()


async def close_client(client: Client) -> None:
    """Close it for good, and the connections to Sentinels with it."""
    pool = getattr(client, "connection_pool", None)
    with suppress(TimeoutError):  # a server that hangs need not hear of it
        async with silence(_LIBRARY_SECONDS):
            await client.aclose()
            if isinstance(pool, SentinelConnectionPool):
                await pool.sentinel_manager.aclose()


async def follow_master(client: Client) -> None:
    """Where there are Sentinels: ask who the master is, and close the connections to one that no longer is. Raises a
    RedisError when there is none."""
    pool = getattr(client, "connection_pool", None)
    if isinstance(pool, SentinelConnectionPool):
        before = pool.master_address
        now = await pool.get_master_address()  # type: ignore[no-untyped-call]
        if before is not None and now != before:
            await pool.disconnect()


def _never() -> Retry:
    return Retry(NoBackoff(), 0)


def _tls(store: Store) -> dict[str, Any]:
    if not store.tls:
        return {}
    # redis-py verifies the certificate and the name in it unless told otherwise; told so all the same.
    ca = {"ssl_ca_certs": str(store.ca)} if store.ca is not None else {}
    return {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True, **ca}


def _host_and_port(text: str, usual: int) -> tuple[str, int]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        host, _, port = text.partition(":")
    number = int(port or usual)
    if not host or not 0 < number < 65536:
        raise ValueError(f"{text} is no address")
    return host, number


# -- Sentinel -------------------------------------------------------------------------------------------------------


def _through_sentinels(store: Store, address: Address, options: Mapping[str, Any]) -> Redis:
    own = {key: value for key, value in options.items() if key not in ("username", "password", "db", "client_name")}
    if store.sentinel_auth:
        own |= {"username": address.username, "password": address.password}
    own |= {"socket_timeout": _SENTINEL_SECONDS, "socket_connect_timeout": _SENTINEL_SECONDS}
    sentinels = _Sentinels(address.hosts, sentinel_kwargs=own)  # type: ignore[no-untyped-call]
    client: Redis = sentinels.master_for(address.master, redis_connect_func=_greet_master, **options)
    return client


async def _greet_master(connection: Connection) -> None:
    """A connection is used only with a server that says it is the master."""
    await connection.on_connect()
    await connection.send_command("ROLE")
    answer: Any = await connection.read_response()
    role: bytes = answer[0]
    if role != b"master":
        raise RedisConnectionError(f"the server that should be the master says it is a {role.decode()}")


class _Sentinels(Sentinel):
    """Asks all at once, and believes the one that has seen the newest election: a Sentinel that was cut off from the
    others, or has not been told yet, still names the master before it."""

    async def discover_master(self, service_name: str) -> tuple[str, int]:
        """Raises MasterNotFoundError."""
        asked = {asyncio.ensure_future(sentinel.sentinel_masters()) for sentinel in self.sentinels}
        loop = asyncio.get_running_loop()
        end = loop.time() + _SENTINEL_SECONDS
        most_answered = False
        states: list[dict[str, Any]] = []
        answered, waiting = 0, asked
        try:
            while waiting and (left := end - loop.time()) > 0:
                done, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                # One Sentinel that cannot be asked is none of our worry; that none can is said below.
                answers: list[Any] = [one.result() for one in done if one.exception() is None]
                answered += len(answers)
                states += [masters[service_name] for masters in answers if service_name in masters]
                if not most_answered and answered * 2 > len(asked) and self._usable(states, service_name):
                    most_answered = True
                    end = min(end, loop.time() + _LAST_SENTINELS_SECONDS)
        finally:
            for question in asked:
                question.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        if not answered:
            raise MasterNotFoundError("no Sentinel answers")
        if not states:
            raise MasterNotFoundError(f"the Sentinels know no {service_name}")
        usable = self._usable(states, service_name)
        if usable is None:
            raise MasterNotFoundError(f"{service_name} has no master now")
        return usable["ip"], usable["port"]

    def _usable(self, states: list[dict[str, Any]], service_name: str) -> dict[str, Any] | None:
        """The master of the newest election, if one of those who know of it finds it well. Who still carries the
        election out has its number already, and the old master's address."""
        newest = max((int(state["config-epoch"]) for state in states), default=0)
        current = (state for state in states if int(state["config-epoch"]) == newest)
        return next((state for state in current if self._settled(state, service_name)), None)

    def _settled(self, state: dict[str, Any], service_name: str) -> bool:
        under_way = "failover_in_progress" in str(state.get("flags", ""))
        return not under_way and bool(self.check_master_state(state, service_name))
