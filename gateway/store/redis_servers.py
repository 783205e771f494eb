"""The servers behind a store's URL, each by a name: one for a single Redis or a Sentinel's master, every primary of a
Redis Cluster. A call is a list of words; what several calls ask of one server goes to it in one round trip."""

from collections.abc import Sequence
from typing import Any, Protocol

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import PipelineCommand
from redis.exceptions import AskError, MovedError, RedisClusterException, RedisError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from gateway.config import Store
from gateway.store.redis_client import close_client, drop_connections, find_nodes, follow_master, make_client
from gateway.store.redis_scripts import PREFIX

Words = Sequence[str | bytes | int]


class Servers(Protocol):
    """All methods that talk raise RedisError, OSError or TimeoutError."""

    def names(self) -> list[str]:
        """Those known now."""

    def name_of(self, key: str) -> str:
        """The server that has this key."""

    def probe_key(self, name: str) -> str:
        """A key of ours that this server has."""

    async def send(self, name: str, calls: Sequence[Words]) -> list[Any]:
        """Their answers in order; an error that Redis answered stands in its place."""

    async def look(self, trouble: bool) -> None:
        """See who is where; with `trouble`, even if that seemed to be known."""

    async def drop(self, name: str) -> None:
        """Close the connections to this server."""

    async def close(self) -> None: ...


def make_servers(store: Store) -> Servers:
    """Who asks them sets the limits (`silence`)."""
    client = make_client(store)
    return ClusterServers(client) if isinstance(client, RedisCluster) else OneServer(client)


class OneServer:
    """A single Redis, or the master that Sentinels name."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    def names(self) -> list[str]:
        return [""]

    def name_of(self, key: str) -> str:
        return ""

    def probe_key(self, name: str) -> str:
        return f"{PREFIX}:probe"

    async def send(self, name: str, calls: Sequence[Words]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for words in calls:
            pipeline.execute_command(*words)
        return list(await pipeline.execute(raise_on_error=False))

    async def look(self, trouble: bool) -> None:
        await follow_master(self._client)

    async def drop(self, name: str) -> None:
        await drop_connections(self._client)

    async def close(self) -> None:
        await close_client(self._client)


class ClusterServers:
    """Every primary of a Redis Cluster; a replica is never asked."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client
        self._probes: dict[str, str] = {}
        self._moved = False

    def names(self) -> list[str]:
        return [node.name for node in self._client.get_primaries()]

    def name_of(self, key: str) -> str:
        try:
            node = self._client.get_node_from_key(key)
        except RedisClusterException:
            node = None
        if node is None:
            raise RedisConnectionError("no node of the cluster is known to have this slot")
        return node.name

    def probe_key(self, name: str) -> str:
        key = self._probes.get(name)
        if key is None or self.name_of(key) != name:
            keys = (f"{PREFIX}:{{probe-{number}}}" for number in range(10_000))
            key = self._probes[name] = next((key for key in keys if self.name_of(key) == name), f"{PREFIX}:probe")
        return key

    async def send(self, name: str, calls: Sequence[Words]) -> list[Any]:
        node = self._client.get_node(node_name=name)
        if node is None:
            raise RedisConnectionError(f"{name} is no part of the cluster any more")
        commands = [PipelineCommand(number, *words) for number, words in enumerate(calls)]
        await node.execute_pipeline(commands)
        answers: list[Any] = [command.result for command in commands]
        for number, answer in enumerate(answers):
            if isinstance(answer, (MovedError, AskError, TryAgainError)):
                self._moved = True
                answers[number] = await self._elsewhere(calls[number])
            elif isinstance(answer, (RedisConnectionError, RedisTimeoutError, OSError)):
                raise answer
        return answers

    async def _elsewhere(self, words: Words) -> Any:
        """The slot has moved, or is about to: the library finds where to."""
        try:
            return await self._client.execute_command(*words)
        except (RedisError, RedisClusterException) as error:
            return error

    async def look(self, trouble: bool) -> None:
        anew, self._moved = trouble or self._moved, False
        await find_nodes(self._client, anew=anew)

    async def drop(self, name: str) -> None:
        node = self._client.get_node(node_name=name)
        if node is not None:
            await node.disconnect()

    async def close(self) -> None:
        await close_client(self._client)
