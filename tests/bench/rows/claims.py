"""What a fleet costs the Redis that its nodes share: stations that come, are held and go, through the gateway's own store.

A simulation: the claims are real and so is Redis, but there are no stations, and nothing else uses the machine's cores
than the one process that stands for all nodes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop
from redis import Redis

from gateway.config import Store as StoreConfig
from gateway.store import Change
from gateway.store.redis import RedisStore
from tests.bench.lab import Lab, redis_url

_AT_ONCE = 200
_CALL_SECONDS = 5.0
_MEMORY = [
    Change("", "tx/1", {"int": 1, "transactionId": "4fe8ebcf-7a04-54e9-8182-359360ae9d29"}),
    Change("csms", "boot", {"status": "Accepted", "interval": 300}),
]
"""About what is remembered when a transaction starts."""


def measure(lab: Lab) -> None:
    """`claims/STATIONS/...`: `claim`, `write`, `hold`, `release`: microseconds of Redis' core for each, and how many `a
    second` one asking process gets done; `memory`: KiB of Redis for each station."""
    for stations in lab.scale.claims:
        with lab.part(f"claims/{stations}"), lab.redis() as redis:
            _measure(lab, redis, stations)


def _measure(lab: Lab, redis: "Redis", stations: int) -> None:
    name = f"claims/{stations}"
    memory = _info(redis, "memory")["used_memory"]

    async def run() -> None:
        store = RedisStore(StoreConfig("redis", url=redis_url(redis)), call_seconds=_CALL_SECONDS)
        await store.open()
        epochs = [0] * stations

        async def claim(number: int) -> None:
            epochs[number] = (await store.claim(_identity(number), "node", ("", "csms"))).epoch

        async def write(number: int) -> None:
            done = store.write(_identity(number), epochs[number], _MEMORY)
            if done is not None:
                await done

        async def hold(number: int) -> None:
            await store.hold(_identity(number), "node", epochs[number])

        async def release(number: int) -> None:
            await store.release(_identity(number), epochs[number])

        try:
            for what, do in (("claim", claim), ("write", write), ("hold", hold), ("release", release)):
                cpu, began = _cpu(redis), time.perf_counter()
                await _all(stations, do)
                seconds, cpu = time.perf_counter() - began, _cpu(redis) - cpu
                lab.figures.add(f"{name}/{what}", cpu / stations * 1e6, "us", "less")
                lab.figures.add(f"{name}/{what} a second", stations / seconds, "1/s", "more")
                lab.tell(f"{name}: {what}: {stations / seconds:,.0f} a second, {cpu / stations * 1e6:.0f} us of Redis")
        finally:
            await store.close()

    uvloop.run(run())
    lab.figures.add(f"{name}/memory", (_info(redis, "memory")["used_memory"] - memory) / stations / 1024, "KiB", "less")


async def _all(stations: int, do: Callable[[int], Awaitable[None]]) -> None:
    numbers = iter(range(stations))

    async def some() -> None:
        for number in numbers:
            await do(number)

    await asyncio.gather(*(some() for _ in range(_AT_ONCE)))


def _identity(number: int) -> str:
    return f"bench-{number:07}"


def _info(redis: "Redis", section: str) -> dict[str, Any]:
    found: dict[str, Any] = redis.info(section)
    return found


def _cpu(redis: "Redis") -> float:
    found = _info(redis, "cpu")
    return float(found["used_cpu_user"]) + float(found["used_cpu_sys"])
