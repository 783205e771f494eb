"""Several servers behind one store: a failover, a cluster of which a part is away."""

from pathlib import Path

from gateway.store import Owner, StoreError
from gateway.store.redis_client import CALL_SECONDS
from gateway.store.redis_scripts import memory_key, owner_key
from tests.gateway.store.opened import SLOW, opened, refused, works, write
from tests.redis_support import RedisCluster, redis_cluster, redis_sentinels, until


async def test_a_failover_is_over_soon_and_what_the_old_master_is_told_counts_nothing(tmp_path: Path) -> None:
    with redis_sentinels(tmp_path) as sentinels:
        async with opened(sentinels.url, CALL_SECONDS) as store:
            await works(store)
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
    async with opened(cluster.url, 1.0) as store:
        await works(store)
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


async def test_a_cluster_that_is_away_from_the_start(tmp_path: Path) -> None:
    with redis_cluster(tmp_path) as cluster:
        for server in cluster.servers:
            server.kill()
        async with opened(cluster.url) as store:
            assert not await store.ping()
            assert await refused(store) < SLOW
            for server in cluster.servers:
                server.start()
            await works(store, 20)
            assert (await store.claim("cp-1", "north", ("",))).before is None
