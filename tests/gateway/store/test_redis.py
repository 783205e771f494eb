"""The Redis store over what befalls a real Redis."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway import certificates
from gateway.config.values import read_store
from gateway.store import AbsentError, Change, FencedError, Owner, StoreError
from gateway.store.redis import RedisStore
from gateway.store.redis_checks import warnings_of
from gateway.store.redis_client import CALL_SECONDS
from gateway.store.redis_scripts import WRITE, memory_key, owner_key
from tests.redis_support import RedisCluster, RedisServer, redis_sentinels, redis_server, until

SLOW = 2.0
"""Seconds more than a call may take, for a loaded machine."""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(read_store(url, Path()))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def write(store: RedisStore, identity: str, epoch: int, key: str, value: Any) -> None:
    durable = store.write(identity, epoch, [Change("", key, value)])
    assert durable is not None
    await durable


async def works(store: RedisStore, seconds: float = 10.0) -> float:
    """The seconds until it takes writes."""
    began = time.monotonic()
    while not await store.ping():
        assert time.monotonic() - began < seconds
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def refused(store: RedisStore, match: str | None = None) -> float:
    """The seconds until a claim is refused."""
    began = time.monotonic()
    with pytest.raises(StoreError, match=match):
        await store.claim("other", "north", ("",))
    return time.monotonic() - began


async def away(store: RedisStore, match: str | None = None) -> None:
    """A first call may have to find out; then it is known, and none waits any more."""
    assert await refused(store) < CALL_SECONDS + SLOW
    assert not await store.ping()
    began = time.monotonic()
    for _ in range(50):
        await refused(store, match)
    assert time.monotonic() - began < SLOW


async def test_killed_and_started_again(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--appendonly", "yes", "--appendfsync", "always") as server:
        async with opened(server.url) as store:
            epoch = (await store.claim("cp-1", "north", ("",))).epoch
            await write(store, "cp-1", epoch, "tx/1", {"seqNo": 0})
            server.kill()
            await away(store)
            server.start()
            await works(store)
            await write(store, "cp-1", epoch, "tx/2", {"seqNo": 1})
            assert await store.load("cp-1", ("",)) == {"tx/1": {"seqNo": 0}, "tx/2": {"seqNo": 1}}


async def test_away_from_the_start(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--save", "")
    async with opened(server.url) as store:
        await away(store)
        server.start()
        try:
            await works(store)
            assert (await store.claim("cp-1", "north", ("",))).before is None
        finally:
            server.kill()


async def test_a_pause_costs_one_call_its_time_and_no_storm(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        redis.admin.execute_command("CLIENT PAUSE", 1500, "ALL")
        began = time.monotonic()
        await away(store)
        calls = [store.claim(f"cp-{number}", "north", ("",)) for number in range(500)]
        assert all(isinstance(one, StoreError) for one in await asyncio.gather(*calls, return_exceptions=True))
        await works(store)
        assert time.monotonic() - began > 1.0
        assert redis.calls().get("evalsha", 0) + redis.calls().get("eval", 0) <= 5


async def test_emptied(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        epoch = (await store.claim("cp-1", "north", ("",))).epoch
        redis.admin.flushall()
        with pytest.raises(AbsentError):
            await write(store, "cp-1", epoch, "tx/1", 1)
        assert await store.hold("cp-1", "north", epoch)
        await write(store, "cp-1", epoch, "tx/1", 1)
        assert await store.owner("cp-1") == Owner("north", epoch)


@pytest.mark.parametrize(
    ("sick", "well", "why"),
    [
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "read only"),
        ("CONFIG SET maxmemory 1mb", "CONFIG SET maxmemory 0", "maxmemory"),
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "NOREPLICAS"),
    ],
)
async def test_a_server_that_takes_no_writes_is_away(redis: RedisServer, sick: str, well: str, why: str) -> None:
    async with opened(redis.url) as store:
        assert await store.ping()
        redis.admin.execute_command(*sick.split())
        try:
            await away(store, why)
        finally:
            redis.admin.execute_command(*well.split())
        await works(store)
        assert (await store.claim("cp-1", "north", ("",))).epoch


async def test_a_disk_that_takes_no_snapshot(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--save", "900 1") as server:
        async with opened(server.url) as store:
            (tmp_path / "dump.rdb").mkdir()
            server.admin.bgsave()
            until(lambda: server.admin.info("persistence")["rdb_last_bgsave_status"] == "err", "no snapshot")
            await away(store, "MISCONF")
            (tmp_path / "dump.rdb").rmdir()
            server.admin.bgsave()
            await works(store)


async def test_a_claim_that_was_given_up_and_done_later_is_nobodys(redis: RedisServer) -> None:
    async with opened(redis.url) as store, opened(redis.url) as other:
        epoch = (await store.claim("cp-1", "north", ("",))).epoch
        redis.pause()
        try:
            with pytest.raises(StoreError):
                await store.claim("cp-1", "north", ("",))
        finally:
            redis.resume()
        until(lambda: int(redis.admin.hget(owner_key("cp-1"), "epoch")) > epoch, "the claim is done all the same")
        await works(store)
        await works(other)
        # For anybody else it is the newest; for who made it, it never was.
        with pytest.raises(FencedError):
            await write(other, "cp-1", epoch, "tx/1", "other")
        await write(store, "cp-1", epoch, "tx/1", "mine")
        assert await store.hold("cp-1", "north", epoch)
        assert (await other.claim("cp-1", "south", ("",))).memory == {"tx/1": "mine"}
        assert not await store.hold("cp-1", "north", epoch)
        with pytest.raises(FencedError):
            await write(store, "cp-1", epoch, "tx/1", "late")


async def test_a_write_that_arrives_after_its_successor_changes_nothing(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        epoch = (await store.claim("cp-1", "north", ("",))).epoch
        await write(store, "cp-1", epoch, "n", 2)
        number = int(redis.admin.hget(owner_key("cp-1"), "seq")) - 1
        keys = [owner_key("cp-1"), memory_key("cp-1", "")]
        assert redis.admin.eval(WRITE.text, 2, *keys, epoch, "", number, 1, "n", 1) == b"late"
        assert await store.load("cp-1", ("",)) == {"n": 2}


async def test_scripts_that_redis_has_forgotten_are_sent_again_in_order(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        epoch = (await store.claim("cp-1", "north", ("",))).epoch
        redis.admin.script_flush()
        await asyncio.gather(*(write(store, "cp-1", epoch, "n", number) for number in range(100)))
        assert await store.load("cp-1", ("",)) == {"n": 99}


async def test_what_has_gathered_goes_in_one_round_trip(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        await asyncio.gather(*(store.hold(f"cp-{number}", "north", 1) for number in range(200)))
        before = redis.admin.info("stats")["total_reads_processed"]
        await asyncio.gather(*(write(store, f"cp-{number}", 1, "n", number) for number in range(200)))
        # A large text may be read in a few pieces; a round trip each would be 200.
        assert redis.admin.info("stats")["total_reads_processed"] - before < 20


async def test_a_write_waits_for_as_many_replicas_as_it_was_told(tmp_path: Path) -> None:
    with redis_server(tmp_path / "one") as master, redis_server(tmp_path / "two") as replica:
        async with opened(f"{master.url}?wait=1") as store:
            with pytest.raises(StoreError, match="0 of 1 replicas"):
                await store.claim("cp-1", "north", ("",))
            replica.admin.replicaof("127.0.0.1", str(master.port))
            until(lambda: master.admin.wait(1, 100) == 1, "the replica follows")
            epoch = (await store.claim("cp-1", "north", ("",))).epoch
            await write(store, "cp-1", epoch, "tx/1", 1)
            assert replica.admin.hget(memory_key("cp-1", ""), "tx/1") == b"[1,1]"


async def test_a_failover_is_over_soon_and_what_the_old_master_is_told_counts_nothing(tmp_path: Path) -> None:
    with redis_sentinels(tmp_path) as sentinels:
        async with opened(sentinels.url) as store:
            epoch = (await store.claim("cp-1", "north", ("",))).epoch
            await write(store, "cp-1", epoch, "n", 1)
            old, new = sentinels.servers
            until(lambda: new.admin.hexists(memory_key("cp-1", ""), "n"), "the replica has it")
            old.pause()
            await refused(store)
            await works(store, 15)
            assert sentinels.master() is new
            newer = await store.claim("cp-1", "north", ("",))
            assert newer.epoch > epoch
            assert newer.memory == {"n": 1}
            old.resume()
            # A claim at the zombie while it still thinks it is the master: lost, as the store never asks it.
            old.admin.hset(owner_key("cp-1"), "epoch", 10**15)
            await write(store, "cp-1", newer.epoch, "n", 2)
            assert await store.owner("cp-1") == Owner("north", newer.epoch)
            assert new.admin.hget(memory_key("cp-1", ""), "n") == b"[1,2]"


async def test_one_server_of_a_cluster_that_hangs_is_the_matter_of_its_stations_only(cluster: RedisCluster) -> None:
    async with opened(cluster.url) as store:
        identities = [f"cp-{number}" for number in range(30)]
        epochs = {one: (await store.claim(one, "north", ("",))).epoch for one in identities}
        sick = cluster.servers[1]
        keys = sick.admin.execute_command("KEYS", "*")
        there = {one for one in identities if owner_key(one).encode() in keys}
        assert 0 < len(there) < len(identities)
        sick.pause()
        try:
            outcomes = {}
            for one in identities:
                try:
                    await write(store, one, epochs[one], "n", 1)
                    outcomes[one] = True
                except StoreError:
                    outcomes[one] = False
            assert {one for one, done in outcomes.items() if not done} == there
        finally:
            sick.resume()
        await works(store)
        for one in identities:
            await write(store, one, epochs[one], "n", 2)


async def test_wrong_credentials_are_told_at_the_start_without_the_password(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        server.admin.config_set("requirepass", "right")
        server.admin.execute_command("AUTH", "right")
        url = server.url.replace("//", "//:ge%68eim@")
        with pytest.raises(StoreError) as raised:
            await RedisStore(read_store(url, Path())).open()
        assert "***@" in str(raised.value)
        assert not {"ge%68eim", "geheim"} & set(re.split(r"[:@/ ]", str(raised.value)))
        async with opened(server.url.replace("//", "//:right@")) as store:
            assert await store.ping()


async def test_a_user_with_the_rights_that_the_documentation_names(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/operations.md").read_text()
    rights = next(line for line in page.splitlines() if line.startswith("ACL SETUSER ocpp-gateway"))
    with redis_server(tmp_path) as server:
        server.admin.execute_command(*rights.split())
        url = server.url.replace("//", "//ocpp-gateway:PASSWORD@")
        async with opened(url) as store:
            epoch = (await store.claim("cp-1", "north", ("",))).epoch
            await write(store, "cp-1", epoch, "n", 1)
            assert await store.load("cp-1", ("",)) == {"n": 1}
            assert await store.ping()
        assert "keeps nothing" in (await warnings_of(read_store(url, Path())))[0]
        server.admin.execute_command("ACL SETUSER", "ocpp-gateway", "-info")
        assert "forbids" in (await warnings_of(read_store(url, Path())))[0]


async def test_tls(tmp_path: Path) -> None:
    certificates.init_ca(tmp_path / "certs")
    certificates.issue_server(tmp_path / "certs", ["localhost", "127.0.0.1"])
    from tests.support import free_port

    port = free_port()
    tls = ("--tls-port", str(port), "--tls-auth-clients", "no", "--tls-ca-cert-file", str(tmp_path / "certs/ca.crt"))
    key = ("--tls-cert-file", str(tmp_path / "certs/server.crt"), "--tls-key-file", str(tmp_path / "certs/server.key"))
    with redis_server(tmp_path / "redis", *tls, *key):
        async with opened(f"rediss://localhost:{port}/0?ca={tmp_path / 'certs/ca.crt'}") as store:
            assert await store.ping()
        async with opened(f"rediss://localhost:{port}/0") as store:
            assert not await store.ping()
            assert await refused(store, "certificate") < SLOW


async def test_what_an_operator_should_know(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        config = read_store(f"{server.url}?wait=2", Path())
        server.admin.config_set("maxmemory-policy", "allkeys-lru")
        nothing, evicts, short = await warnings_of(config)
        assert "keeps nothing on disk" in nothing
        assert "allkeys-lru" in evicts
        assert "wait=2, but 0 replicas" in short
        server.admin.config_set("save", "900 1")
        assert "snapshots only" in (await warnings_of(config))[0]
        server.admin.config_set("appendonly", "yes")
        server.admin.config_set("maxmemory-policy", "noeviction")
        assert await warnings_of(read_store(server.url, Path())) == []


async def test_what_an_operator_should_know_of_a_cluster(cluster: RedisCluster) -> None:
    found = await warnings_of(read_store(cluster.url, Path()))
    assert len(found) == 3
    assert all("keeps nothing on disk" in warning for warning in found)
