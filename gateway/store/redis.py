"""The store that several nodes share: Redis, single, behind Sentinel, or a Redis Cluster.

It is asked when a station comes and goes and when a translation has something to remember, never for a frame that passes
through. What it is to remember is sent at once with all that has gathered meanwhile.
"""

import asyncio
import random
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from time import time_ns
from typing import Any

import msgspec
import structlog
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError

from gateway.config import Store as StoreConfig
from gateway.store import AbsentError, Change, Claimed, ConflictError, Document, FencedError, Owner, StoreError
from gateway.store.redis_checks import warnings_of
from gateway.store.redis_client import CALL_SECONDS
from gateway.store.redis_lane import Call, Lane, words_of
from gateway.store.redis_scan import scan
from gateway.store.redis_scripts import (
    CLAIM,
    FLEET,
    HOLD,
    LEASE,
    PUT,
    WRITE,
    documents_key,
    lease_key,
    memory_key,
    owner_key,
)
from gateway.store.redis_servers import make_servers
from gateway.tasks import ended

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[int, Any]).decode

_OPEN_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_FIRST_PAUSE = 0.1
_DOCUMENTS_AT_ONCE = 500
_MOST_GIVEN_UP, _GIVEN_UP_EACH = 20_000, 8


class RedisStore:
    """Redis may be silent for `call_seconds`; while it is away every call is refused at once with a StoreError."""

    shared = True
    instant = False

    def __init__(self, config: StoreConfig, *, call_seconds: float = CALL_SECONDS) -> None:
        self._config = config
        self._call_seconds = call_seconds
        self._servers = make_servers(config)
        self._lanes: dict[str, Lane] = {}
        self._number = time_ns() // 1000
        self._token = secrets.token_hex(4)
        self._given_up: OrderedDict[str, list[str]] = OrderedDict()
        """Claims of which nobody knows whether they were done, by identity."""
        self._watcher: asyncio.Task[None] | None = None
        self._trouble = asyncio.Event()
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("store")

    async def open(self) -> None:
        """Raises StoreError for credentials that are wrong. A Redis that is away is waited for behind the scenes: what
        passes through needs none."""
        deadline = asyncio.get_running_loop().time() + _OPEN_SECONDS
        try:
            async with asyncio.timeout_at(deadline):
                await self._servers.look(trouble=False)
                for warning in await warnings_of(self._config):
                    self._logger.warning("store_warning", why=warning)
        except (AuthenticationError, AuthorizationError, NoPermissionError) as error:
            await self._servers.close()
            raise StoreError(f"{self._config}: {words_of(error)}") from None
        except (RedisError, OSError, TimeoutError) as error:
            self._logger.error("store_away", why=words_of(error))
        self._update_lanes()
        for lane in self._lanes.values():
            await lane.probe()
        self._watcher = asyncio.create_task(self._watch(), name="redis watch")

    async def close(self) -> None:
        await ended(self._watcher)
        for lane in list(self._lanes.values()):
            await lane.settled()
        await self._servers.close()

    async def claim(self, identity: str, node: str, scopes: Sequence[str]) -> Claimed:
        claim = f"{self._token}{self._next()}"
        keys = [owner_key(identity), *(memory_key(identity, scope) for scope in scopes)]
        try:
            epoch, before_node, before_epoch, *memories = await self._ask(
                identity, Call([node, claim], keys, CLAIM, writes=True, at_door=True)
            )
        except BaseException:
            self._give_up(identity, claim)
            raise
        self._given_up.pop(identity, None)
        before = Owner(before_node.decode(), int(before_epoch)) if before_epoch else None
        return Claimed(int(epoch), _memory(memories), before)

    async def hold(self, identity: str, node: str, epoch: int) -> bool:
        answer = await self._ask(identity, Call([epoch, self._ghosts(identity), node], [owner_key(identity)], HOLD))
        return bool(answer == b"done")

    async def release(self, identity: str, epoch: int) -> None:
        await self.hold(identity, "", epoch)

    async def owner(self, identity: str) -> Owner | None:
        node, epoch = await self._ask(identity, Call(["HMGET", owner_key(identity), "node", "epoch"]))
        return Owner(node.decode(), int(epoch)) if node and epoch else None

    async def load(self, identity: str, scopes: Sequence[str]) -> dict[str, Any]:
        asked = [self._ask(identity, Call(["HGETALL", memory_key(identity, scope)], at_door=True)) for scope in scopes]
        return _memory(await asyncio.gather(*asked))

    async def holding(self, key: str) -> list[tuple[str, str, Any]]:
        return [(*place, _decode(text)[1]) for *place, text in await scan([*self._lanes.values()], self._ask, key)]

    def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        scopes = list(dict.fromkeys(change.scope for change in changes))
        places = {scope: place for place, scope in enumerate(scopes, 1)}
        keys = [owner_key(identity), *(memory_key(identity, scope) for scope in scopes)]
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        words: list[str | bytes | int] = [epoch, self._ghosts(identity), self._next()]
        try:
            for scope, key, value in changes:
                words += [places[scope], key.encode(), b"" if value is None else _encode(value)]
            answer = self._ask(identity, Call(words, keys, WRITE, writes=True))
        except UnicodeEncodeError as error:
            done.set_exception(StoreError(f"{type(error).__name__}: {error}"))
            return done

        def cancel(done: "asyncio.Future[None]") -> None:
            if done.cancelled():
                answer.cancel()

        answer.add_done_callback(lambda answer: _settle_write(done, answer, identity))
        done.add_done_callback(cancel)
        return done

    async def ping(self) -> bool:
        lanes = list(self._lanes.values())
        if not lanes or any(lane.away is not None for lane in lanes):
            return False
        return all(await asyncio.gather(*(lane.probe() for lane in lanes)))

    # -- documents --------------------------------------------------------------------------------------------------

    async def document(self, kind: str, name: str) -> Document | None:
        text = await self._ask(FLEET, Call(["HGET", documents_key(kind), name], at_door=True))
        return Document(name, *_decode(text)) if text is not None else None

    async def documents(self, kind: str) -> list[Document]:
        found = await self._ask(FLEET, Call(["HGETALL", documents_key(kind)]))
        pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        return sorted(Document(name.decode(), *_decode(text)) for name, text in pairs)

    async def put(self, kind: str, name: str, value: Any, version: int | None = None) -> int:
        words: list[str | bytes | int] = ["" if version is None else version, name, _encode(value)]
        outcome, now = await self._ask(FLEET, Call(words, [documents_key(kind)], PUT, writes=True))
        if outcome != b"done":
            raise ConflictError(f"{kind} {name} is version {now}, not {version}")
        return int(now)

    async def put_all(self, kind: str, values: Mapping[str, Any]) -> None:
        entries = list(values.items())
        for first in range(0, len(entries), _DOCUMENTS_AT_ONCE):
            words: list[str | bytes | int] = [""]
            for name, value in entries[first : first + _DOCUMENTS_AT_ONCE]:
                words += [name, b"" if value is None else _encode(value)]
            await self._ask(FLEET, Call(words, [documents_key(kind)], PUT, writes=True))

    async def remove_all(self, kind: str) -> None:
        await self._ask(FLEET, Call(["DEL", documents_key(kind)], writes=True))

    async def lease(self, name: str, holder: str, seconds: float) -> bool:
        words: list[str | bytes | int] = [holder, int(seconds * 1000)]
        return bool(await self._ask(FLEET, Call(words, [lease_key(name)], LEASE, writes=True)))

    async def unlease(self, name: str, holder: str) -> None:
        await self._ask(FLEET, Call([holder, 0], [lease_key(name)], LEASE, writes=True))

    # -- inside -----------------------------------------------------------------------------------------------------

    def _ask(self, identity: str, call: Call) -> "asyncio.Future[Any]":
        try:
            name = self._servers.name_of(owner_key(identity))
        except RedisError as error:
            refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            refused.set_exception(StoreError(words_of(error)))
            self._trouble.set()
            return refused
        return self._lane(name).ask(call)

    def _lane(self, name: str) -> Lane:
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = Lane(self._servers, name, self._config.wait, self._call_seconds, self._heard)
        return lane

    def _next(self) -> int:
        """Rises, and is above those of earlier processes."""
        self._number += 1
        return self._number

    def _ghosts(self, identity: str) -> str:
        return " ".join(self._given_up.get(identity, ()))

    def _give_up(self, identity: str, claim: str) -> None:
        claims = self._given_up.setdefault(identity, [])
        claims.append(claim)
        del claims[:-_GIVEN_UP_EACH]
        if len(self._given_up) > _MOST_GIVEN_UP:
            self._given_up.popitem(last=False)

    def _heard(self, lane: Lane) -> None:
        server = {"server": lane.name} if lane.name else {}
        if lane.away is not None:
            self._logger.error("store_away", why=lane.away, **server)
            self._trouble.set()
        else:
            self._logger.info("store_back", **server)

    def _update_lanes(self) -> None:
        names = self._servers.names()
        self._lanes = {name: self._lane(name) for name in names} if names else self._lanes

    async def _watch(self) -> None:
        """For ever: see where the servers are, and whether those that were away or quiet take writes."""
        pause = _FIRST_PAUSE
        while True:
            quiet = await self._quiet_for(_LOOK_SECONDS)
            if quiet:
                pause = _FIRST_PAUSE
            else:
                await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - spreads load, hides nothing
                pause = min(2 * pause, _LOOK_SECONDS)
            self._trouble.clear()
            try:
                async with asyncio.timeout(_OPEN_SECONDS):
                    await self._servers.look(trouble=not quiet)
            except Exception as error:  # whatever the library raises: who watches must go on
                # Sentinels that are away are no reason not to use a master that is there.
                self._logger.debug("store_look_failed", why=words_of(error))
            self._update_lanes()
            now = asyncio.get_running_loop().time()
            for lane in list(self._lanes.values()):
                if lane.away is not None or now - lane.last_answer > _LOOK_SECONDS / 2:
                    await lane.probe()

    async def _quiet_for(self, seconds: float) -> bool:
        """False as soon as something is, or seems, amiss."""
        if not self._lanes or any(lane.away is not None for lane in self._lanes.values()):
            return False
        try:
            async with asyncio.timeout(seconds):
                await self._trouble.wait()
        except TimeoutError:
            return True
        return False


def _memory(hashes: Sequence[Any]) -> dict[str, Any]:
    """What HGETALL gave for each scope, those keys first that were remembered first."""
    rows: list[tuple[int, str, Any]] = []
    for found in hashes:
        pairs = found.items() if isinstance(found, dict) else zip(found[::2], found[1::2], strict=True)
        for key, text in pairs:
            place, value = _decode(text)
            rows.append((place, key.decode(), value))
    rows.sort(key=lambda row: row[0])
    return {key: value for _, key, value in rows}


def _settle_write(done: "asyncio.Future[None]", answer: "asyncio.Future[Any]", identity: str) -> None:
    if answer.cancelled():
        done.cancel()
        return
    error = answer.exception()  # asked for even when nobody waits any more: else it counts as overlooked
    if done.done():
        return
    if error is not None:
        done.set_exception(error)
        return
    match answer.result():
        case b"done":
            done.set_result(None)
        case b"absent":
            done.set_exception(AbsentError(f"nobody has claimed {identity}"))
        case b"fenced":
            done.set_exception(FencedError(f"a newer connection of {identity} writes"))
        case other:
            done.set_exception(StoreError(f"not written: {other!r}"))
