"""The nodes that share a Redis: each renews a key that expires, and listens at a channel of its own.

That a node lives is for Redis to say, by keys that it lets expire: no two machines' clocks are compared. Whether messages
arrive is not taken from the connection, which may look healthy for long, but from what a node says to itself.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import msgspec
import redis.asyncio
import structlog
from redis.exceptions import RedisError

from gateway.cluster import Handler, Message, NodeFailed, NodeUnreachable
from gateway.config import Store as StoreConfig
from gateway.silence import silence
from gateway.store.redis_client import CALL_SECONDS, close_client, drop_connections, follow_master, make_client
from gateway.tasks import ended

LEASE_SECONDS = 10.0
BEAT_SECONDS = 2.5
_PREFIX = "ocpp-gateway:{nodes}"
_INDEX = _PREFIX
_SOON_SECONDS = 0.5
"""Between two tries while Redis is away."""
_LOOK_SECONDS = 1.0
_MOST_AT_WORK = 1000
_TROUBLE = (RedisError, OSError, TimeoutError, KeyError)
"""What the library raises; KeyError for a slot of a Redis Cluster that nobody is known to have."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class RedisCluster:
    """`beat_seconds`: the key is renewed that often, for `lease_seconds`."""

    def __init__(
        self,
        config: StoreConfig,
        node: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
        beat_seconds: float = BEAT_SECONDS,
    ) -> None:
        self.id = node
        self._config = config
        self._lease, self._beat = lease_seconds, beat_seconds
        self._client: Any = make_client(config)
        self._handler: Handler | None = None
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Task[None] | None = None
        self._beater: asyncio.Task[None] | None = None
        self._asserting: asyncio.Task[None] | None = None
        self._heard_at = 0.0
        self._renewed_at: float | None = None
        self._was_away = False
        self._missed = ""
        self._wake = asyncio.Event()
        self._listening = asyncio.Event()
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("cluster")

    async def open(self, handler: Handler) -> None:
        self._handler = handler
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        self._listener = loop.create_task(self._listen(), name="cluster listener")
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._listening.wait()
        with suppress(*_TROUBLE):
            async with silence(_LOOK_SECONDS):
                await self._renew(handler)
        self._beater = loop.create_task(self._keep_beating(handler), name="cluster beat")

    async def close(self) -> None:
        await ended(self._beater)  # it may start others
        await ended(self._listener, *self._tasks)
        with suppress(*_TROUBLE):
            async with silence(2 * CALL_SECONDS):
                await self._client.delete(_key(self.id))
                await self._client.srem(_INDEX, self.id)
        await close_client(self._client)

    async def nodes(self) -> list[Message]:
        assert self._handler is not None
        try:
            async with silence(2 * CALL_SECONDS):
                ids = sorted(name.decode() for name in await self._client.smembers(_INDEX))
                texts = await self._client.mget([_key(node) for node in ids]) if ids else []
        except _TROUBLE as error:
            raise NodeUnreachable(f"the nodes cannot be known: {_words(error)}") from None
        found = {node: _decode(text) for node, text in zip(ids, texts, strict=True) if text is not None}
        found[self.id] = self._handler.about()
        return [{"id": node, **about} for node, about in sorted(found.items())]

    async def tell(self, node: str, message: Message) -> None:
        if node == self.id:
            await self._answer(self.id, message)
        else:
            await self._send(node, {"from": self.id, "message": message})

    async def ask(self, node: str, message: Message, seconds: float) -> Any:
        if node == self.id:
            return await self._answer(self.id, message)
        self._number += 1
        number = self._number
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            async with silence(seconds):
                await self._send(node, {"from": self.id, "number": number, "message": message})
                return await answer
        except TimeoutError:
            raise NodeUnreachable(f"{node} did not answer in {seconds:g} s") from None
        finally:
            del self._asked[number]

    # -- what others hear -------------------------------------------------------------------------------------------

    async def _send(self, node: str, envelope: Message) -> None:
        try:
            async with silence(CALL_SECONDS):
                receivers = await self._client.publish(_key(node), _encode(envelope))
        except _TROUBLE as error:
            raise NodeUnreachable(f"{node}: {_words(error)}") from None
        # A server of a Redis Cluster counts those that listen to itself only.
        if not receivers and self._config.kind != "redis+cluster":
            raise NodeUnreachable(f"{node} does not listen")

    async def _answer(self, sender: str, message: Message) -> Any:
        assert self._handler is not None
        return await self._handler.asked(sender, message)

    # -- what is heard ----------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """For ever. Every subscription but the first means that messages may have been lost."""
        first = True
        while True:
            pubsub = self._client.pubsub()
            try:
                async with silence(_LOOK_SECONDS):
                    if isinstance(self._client, redis.asyncio.RedisCluster):
                        await self._client.initialize()
                    await pubsub.subscribe(_key(self.id))
                async for item in pubsub.listen():
                    if item["type"] == "subscribe":
                        if not first:
                            self._trouble("messages")
                        first = False
                        self._heard_at = asyncio.get_running_loop().time()
                        self._listening.set()
                    elif item["type"] == "message":
                        self._hear(item["data"])
            except _TROUBLE as error:
                self._logger.info("cluster_deaf", why=_words(error))
            finally:
                with suppress(*_TROUBLE):
                    async with silence(_LOOK_SECONDS):
                        await pubsub.aclose()
            await asyncio.sleep(_SOON_SECONDS)

    def _hear(self, data: bytes) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        try:
            envelope = _decode(data)
            sender, message = envelope["from"], envelope.get("message")
        except (msgspec.DecodeError, TypeError, KeyError):
            self._logger.warning("cluster_message_unreadable")
            return
        if sender == self.id:
            return  # that is all it was for
        answer = self._asked.get(envelope.get("answers", 0))
        if answer is not None and not answer.done():
            if "problem" in envelope:
                answer.set_exception(NodeFailed(envelope["problem"], envelope.get("text", "")))
            else:
                answer.set_result(envelope.get("answer"))
        elif isinstance(message, dict):
            self._work(self._serve(sender, envelope.get("number"), message))

    async def _serve(self, sender: str, number: int | None, message: Message) -> None:
        reply: Message = {"from": self.id, "answers": number}
        try:
            if len(self._tasks) > _MOST_AT_WORK:
                raise NodeFailed("busy", "too much is asked of this node")
            reply["answer"] = await self._answer(sender, message)
        except NodeFailed as failure:
            reply |= {"problem": failure.problem, "text": str(failure)}
        if number is not None:
            with suppress(NodeUnreachable):
                await self._send(sender, reply)

    def _work(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work, name="cluster message")
        self._tasks.add(task)
        task.add_done_callback(self._worked)
        return task

    def _worked(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._logger.error("cluster_failed", error=repr(error), exc_info=error)

    # -- the heart --------------------------------------------------------------------------------------------------

    def _trouble(self, why: str) -> None:
        self._missed = why
        self._wake.set()

    async def _keep_beating(self, handler: Handler) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                async with silence(_LOOK_SECONDS):
                    await self._renew(handler)
            except _TROUBLE as error:
                if not self._was_away:
                    self._logger.warning("cluster_away", why=_words(error))
                self._was_away = True
                await self._find_anew()
                await asyncio.sleep(_SOON_SECONDS)
                continue
            # Beside the heartbeat: a node that has much to say again must not seem dead meanwhile.
            if self._asserting is None or self._asserting.done():
                why, self._missed = self._missed, ""
                self._asserting = self._work(self._assert(handler, why))
            if loop.time() - self._heard_at > 2 * self._beat + _LOOK_SECONDS:
                self._listen_anew()
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._beat):
                    await self._wake.wait()

    async def _assert(self, handler: Handler, why: str) -> None:
        if why:
            self._logger.warning("cluster_missed", why=why)
            await handler.missed(why)
        await handler.beat()

    async def _renew(self, handler: Handler) -> None:
        """Say that this node lives, and something to itself. Raises what Redis raises."""
        now = asyncio.get_running_loop().time()
        about = _encode(handler.about())
        before = await self._client.set(_key(self.id), about, px=int(self._lease * 1000), get=True)
        await self._client.sadd(_INDEX, self.id)
        await self._client.publish(_key(self.id), _encode({"from": self.id}))
        await self._forget_the_dead()
        if self._was_away:
            self._missed = "away"
        elif before is None and self._renewed_at is not None and now - self._renewed_at < self._lease / 2:
            self._missed = "emptied"
        self._was_away = False
        self._renewed_at = now

    async def _find_anew(self) -> None:
        """Whoever is the master by now, over new connections."""
        with suppress(*_TROUBLE):
            async with silence(_LOOK_SECONDS):
                await drop_connections(self._client)
                if isinstance(self._client, redis.asyncio.RedisCluster):
                    await self._client.nodes_manager.initialize()
                else:
                    await follow_master(self._client)

    async def _forget_the_dead(self) -> None:
        ids = [name.decode() for name in await self._client.smembers(_INDEX)]
        alive = await self._client.mget([_key(node) for node in ids])
        dead = [node for node, text in zip(ids, alive, strict=True) if text is None]
        if dead:
            # One that is only late says so again with its next beat.
            await self._client.srem(_INDEX, *dead)
            self._logger.info("nodes_gone", nodes=dead)

    def _listen_anew(self) -> None:
        """What this node says to itself does not arrive."""
        assert self._listener is not None
        self._logger.warning("cluster_deaf", why="nothing is heard")
        self._work(ended(self._listener))
        self._heard_at = asyncio.get_running_loop().time()
        self._trouble("messages")
        self._listener = asyncio.get_running_loop().create_task(self._listen(), name="cluster listener")


def _key(node: str) -> str:
    """The node's key, and the name of its channel."""
    return f"{_PREFIX}:{node}"


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
