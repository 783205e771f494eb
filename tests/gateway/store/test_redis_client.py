"""Connections to a real Redis, in all three arrangements."""

import asyncio
import time
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from gateway.config.values import read_store
from gateway.silence import silence
from gateway.store import redis_client
from gateway.store.redis_client import Client, close_client, drop_connections, follow_master, make_client, read_address
from tests.redis_support import RedisCluster, RedisServer, redis_sentinels, until


def client_of(url: str) -> Client:
    return make_client(read_store(url, Path()))


def address_of(url: str) -> redis_client.Address:
    return read_address(read_store(url, Path()))


def test_addresses() -> None:
    assert address_of("redis://h") == ([("h", 6379)], None, None, 0, "")
    assert address_of("rediss://:a%40b@[::1]:1/3") == ([("::1", 1)], None, "a@b", 3, "")
    assert address_of("redis+cluster://u:p@h1:7000,h2") == ([("h1", 7000), ("h2", 6379)], "u", "p", 0, "")
    assert address_of("redis+sentinel://h1:1,h2/main/2?wait=1") == ([("h1", 1), ("h2", 26379)], None, None, 2, "main")


async def test_single(redis: RedisServer) -> None:
    client = client_of(redis.url)
    await client.set("key", "value")
    assert await client.get("key") == b"value"
    await drop_connections(client)
    assert await client.get("key") == b"value"
    await close_client(client)


async def test_cluster(cluster: RedisCluster) -> None:
    client = client_of(cluster.url)
    for number in range(20):
        await client.set(f"key{number}", number)
    assert [await client.get(f"key{number}") for number in range(20)] == [b"%d" % number for number in range(20)]
    await drop_connections(client)
    assert await client.get("key1") == b"1"
    await close_client(client)


async def test_a_server_that_hangs_costs_as_long_as_its_caller_says_and_no_retries(redis: RedisServer) -> None:
    client = client_of(redis.url)
    await client.ping()
    redis.pause()
    try:
        for _ in range(2):  # on a connection that is there, and on one that is to be made
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                async with silence(redis_client.CALL_SECONDS):
                    await client.get("key")
            assert time.monotonic() - began < 5 * redis_client.CALL_SECONDS
    finally:
        redis.resume()
    await client.get("key")
    await close_client(client)


async def test_a_quiet_subscription_lives_longer_than_a_call_may_take(redis: RedisServer) -> None:
    client = make_client(read_store(redis.url, Path()))
    subscription = client.pubsub()
    await subscription.subscribe("news")
    assert (await subscription.get_message(timeout=5))["type"] == "subscribe"
    heard = asyncio.ensure_future(anext(aiter(subscription.listen())))
    await asyncio.wait([heard], timeout=0.4)
    assert not heard.done()
    redis.admin.publish("news", "now")
    assert (await asyncio.wait_for(heard, 5))["data"] == b"now"
    await subscription.aclose()
    await close_client(client)


async def test_a_failover_is_followed_and_the_old_master_is_not_talked_to_when_it_comes_back(tmp_path: Path) -> None:
    with redis_sentinels(tmp_path) as sentinels:
        client = client_of(sentinels.url)
        await client.set("key", "before")
        old, new = sentinels.servers
        old.pause()
        until(lambda: sentinels.master() is new, "another master")
        old.resume()
        assert old.admin.role()[0] in (b"master", b"slave")
        # The connection from before is still open: without `follow_master` it would be used.
        async with asyncio.timeout(10):
            while True:
                try:
                    await follow_master(client)
                    await client.set("key", "after")
                    break
                except RedisError:  # on a loaded machine the Sentinels take a moment to agree
                    await asyncio.sleep(0.05)
        assert new.admin.get("key") == b"after"
        await close_client(client)


@pytest.mark.parametrize(
    ("told", "master"),
    [
        # One that was cut off still names the master before the election.
        ([(3, "old", True), (4, "new", True), (4, "new", True)], "new"),
        # One of those who know of the election cannot reach it; another can.
        ([(4, "new", False), (4, "new", True), (3, "old", True)], "new"),
        ([(4, "new", False), (4, "new", False), (3, "old", True)], None),
        # The one who carries the election out has its number, and the address of the master before it.
        ([(4, "old, failing over", True), (3, "old", True), (3, "old", True)], None),
        ([(4, "old, failing over", True), (4, "new", True), (3, "old", True)], "new"),
    ],
)
def test_the_newest_election_is_believed(told: list[tuple[int, str, bool]], master: str | None) -> None:
    sentinels = redis_client._Sentinels([])
    states = [
        {
            "config-epoch": epoch,
            "ip": ip,
            "flags": "master,failover_in_progress" if "failing over" in ip else "master",
            "is_master": True,
            "is_sdown": not well,
            "is_odown": False,
            "num-other-sentinels": 2,
        }
        for epoch, ip, well in told
    ]
    found = sentinels._usable(states, "main")
    assert (found and found["ip"]) == master
