"""What only a look at all of Redis tells: a walk over its keys, a server at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from gateway.store.redis_lane import Call, Lane
from gateway.store.redis_scripts import memory_key, station_of

_AT_ONCE = 500

Ask = Callable[[str, Call], Awaitable[Any]]


async def scan(lanes: Iterable[Lane], ask: Ask, key: str) -> list[tuple[str, str, bytes]]:
    """Station, scope and value of every memory that has this key; `ask` reaches the server of a station. Raises
    StoreError."""
    found: list[tuple[str, str, bytes]] = []
    for lane in lanes:
        cursor: Any = b"0"
        while True:
            words = ["SCAN", cursor, "MATCH", memory_key("*", "*"), "COUNT", _AT_ONCE]
            cursor, names = await lane.ask(Call(words))
            places = [station_of(name.decode()) for name in names]
            values = await asyncio.gather(
                *(ask(identity, Call(["HGET", memory_key(identity, scope), key])) for identity, scope in places)
            )
            found += [(*place, value) for place, value in zip(places, values, strict=True) if value is not None]
            if cursor in (b"0", 0):
                break
    return sorted(set(found))
