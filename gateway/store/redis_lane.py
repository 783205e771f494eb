"""What is asked of one Redis server: in order, one round trip at a time, each with all that has gathered. What live
sessions ask goes before what stations at the door ask, of which each round trip takes some only: those who are in do not
wait for those who all come at once.

A server that does not answer in time, or answers that it cannot take a write now, is away: from then on every call is
refused at once, until a probe found that it takes writes again.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import (
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)

from gateway.silence import silence
from gateway.store import StoreError
from gateway.store.redis_client import CALL_SECONDS
from gateway.store.redis_scripts import ALL, Script
from gateway.store.redis_servers import Servers, Words

_MOST_AT_ONCE, _MOST_AT_THE_DOOR = 512, 64
_AWAY = re.compile(r"\b(READONLY|OOM|MISCONF|NOREPLICAS|LOADING|MASTERDOWN|CLUSTERDOWN|BUSY)\b")
_AWAY_ERRORS = (ReadOnlyError, OutOfMemoryError, MasterDownError, RedisConnectionError, StoreError)
_PROBE_LASTS_MS = 60_000
_LONGEST_PROBE = 4


class Call(NamedTuple):
    """`script` is run on `keys` with `words`; without one, `words` are a whole command. `writes`: whether replicas are to
    have it. `at_door`: for a station that wants to come in; it may be done after what is asked later."""

    words: Words
    keys: Words = ()
    script: Script | None = None
    writes: bool = False
    at_door: bool = False

    def command(self, known: bool) -> Words:
        """As Redis wants it; `known`: whether it is taken to know the script."""
        if self.script is None:
            return self.words
        start = ("EVALSHA", self.script.sha) if known else ("EVAL", self.script.text)
        return [*start, len(self.keys), *self.keys, *self.words]


class _Asked(NamedTuple):
    call: Call
    done: "asyncio.Future[Any]"


class Lane:
    """`wait`: how many replicas are to have a write before it is done. `changed` is called when `away` changes."""

    def __init__(
        self, servers: Servers, name: str, wait: int, call_seconds: float, changed: Callable[["Lane"], None]
    ) -> None:
        self.name = name
        self.away: str | None = None
        """Why it is, while it is."""
        self._servers = servers
        self._wait = wait
        self._call_seconds = self._probe_seconds = call_seconds
        self._changed = changed
        self._queue: list[_Asked] = []
        self._at_door: list[_Asked] = []
        self._task: asyncio.Task[None] | None = None
        self._told_scripts = False
        self._loop = asyncio.get_running_loop()
        self.last_answer = self._loop.time()

    def ask(self, call: Call) -> "asyncio.Future[Any]":
        """Its answer. Holds a StoreError when Redis did not do it, or not in time."""
        done: asyncio.Future[Any] = self._loop.create_future()
        if self.away is not None:
            done.set_exception(StoreError(self.away))
            return done
        (self._at_door if call.at_door else self._queue).append(_Asked(call, done))
        if self._task is None:
            self._task = self._loop.create_task(self._run(), name=f"redis {self.name}")
        return done

    async def probe(self) -> bool:
        """Whether it takes a write now; only this ends its being away. Nobody waits for it then: each may take twice as
        long as the one before, up to a point, for a server that is slow and has to make a connection first."""
        try:
            calls: list[Words] = [("SET", self._servers.probe_key(self.name), "1", "PX", _PROBE_LASTS_MS)]
            if self._wait:
                calls.append(self._wait_call())
            if not self._told_scripts:
                calls += [("SCRIPT LOAD", script.text) for script in ALL]
            async with silence(self._probe_seconds):
                answer, *more = await self._servers.send(self.name, calls)
            if self._wait and not isinstance(answer, Exception):
                answer = self._short(more[0])
        except Exception as error:  # as in `_run`
            answer = error
        if isinstance(answer, Exception):
            self._probe_seconds = min(2 * self._probe_seconds, _LONGEST_PROBE * self._call_seconds)
            await self._gone(answer)
            return False
        self._probe_seconds = self._call_seconds
        self.last_answer = self._loop.time()
        self._told_scripts = True
        if self.away is not None:
            self.away = None
            self._changed(self)
        return True

    async def settled(self) -> None:
        """Everything asked so far has its answer."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._queue or self._at_door:
                batch = self._next_batch()
                try:
                    async with silence(self._call_seconds):
                        answers = await self._answers([asked.call for asked in batch])
                except Exception as error:
                    # Any: a connection that is closed under the library makes it raise what it likes, and nobody is to
                    # wait for an answer that does not come.
                    await self._gone(error)
                    self._refuse(batch, words_of(error))
                else:
                    self.last_answer = self._loop.time()
                    await self._settle(batch, answers)
        finally:
            self._task = None

    def _next_batch(self) -> list[_Asked]:
        """Who gave up is not served: what it asked for may be out of date."""
        batch, self._queue = self._queue[:_MOST_AT_ONCE], self._queue[_MOST_AT_ONCE:]
        # Those who gave up are no part of the few.
        waiting = [asked for asked in self._at_door if not asked.done.done()]
        arrivals, self._at_door = waiting[:_MOST_AT_THE_DOOR], waiting[_MOST_AT_THE_DOOR:]
        return [asked for asked in batch if not asked.done.done()] + arrivals

    async def _answers(self, calls: Sequence[Call]) -> list[Any]:
        answers = await self._send(calls, known=True)
        # From the first that was not run, all again: a later write of the same station may have come before.
        first = next((n for n, answer in enumerate(answers) if isinstance(answer, NoScriptError)), None)
        if first is not None:
            answers[first:] = await self._send(calls[first:], known=False)
        return answers

    async def _send(self, calls: Sequence[Call], *, known: bool) -> list[Any]:
        commands = [call.command(known) for call in calls]
        if not commands:
            return []
        if not self._wait or not any(call.writes for call in calls):
            return await self._servers.send(self.name, commands)
        *answers, reached = await self._servers.send(self.name, [*commands, self._wait_call()])
        short = self._short(reached)
        return [
            short if short and call.writes and not isinstance(answer, Exception) else answer
            for call, answer in zip(calls, answers, strict=True)
        ]

    def _wait_call(self) -> Words:
        # Redis looks at the limit of a WAIT ten times a second: its answer is to be here in time.
        return ("WAIT", self._wait, int(self._call_seconds * 1000 / 3))

    def _short(self, reached: Any) -> StoreError | None:
        if isinstance(reached, int) and reached >= self._wait:
            return None
        return StoreError(f"{reached} of {self._wait} replicas have it")

    async def _settle(self, batch: list[_Asked], answers: list[Any]) -> None:
        for asked, answer in zip(batch, answers, strict=True):
            if not asked.done.done():
                if isinstance(answer, StoreError):
                    asked.done.set_exception(answer)
                elif isinstance(answer, Exception):
                    asked.done.set_exception(StoreError(words_of(answer)))
                else:
                    asked.done.set_result(answer)
        away = next((answer for answer in answers if isinstance(answer, Exception) and _is_away(answer)), None)
        if away is not None:
            await self._gone(away)

    async def _gone(self, error: Exception) -> None:
        """Refuse what is asked from now on, and what waits; the next connection is a new one."""
        before, self.away = self.away, words_of(error)
        self._told_scripts = False
        waiting, self._queue, self._at_door = self._queue + self._at_door, [], []
        self._refuse(waiting, self.away)
        if before is None:
            self._changed(self)
        if not isinstance(error, (OutOfMemoryError, StoreError)):
            await _quietly(self._servers.drop(self.name))

    def _refuse(self, batch: list[_Asked], why: str) -> None:
        for asked in batch:
            if not asked.done.done():
                asked.done.set_exception(StoreError(why))


def words_of(error: Exception) -> str:
    """What went wrong, on one line; Redis and the library repeat no password."""
    text = " ".join(str(error).split())
    if isinstance(error, TimeoutError) and not text:
        return "no answer in time"
    if isinstance(error, ResponseError):
        return text.partition(" script: ")[0]
    if isinstance(error, (RedisError, OSError, StoreError)):
        return text or type(error).__name__
    return f"{type(error).__name__}: {text}"


def _is_away(error: Exception) -> bool:
    return isinstance(error, _AWAY_ERRORS) or bool(_AWAY.search(str(error)))


async def _quietly(closing: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(CALL_SECONDS):
            await closing
    except Exception:  # it is closed, or was never open: either will do
        return
