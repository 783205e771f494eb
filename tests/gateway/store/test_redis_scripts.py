"""What the scripts refuse, and what they mend."""

import pytest

from gateway.store import FencedError, StoreError
from gateway.store.redis_client import CALL_SECONDS
from gateway.store.redis_scripts import WRITE, memory_key, owner_key
from tests.gateway.store.opened import opened, works, write
from tests.redis_support import RedisServer, until


async def test_a_claim_that_was_given_up_and_done_later_is_nobodys(redis: RedisServer) -> None:
    async with opened(redis.url, CALL_SECONDS) as store, opened(redis.url) as other:
        await works(store)
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
