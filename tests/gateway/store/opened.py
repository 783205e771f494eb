"""A Redis store for a test, and whether it is away."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.config.values import read_store
from gateway.store import Change, StoreError
from gateway.store.redis import RedisStore
from gateway.store.redis_client import CALL_SECONDS

SLOW = 2.0
"""Seconds more than a call may take, for a loaded machine."""


@asynccontextmanager
async def opened(url: str, call_seconds: float = 5.0) -> AsyncIterator[RedisStore]:
    """`call_seconds`: patient, unless what is tested is that it is not."""
    store = RedisStore(read_store(url, Path()), call_seconds=call_seconds)
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
