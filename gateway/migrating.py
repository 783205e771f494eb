"""Carries migrations out. Every node looks for those that want work; the one that holds a migration's lease does it, step by
step, each in the store before it is begun and when it has come to something. So another node goes on after a crash.
"""

import asyncio
from time import monotonic, time
from typing import Any

import structlog

from gateway.cluster import NodeFailed, NodeUnreachable
from gateway.migration import Migration, Step
from gateway.node import Node
from gateway.overrides import Override
from gateway.reach import SWITCH_SECONDS, Reach
from gateway.store import ConflictError, StoreError
from gateway.tasks import ended

HEADS = "migration"
LEASE_SECONDS, _RENEW_SECONDS, _LOOK_SECONDS = 10.0, 2.0, 1.0
_AT_ONCE = 64
_TICK_SECONDS, _PAUSE_SECONDS = 0.25, 0.05
_ARRIVALS_SECONDS = 3.0
_TRIES = 5
"""Of a station of which something else is in the way than a transaction."""
_NOT_NOW = frozenset({"busy", "slow", "station_gone", "store", "unreachable"})


def stations_of(name: str) -> str:
    """The kind of a migration's journal, with a document for each station."""
    return f"migration/{name}"


def arrivals_of(name: str) -> str:
    """The kind of the notes about stations that came and found the route that a migration had left for them."""
    return f"arrived/{name}"


