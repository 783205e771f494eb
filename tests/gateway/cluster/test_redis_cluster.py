"""Nodes that find, tell and lose each other, over a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.cluster import LocalCluster, Message, NodeFailed, NodeUnreachable
from gateway.cluster.redis import RedisCluster
from gateway.config.values import read_store
from tests import redis_support
from tests.redis_support import RedisServer, redis_server

SECONDS = 15.0


class Listener:
    """A handler that writes down what befalls it, and answers what it was asked."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked_for: list[tuple[str, Message]] = []
        self.missed_why: list[str] = []
        self.beats = 0

    def about(self) -> Message:
        return {"name": self.name}

    async def asked(self, sender: str, message: Message) -> Any:
        self.asked_for.append((sender, message))
        if message.get("verb") == "fail":
            raise NodeFailed("no_such_thing", "there is none")
        if message.get("verb") == "hang":
            await asyncio.sleep(60)
        return {"you said": message}

    async def missed(self, why: str) -> None:
        self.missed_why.append(why)

    async def beat(self) -> None:
        self.beats += 1


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


@asynccontextmanager
async def node(url: str, name: str, **times: float) -> AsyncIterator[tuple[RedisCluster, Listener]]:
    times = {"lease_seconds": 1.0, "beat_seconds": 0.2, **times}
    cluster, listener = RedisCluster(read_store(url, Path()), name, **times), Listener(name)
    await cluster.open(listener)
    try:
        yield cluster, listener
    finally:
        await cluster.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with redis_server(tmp_path_factory.mktemp("redis")) as one:
        yield one


async def ids(cluster: RedisCluster) -> list[str]:
    return [one["id"] for one in await cluster.nodes()]


async def talk(url: str) -> None:
    async with node(url, "north") as (north, at_north), node(url, "south") as (south, at_south):
        assert await north.nodes() == [{"id": "north", "name": "north"}, {"id": "south", "name": "south"}]
        assert await north.ask("south", {"verb": "x"}, SECONDS) == {"you said": {"verb": "x"}}
        assert at_south.asked_for == [("north", {"verb": "x"})]
        await south.tell("north", {"verb": "y"})
        await until(lambda: ("south", {"verb": "y"}) in at_north.asked_for)
        assert await north.ask("north", {"verb": "z"}, SECONDS) == {"you said": {"verb": "z"}}
        with pytest.raises(NodeFailed) as failure:
            await north.ask("south", {"verb": "fail"}, SECONDS)
        assert (failure.value.problem, str(failure.value)) == ("no_such_thing", "there is none")
        with pytest.raises(NodeUnreachable):
            await north.ask("south", {"verb": "hang"}, 0.1)
        with pytest.raises(NodeUnreachable):
            await north.ask("west", {"verb": "x"}, 0.2)
        assert (at_north.missed_why, at_south.missed_why) == ([], [])
    async with node(url, "east") as (east, _):
        assert await ids(east) == ["east"]


async def test_nodes_find_and_tell_each_other(server: RedisServer) -> None:
    await talk(server.url)


async def test_the_same_over_a_redis_cluster(tmp_path: Path) -> None:
    with redis_support.redis_cluster(tmp_path) as servers:
        await talk(servers.url)


async def test_nodes_find_each_other_again_behind_a_new_master(tmp_path: Path) -> None:
    with redis_support.redis_sentinels(tmp_path, down_after=500) as servers:
        async with node(servers.url, "north") as (north, at_north), node(servers.url, "south") as (south, _):
            assert await north.ask("south", {"verb": "x"}, SECONDS) == {"you said": {"verb": "x"}}
            await asyncio.to_thread(servers.master().kill)
            await until(lambda: "away" in at_north.missed_why)
            async with asyncio.timeout(SECONDS):
                while True:
                    try:
                        assert await ids(north) == ["north", "south"]
                        await north.ask("south", {"verb": "x"}, 1.0)
                        await south.ask("north", {"verb": "x"}, 1.0)
                        break
                    except (NodeUnreachable, AssertionError):
                        await asyncio.sleep(0.1)


async def test_a_node_that_died_is_no_node_when_its_lease_is_over(server: RedisServer) -> None:
    async with node(server.url, "north") as (north, _):
        async with node(server.url, "south") as (south, _):
            for task in (south._beater, south._listener):
                assert task is not None
                task.cancel()  # it says goodbye to nobody
            assert await ids(north) == ["north", "south"]
            async with asyncio.timeout(SECONDS):
                while await ids(north) != ["north"]:
                    await asyncio.sleep(0.05)
            # It is not even looked for any more.
            await until(lambda: server.admin.scard("ocpp-gateway:{nodes}") == 1)


async def test_an_emptied_redis_is_noticed(server: RedisServer) -> None:
    async with node(server.url, "north", lease_seconds=10.0) as (north, listener):
        await until(lambda: listener.beats >= 2)
        server.admin.flushall()
        await until(lambda: listener.missed_why == ["emptied"])
        assert await ids(north) == ["north"]


async def test_a_redis_that_was_away_is_noticed(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        async with node(server.url, "north") as (north, listener):
            server.kill()
            with pytest.raises(NodeUnreachable):
                await north.nodes()
            with pytest.raises(NodeUnreachable):
                await north.ask("south", {}, 1.0)
            server.start()
            await until(lambda: "away" in listener.missed_why)
            await until(lambda: server.admin.pubsub_numsub("ocpp-gateway:{nodes}:north")[0][1] == 1)
            assert await ids(north) == ["north"]


async def test_a_subscription_that_was_lost_is_noticed_and_made_again(server: RedisServer) -> None:
    async with node(server.url, "north") as (_, listener), node(server.url, "south") as (south, _):
        server.admin.client_kill_filter(_type="pubsub", skipme=True)
        await until(lambda: "messages" in listener.missed_why)
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    await south.ask("north", {"verb": "x"}, 1.0)
                    break
                except NodeUnreachable:
                    await asyncio.sleep(0.05)


async def test_a_node_that_does_not_hear_itself_listens_anew(server: RedisServer) -> None:
    async with node(server.url, "north") as (north, listener):
        first = north._listener
        north._hear = lambda data: None  # type: ignore[method-assign]
        await until(lambda: north._listener is not first)
        await until(lambda: "messages" in listener.missed_why)


async def test_one_process_alone() -> None:
    cluster, listener = LocalCluster("north"), Listener("north")
    await cluster.open(listener)
    assert await cluster.nodes() == [{"id": "north", "name": "north"}]
    assert await cluster.ask("north", {"verb": "x"}, 1.0) == {"you said": {"verb": "x"}}
    await cluster.tell("north", {"verb": "y"})
    assert len(listener.asked_for) == 2
    with pytest.raises(NodeUnreachable):
        await cluster.ask("south", {}, 1.0)
    await cluster.close()
