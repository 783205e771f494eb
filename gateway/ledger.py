"""One session's memory in the store: what a frame depends on before the frame, hints a moment later, and everything
again when the store was emptied.

The session's own memory is the truth while the session lives: a store that is away, slow or emptied costs no frame that
does not depend on it.
"""

import asyncio
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from gateway.metrics import Metrics
from gateway.remembered import FOLLOWER, Place, Remembered, follower_prefix, is_of_station
from gateway.silence import silence
from gateway.store import AbsentError, Change, FencedError, Store, StoreError
from gateway.waiting import Waiting
from translators.effects import Forget, Remember
from translators.links import is_hint

_HINTS_WAIT, _BEHIND_WAIT = 0.25, 0.02
"""Seconds for which more may gather. What is written behind is what a crash would have repeated."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


class Ledger(Remembered):
    """What one session writes under its epoch: in order, one write at a time, each with all that has gathered."""

    __slots__ = (
        "__weakref__",
        "_closed",
        "_flying",
        "_later",
        "_loop",
        "_metrics",
        "_node",
        "_patience",
        "_pending",
        "_store",
        "_taken",
        "_waiting",
        "_when_fenced",
        "_writer",
        "epoch",
        "identity",
        "is_fenced",
        "owes",
    )

    def __init__(
        self,
        store: Store,
        identity: str,
        node: str,
        epoch: int,
        backend: str,
        memory: dict[str, Any],
        patience: float,
        metrics: Metrics,
        unwritten: dict[Place, Any] | None = None,
    ) -> None:
        """`memory` is the dictionary the session works on, of which the store does not know `unwritten` (by scope and
        key) yet; `patience` the seconds a frame waits for the store."""
        super().__init__(backend, memory)
        self.identity = identity
        self.epoch = epoch
        self._store = store
        self._node = node
        self._patience = patience
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._pending: dict[Place, Any] = dict(unwritten or {})
        self.owes = _matters(self._pending)
        """The session knows what no store does yet: an answer from it would be forgotten by a crash, so nothing is on
        the wire before that is durable."""
        self._flying: dict[Place, Any] = {}
        self._taken = 0
        self._waiting = Waiting()
        self._closed = False
        self._later: asyncio.TimerHandle | None = None
        self._writer: asyncio.Task[None] | None = None
        self.is_fenced = False
        """A newer connection of the station turned out to own it."""
        self._when_fenced: Callable[[], None] | None = None
        if self._pending:
            self._write_within(_HINTS_WAIT)

    def when_fenced(self, tell: Callable[[], None] | None) -> None:
        """Who is told that a newer connection owns the station, in a step of the loop of its own; None: nobody any more."""
        self._when_fenced = tell
        if tell is not None and self.is_fenced:
            self._loop.call_soon(tell)

    @property
    def unwritten(self) -> dict[Place, Any]:
        """What the store may not know yet, or refused because somebody newer owns the station, by scope and key; None
        forgets."""
        return {**self._flying, **self._pending}

    def adopt(self, unwritten: dict[Place, Any]) -> None:
        """What the owner before this one could not write any more. Nothing may have been put yet."""
        self._learn(unwritten)
        self._pending = {**self._pending, **unwritten}
        self.owes = _matters(self._pending)
        if self._pending:
            self._write_within(_BEHIND_WAIT)

    def put(self, effect: Remember | Forget, backend: str | None = None) -> bool:
        """Take a change; whether it has to be durable before the next frame is on the wire. `backend`: another than the
        one in charge."""
        self._taken += 1
        key, of_station = effect.key, is_of_station(effect.key)
        value = effect.value if isinstance(effect, Remember) else None
        self._pending["" if of_station else backend or self.backend, key] = value
        if self._beside and of_station:
            self._tell_all(key, value)
        if isinstance(effect, Forget) or is_hint(key):
            self._write_within(_HINTS_WAIT)
        elif effect.behind:
            self._write_within(_BEHIND_WAIT)
        else:
            return True
        return False

    def follow(self, follower: str, effect: Remember | Forget) -> None:
        """Take a change of a follower's own memory: written behind, for nobody waits for a follower."""
        key = follower_prefix(follower) + effect.key
        if isinstance(effect, Remember):
            self.memory[key] = effect.value
            self.put(Remember(key, effect.value, behind=True))
        elif self.memory.pop(key, None) is not None:
            self.put(Forget(key))

    def unfollow(self, others_than: Iterable[str]) -> None:
        """Forget what was remembered for followers that are no more."""
        kept = tuple(map(follower_prefix, others_than))
        for key in [key for key in self.memory if key.startswith(FOLLOWER) and not key.startswith(kept)]:
            del self.memory[key]
            self.put(Forget(key))

    def commit(self) -> "asyncio.Future[None] | None":
        """Done when everything taken so far is durable; None: it is already. Holds a FencedError, or a StoreError when a
        frame may not wait longer."""
        if self._store.instant and not self._closed:
            self._write()
            if not self.is_fenced:
                return None
        durable = self._waiting.join(self._taken, self._loop.time() + self._patience)
        if self._closed:
            self._waiting.fail(StoreError("the session is over"))
        else:
            self._write()
        return durable

    async def assert_again(self) -> None:
        """The store was away, or emptied: write what is due, all of it if need be, and own the station again. Raises
        StoreError."""
        try:
            # Even with nothing due: only a write tells that the store was emptied.
            durable = self.commit()
            if durable is not None:
                await durable
        except FencedError:
            return
        except StoreError:
            if self._closed:
                return
            raise
        if self._closed:
            return
        if not await self._store.hold(self.identity, self._node, self.epoch):
            self._fence()

    async def is_ours(self, seconds: float) -> bool:
        """Whether no newer connection owns the station, wherever it is. Raises StoreError when the store does not say
        within this time."""
        if not self._store.shared:
            return True  # whoever comes here tells this session first
        until = self._loop.time() + seconds
        while True:
            try:
                async with silence(self._patience):
                    ours = await self._store.hold(self.identity, self._node, self.epoch)
            except (StoreError, TimeoutError) as error:
                if self._loop.time() + _LONGEST_PAUSE >= until:
                    raise StoreError(str(error) or "no answer in time") from None
                await asyncio.sleep(_LONGEST_PAUSE)
            else:
                if not ours:
                    self._fence()
                return ours

    async def close(self, seconds: float) -> bool:
        """Write what is left and let the station go; False when the store could not take it in this time."""
        self._closed = False  # what could not be written may be tried again
        # Even with nothing due: a store that was emptied is to have it all before the station's next session asks.
        durable = None if self.is_fenced else self.commit()
        try:
            async with silence(seconds):
                if durable is not None:
                    await durable
                await self._store.release(self.identity, self.epoch)
        except FencedError:
            pass
        except (StoreError, TimeoutError):
            return False
        finally:
            for task in (self._later, self._writer):
                if task is not None:
                    task.cancel()
            # Nobody writes any more: whoever waits for it would wait for ever.
            self._closed = True
            self._waiting.fail(StoreError("the session is over"))
        return True

    # -- inside -----------------------------------------------------------------------------------------------------

    def _write_within(self, seconds: float) -> None:
        if self._writer is not None:
            return
        if self._later is not None:
            # With what lasts no longer than this process there is no hurry: the next write takes it.
            if self._store.instant or self._later.when() <= self._loop.time() + seconds:
                return
            self._later.cancel()
        self._later = self._loop.call_later(_HINTS_WAIT if self._store.instant else seconds, self._come_due)

    def _come_due(self) -> None:
        self._later = None
        if self._pending:
            self._write()

    def _write(self) -> None:
        """Begin to write, unless a writer is at work: it takes what has come meanwhile."""
        if self._store.instant:
            return self._write_at_once()  # the timer may run: a new one at every message would cost more
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._writer is None:
            self._writer = self._loop.create_task(self._write_all(), name=f"store {self.identity}")

    def _write_at_once(self) -> None:
        changes, self._pending = self._pending, {}
        self._flying = changes
        try:
            self._store.write(self.identity, self.epoch, _changes(changes))
        except FencedError:
            self._fence()
        else:
            self._flying = {}
            self._settle(self._taken)

    async def _write_all(self) -> None:
        pause = _FIRST_PAUSE
        try:
            while self._pending or self._waiting:
                count, changes, self._pending = self._taken, self._pending, {}
                self._flying = changes
                began = perf_counter()
                limit = silence(self._attempt_seconds())
                try:
                    durable = self._store.write(self.identity, self.epoch, _changes(changes))
                    if durable is not None:
                        async with limit:
                            await durable
                except FencedError:
                    return self._fence()
                except AbsentError:
                    self._pending = changes | self._pending
                    await self._restore()
                except (StoreError, TimeoutError) as error:
                    self._metrics.store_up.set(0)
                    self._pending = changes | self._pending
                    self._waiting.extend(limit.late)
                    self._waiting.give_up(self._loop.time(), error)
                    await self._pause(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                except asyncio.CancelledError:
                    self._pending = changes | self._pending
                    raise
                else:
                    self._flying = {}
                    self._metrics.store_up.set(1)
                    self._metrics.store_write.observe(perf_counter() - began)
                    self._settle(count)
                    pause = _FIRST_PAUSE
        finally:
            self._writer = None

    async def _restore(self) -> None:
        """The store was emptied: everything again."""
        try:
            if not await self._store.hold(self.identity, self._node, self.epoch):
                return self._fence()
        except StoreError as error:
            self._waiting.give_up(self._loop.time(), error)
            await self._pause(_FIRST_PAUSE)
        self._pending = self.everything() | self._pending

    async def _pause(self, seconds: float) -> None:
        """Who waits is not to pay for our being late."""
        due = self._loop.time() + seconds
        await asyncio.sleep(seconds)
        self._waiting.extend(self._loop.time() - due)

    def _attempt_seconds(self) -> float:
        now = self._loop.time()
        return max(0.05, self._waiting.seconds(now, self._patience))

    def _settle(self, count: int) -> None:
        self.owes = False
        if self._waiting:
            self._waiting.settle(count)

    def _fence(self) -> None:
        self._flying, self._pending = self.unwritten, {}
        if not self.is_fenced:
            self.is_fenced = True
            self.when_fenced(self._when_fenced)
        self._waiting.fail(FencedError("a newer connection owns the station"))


def _changes(pending: dict[Place, Any]) -> list[Change]:
    return [Change(scope, key, value) for (scope, key), value in pending.items()]


def _matters(unwritten: Iterable[tuple[str, str]]) -> bool:
    return any(not is_hint(key) for _, key in unwritten)
