"""One Redis server that is away, in all the ways there are, and comes back."""

import asyncio
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.store import StoreError
from gateway.store.redis_client import CALL_SECONDS
from gateway.store.redis_scripts import memory_key
from tests.busy import busy
from tests.gateway.store.opened import away, opened, refused, works, write
from tests.redis_support import RedisServer, redis_server, until


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
    async with opened(redis.url, CALL_SECONDS) as store:
        redis.admin.execute_command("CLIENT PAUSE", 1500, "ALL")
        began = time.monotonic()
        await away(store)
        calls = [store.claim(f"cp-{number}", "north", ("",)) for number in range(500)]
        assert all(isinstance(one, StoreError) for one in await asyncio.gather(*calls, return_exceptions=True))
        await works(store)
        assert time.monotonic() - began > 1.0
        assert redis.calls().get("evalsha", 0) + redis.calls().get("eval", 0) <= 5


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
    with (
        redis_server(tmp_path / "one", "--repl-diskless-sync-delay", "0") as master,
        redis_server(tmp_path / "two") as replica,
    ):
        async with opened(f"{master.url}?wait=1", 1.0) as store:
            with pytest.raises(StoreError, match="0 of 1 replicas"):
                await store.claim("cp-1", "north", ("",))
            replica.admin.replicaof("127.0.0.1", str(master.port))
            await works(store)
            epoch = (await store.claim("cp-1", "north", ("",))).epoch
            await write(store, "cp-1", epoch, "tx/1", 1)
            assert replica.admin.hget(memory_key("cp-1", ""), "tx/1") == b"[1,1]"


async def test_our_own_lateness_is_not_redis_being_away(redis: RedisServer) -> None:
    async with opened(redis.url, CALL_SECONDS) as store:
        epoch = (await store.claim("cp-1", "north", ("",))).epoch
        with busy(1.5 * CALL_SECONDS), capture_logs() as said:
            for number in range(3):
                await write(store, "cp-1", epoch, "n", number)
                await store.claim(f"other-{number}", "north", ("",))
            assert await store.ping()
        assert [line["event"] for line in said if line["event"] == "store_away"] == []
        assert await store.load("cp-1", ("",)) == {"n": 2}


async def test_redis_that_hangs_is_away_however_late_we_are(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        async with opened(server.url, CALL_SECONDS) as store:
            server.pause()
            with busy(CALL_SECONDS / 10):
                await refused(store)
            server.resume()
            await works(store)


async def test_live_sessions_do_not_wait_for_those_at_the_door(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        epoch = (await store.claim("cp-1", "north", ("",))).epoch
        claims = [asyncio.ensure_future(store.claim(f"new-{number}", "north", ("",))) for number in range(1000)]
        await asyncio.sleep(0)
        await write(store, "cp-1", epoch, "n", 1)
        # One round trip may have been under way, and the write's own took some of them along.
        assert sum(claim.done() for claim in claims) <= 200
        assert all(claimed.epoch > 0 for claimed in await asyncio.gather(*claims))
        assert redis.admin.info("stats")["total_reads_processed"] < 200


async def test_claims_that_were_given_up_are_not_made(redis: RedisServer) -> None:
    async with opened(redis.url) as store:
        claims = [asyncio.ensure_future(store.claim(f"new-{number}", "north", ("",))) for number in range(300)]
        await asyncio.sleep(0)
        for claim in claims[200:]:
            claim.cancel()
        await asyncio.gather(*claims[:200])
        assert await store.owner("new-199") is not None
        assert await store.owner("new-250") is None