class Migrator:
    """One node's part in all migrations."""

    def __init__(self, node: Node, reach: Reach) -> None:
        self._node = node
        self._reach = reach
        self._working: dict[str, asyncio.Task[None]] = {}
        self._watcher: asyncio.Task[None] | None = None
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("migration")

    def open(self) -> None:
        self._watcher = asyncio.get_running_loop().create_task(self._watch(), name="migrations")

    async def close(self) -> None:
        await ended(self._watcher, *self._working.values())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                heads = await self._node.store.documents(HEADS)
            except StoreError:
                continue
            for name in [head.name for head in heads if _wants_work(head.value)]:
                if name not in self._working and not self._node.draining:
                    task = asyncio.get_running_loop().create_task(self._work(name), name=f"migration {name}")
                    self._working[name] = task
                    task.add_done_callback(lambda task, name=name: self._worked(name, task))  # type: ignore[misc]

    def _worked(self, name: str, task: "asyncio.Task[None]") -> None:
        self._working.pop(name, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._logger.error("migration_failed", migration=name, error=repr(error), exc_info=error)

    async def _work(self, name: str) -> None:
        store, holder = self._node.store, self._node.id
        try:
            if not await store.lease(f"migration:{name}", holder, LEASE_SECONDS):
                return
            run = _Run(self._node, self._reach, name)
            try:
                await run.to_its_end()
            finally:
                await store.unlease(f"migration:{name}", holder)
        except StoreError as error:
            # Whoever gets the lease next goes on.
            self._logger.warning("migration_interrupted", migration=name, error=str(error))


def _wants_work(head: dict[str, Any]) -> bool:
    waits_for_arrivals = head["state"] == "done" and head.get("counts", {}).get("offline")
    return bool(head["state"] in ("running", "rolling_back") or head.get("command") or waits_for_arrivals)


class _Run:
    """One migration in the hands of this node, as long as it holds the lease."""

    def __init__(self, node: Node, reach: Reach, name: str) -> None:
        self._node = node
        self._reach = reach
        self._name = name
        self._steps: dict[asyncio.Task[tuple[str, str]], str] = {}
        self._tries: dict[str, int] = {}
        self._version = 0
        self._held_until = monotonic() + LEASE_SECONDS
        self._renewed = self._looked = self._begun = monotonic()
        self._counted = 0.0
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("migration").bind(migration=name)

    async def to_its_end(self) -> None:
        """Until nothing is to be done any more, or the lease is lost. Raises StoreError."""
        store = self._node.store
        head = await store.document(HEADS, self._name)
        if head is None:
            return
        self._version = head.version
        journal = await store.documents(stations_of(self._name))
        self._migration = Migration(head.value, {one.name: one.value for one in journal})
        self._logger.info("migration_taken_up", state=self._migration.state, stations=len(journal))
        try:
            while await self._holds():
                await self._hear()
                await self._begin()
                if not self._steps and not _wants_work(self._migration.head):
                    return
                await self._finish()
        finally:
            for task in self._steps:
                task.cancel()
            await asyncio.gather(*self._steps, return_exceptions=True)

    async def _holds(self) -> bool:
        now = monotonic()
        if now - self._renewed >= _RENEW_SECONDS:
            try:
                if not await self._node.store.lease(f"migration:{self._name}", self._node.id, LEASE_SECONDS):
                    return False
                self._renewed, self._held_until = now, now + LEASE_SECONDS
            except StoreError:
                if now > self._held_until:
                    raise
        return monotonic() < self._held_until

    async def _hear(self) -> None:
        """An operator's command, and stations that have come."""
        now = monotonic()
        if now - self._looked < _TICK_SECONDS:
            return
        self._looked = now
        head = await self._node.store.document(HEADS, self._name)
        command = head.value.get("command") if head is not None else None
        if head is not None:
            self._version = head.version
        if command:
            self._obey(command)
        if self._migration.counts["offline"] and now - self._counted >= _ARRIVALS_SECONDS:
            self._counted = now
            for arrival in await self._node.store.documents(arrivals_of(self._name)):
                if arrival.name in self._migration.stations:
                    self._migration.arrived(arrival.name, time())
        await self._save()

    def _obey(self, command: str) -> None:
        migration = self._migration
        migration.head.pop("command", None)
        migration.head_changed = True
        if command == "pause":
            done = migration.pause()
        elif command == "resume":
            done = migration.resume(time())
        else:
            done = migration.roll_back(time())
        self._logger.warning("migration_told", command=command, done=done, state=migration.state)

    async def _begin(self) -> None:
        now = monotonic()
        if self._steps and now - self._begun < _PAUSE_SECONDS:
            return
        self._begun = now
        upstream = self._node.upstreams.get(self._migration.head["to"])
        healthy = upstream is not None and not upstream.is_down
        steps = self._migration.due(time(), healthy=healthy, room=_AT_ONCE - len(self._steps))
        # Before anything is done: who takes over from here knows what may have been.
        await self._save()
        for step in steps:
            task = asyncio.get_running_loop().create_task(self._step(step), name=f"migration {self._name} {step.key}")
            self._steps[task] = step.key

    async def _finish(self) -> None:
        """Take what has come to something, or a moment of rest."""
        if not self._steps:
            await asyncio.sleep(_TICK_SECONDS)
        else:
            done, _ = await asyncio.wait(self._steps, timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                key = self._steps.pop(task)
                outcome, why = task.result()
                self._migration.settled(key, outcome, why, time())
        self._migration.look()
        await self._save()

    async def _save(self) -> None:
        """The journal first, then the head. Raises StoreError."""
        migration, store = self._migration, self._node.store
        if not migration.changed and not migration.head_changed:
            return
        changed, migration.changed = migration.changed, set()
        try:
            await store.put_all(stations_of(self._name), {key: migration.stations[key] for key in changed})
        except StoreError:
            migration.changed |= changed
            raise
        state = migration.state
        migration.head["counts"] = migration.counts
        while True:
            try:
                self._version = await store.put(HEADS, self._name, migration.head, self._version)
                break
            except ConflictError:
                now = await store.document(HEADS, self._name)
                if now is None:
                    raise
                # Only commands are written by others.
                self._version, migration.head["command"] = now.version, now.value.get("command")
        if migration.head_changed:
            self._logger.info("migration_state", state=state, why=migration.head["why"], **migration.counts)
        migration.head_changed = False
        for name, count in migration.counts.items():
            self._node.metrics.migration_stations.labels(self._name, name).set(count)

    # -- one station ------------------------------------------------------------------------------------------------

    async def _step(self, step: Step) -> tuple[str, str]:
        """The outcome for `Migration.settled`, and why."""
        message = {
            "verb": "switch",
            "station": step.key,
            "backend": step.to,
            "when": self._migration.head["when"],
            "migration": self._name,
        }
        try:
            answer = await self._reach.station(step.key, message, SWITCH_SECONDS)
        except NodeFailed as failure:
            if failure.problem == "not_connected":
                return await self._leave_route(step)
            return "failed", f"{failure.problem}: {failure}"
        except NodeUnreachable as failure:
            answer = {"state": "failed", "reason": "unreachable", "why": str(failure)}
        state, reason, why = answer["state"], answer["reason"], answer["why"]
        if state != "failed" or reason == "cannot_carry":
            # What cannot be carried honestly is waited for.
            return ("waiting" if state == "failed" else state), why
        tries = self._tries[step.key] = self._tries.get(step.key, 0) + 1
        if reason in _NOT_NOW and tries < _TRIES:
            return "waiting", f"{reason}: {why}"
        return "failed", f"{reason}: {why}"

    async def _leave_route(self, step: Step) -> tuple[str, str]:
        """It is not connected: its route waits for it."""
        route = Override(backend=step.to, migration=self._name, due=True) if step.to is not None else None
        try:
            await self._node.overrides.set_all({step.key: route})
            if step.key in await self._reach.connected([step.key]):
                return "waiting", "it has just come"
        except StoreError as error:
            return "waiting", f"store: {error}"
        return "offline", ""
