"""Connections of one station that come and go in any order, on real nodes over one store: the newest is the one, and what
an older one still has to clean up never touches it."""

import asyncio
from collections.abc import Sequence
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.bridge import About, Ending
from gateway.ledger import Ledger
from gateway.metrics import Metrics
from gateway.node import Node
from gateway.store import Change, Claimed, Owner, StoreError
from gateway.store.memory import MemoryStore
from gateway.tenure import Tenure
from tests.gateway.nodes import Wire, node_on
from translators.effects import Remember

KEY = "cp-1"
METRICS = Metrics()


class DawdlingStore(MemoryStore):
    """Does everything in the end, and lets others go first."""

    instant = False

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.epochs: list[int] = []
        """Of all writes that were accepted."""

    async def _dawdle(self) -> None:
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)

    async def claim(self, identity: str, node: str, scopes: Sequence[str]) -> Claimed:
        await self._dawdle()
        claimed = await super().claim(identity, node, scopes)
        await self._dawdle()
        return claimed

    async def release(self, identity: str, epoch: int) -> None:
        await self._dawdle()
        await super().release(identity, epoch)

    def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        async def late() -> None:
            await self._dawdle()
            MemoryStore.write(self, identity, epoch, changes)
            if changes:
                self.epochs.append(epoch)

        return asyncio.ensure_future(late())


class Session:
    """In place of a Bridge: the same promises, no sockets."""

    trace = None

    def __init__(self, ledger: Ledger, source: str, random: Random) -> None:
        self.ledger = ledger
        self.about = About("ocpp1.6", "ocpp1.6", source, 0.0)
        self.saved = True
        self.begun = asyncio.Event()
        self._ending = asyncio.Event()
        self._finished = asyncio.Event()
        self._random = random
        ledger.when_fenced(self._ending.set)

    async def run(self) -> Ending:
        self.ledger.put(Remember("tx/1", self.ledger.epoch))
        if (durable := self.ledger.commit()) is not None:
            durable.add_done_callback(lambda future: future.exception())
        self.begun.set()
        await self._ending.wait()
        self.saved = await self.ledger.close(1.0)
        self._finished.set()
        for _ in range(self._random.randrange(6)):  # its sockets close
            await asyncio.sleep(0)
        return Ending(1000, "", "over")

    def end(self) -> None:
        self._ending.set()

    async def replace(self, by: str) -> dict[tuple[str, str], Any]:
        self._ending.set()
        unwritten = self.ledger.unwritten
        await self._finished.wait()
        return unwritten


class Connection:
    """What the edge does with one, and what came of it."""

    def __init__(self, node: Node, number: int, random: Random, refused: float = 0.1) -> None:
        """`refused`: how likely the gateway turns out to drain."""
        self.refused = refused
        self.node, self.source, self.random = node, f"10.0.0.{number}", random
        self.session: Session | None = None
        self.epoch = 0

    async def connect(self) -> None:
        for _ in range(self.random.randrange(8)):
            await asyncio.sleep(0)
        async with Tenure(self.node, KEY, self.source) as held:
            await held.begin("legacy", needs_memory=True)
            self.epoch = held.ledger.epoch
            if not held.holds or self.random.random() < self.refused:
                return
            for _ in range(self.random.randrange(3)):
                await asyncio.sleep(0)
            if held.holds:
                self.session = Session(held.ledger, self.source, self.random)
                await held.live(cast(Any, self.session))


async def until(condition: Any, rounds: int = 2000) -> None:
    for _ in range(rounds):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("did not come about")


async def interleave(random: Random) -> None:
    store, wire = DawdlingStore(random), Wire()
    nodes = [node_on(store, wire, METRICS), node_on(store, wire, METRICS)]
    wire.is_cut = random.random() < 0.2
    connections = [Connection(random.choice(nodes), number, random) for number in range(random.randint(2, 4))]
    tasks = [asyncio.create_task(connection.connect()) for connection in connections]
    lives = list(zip(connections, tasks, strict=True))
    await until(lambda: all(task.done() or (c.session and c.session.begun.is_set()) for c, task in lives))
    for connection, task in lives:  # what a lost message leaves to the heartbeat
        if not task.done() and connection.session is not None:
            await connection.node.ownership.assert_all([connection.session.ledger])
    # Once all have had their turn, one is left at most, and it is the newest.
    await until(lambda: all(task.done() or not cast(Session, c.session).ledger.is_fenced for c, task in lives))
    left = [c for c, task in lives if not task.done()]
    if left:
        (last,) = left
        assert last.session is not None
        assert last.node.sessions[KEY] is cast(Any, last.session)
        assert last.epoch == max(c.epoch for c in connections)
        assert await store.owner(KEY) == Owner(last.node.id, last.epoch)
        last.session.end()
    await asyncio.gather(*tasks)
    assert all(not node.sessions and not node._claims for node in nodes)
    assert await store.owner(KEY) is None
    assert store.epochs == sorted(store.epochs)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_whatever_comes_first_the_newest_connection_is_the_one(seed: int) -> None:
    async def many() -> None:
        random = Random(seed)
        for _ in range(100):
            await interleave(random)

    asyncio.run(many())


async def took(node: Node, source: str = "10.0.0.1") -> Tenure:
    one = Tenure(node, KEY, source)
    await one.begin("legacy", needs_memory=True)
    return one


async def test_a_claim_for_a_connection_that_is_refused_is_given_back() -> None:
    store = MemoryStore()
    node = node_on(store)
    async with Tenure(node, KEY, "10.0.0.1") as held:
        await held.begin("legacy", needs_memory=True)
        assert await store.owner(KEY) is not None
    assert await store.owner(KEY) is None
    assert not node._claims


async def test_what_could_not_be_written_is_kept_when_the_next_connection_is_refused() -> None:
    class Away(MemoryStore):
        away = False
        instant = False

        def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> Any:
            if self.away:
                raise StoreError("away")
            return super().write(identity, epoch, changes)

    store = Away()
    node = node_on(store)
    first = await took(node)
    store.away = True
    first.ledger.put(Remember("tx/1", 7))
    await first.end()
    async with Tenure(node, KEY, "10.0.0.1") as held:
        await held.begin("legacy", needs_memory=True)
        assert held.memory == {"tx/1": 7}
    store.away = False
    async with Tenure(node, KEY, "10.0.0.1") as held:
        await held.begin("legacy", needs_memory=True)
        assert held.memory == {"tx/1": 7}


async def test_a_connection_that_has_not_begun_loses_to_one_on_another_node() -> None:
    store, wire = MemoryStore(), Wire()
    north, south = node_on(store, wire), node_on(store, wire)
    older = await took(north)
    assert older.holds
    newer = await took(south)
    assert (older.holds, newer.holds) == (False, True)
    await older.end()
    assert await store.owner(KEY) == Owner(south.id, newer.ledger.epoch)


async def test_what_the_other_node_had_not_written_goes_on_here() -> None:
    store, wire, random = DawdlingStore(Random(1)), Wire(), Random(1)
    north, south = node_on(store, wire), node_on(store, wire)
    older = Connection(north, 1, random, refused=0.0)
    task = asyncio.create_task(older.connect())
    await until(lambda: older.session and older.session.begun.is_set() and store.epochs)
    assert older.session is not None
    older.session.ledger.put(Remember("passthrough/boot", {"a": 1}))  # a hint, which is written later
    older.session.ledger.put(Remember("tx/2", 2, behind=True))
    newer = await took(south)
    everything = {"tx/1": older.epoch, "passthrough/boot": {"a": 1}, "tx/2": 2}
    assert newer.memory == everything
    await newer.end()
    assert await store.load(KEY, ("", "legacy")) == everything
    await task


@pytest.mark.parametrize(("epoch", "believed"), [(1, True), (5, True), (0, False)])
async def test_what_another_node_did_while_the_store_was_away_is_taken_over(epoch: int, believed: bool) -> None:
    """It had the station under an epoch that the store never heard of. Who had it before the last owner is not asked."""
    store, wire = MemoryStore(), Wire()
    north, south = node_on(store, wire), node_on(store, wire)
    older = await took(north)
    before = older.ledger.epoch

    async def fence(station: str, newer: int, source: str) -> Any:
        return {"epoch": before - 1 + epoch, "unwritten": [["legacy", "tx/1", 7]]}

    north.fence = fence  # type: ignore[method-assign]
    newer = await took(south)
    assert newer.memory == ({"tx/1": 7} if believed else {})
    await newer.end()
    await older.end()


@pytest.mark.parametrize("is_cut", [False, True])
async def test_two_addresses_that_take_turns_are_damped_on_both_nodes(is_cut: bool) -> None:
    store, wire, random = MemoryStore(), Wire(), Random(1)
    nodes = [node_on(store, wire), node_on(store, wire)]
    wire.is_cut = is_cut
    tasks: list[asyncio.Task[None]] = []
    for turn in range(8):
        connection = Connection(nodes[turn % 2], turn % 2, random, refused=0.0)
        tasks.append(asyncio.create_task(connection.connect()))
        await until(lambda c=connection, t=tasks[-1]: t.done() or (c.session and c.session.begun.is_set()))
    now = asyncio.get_running_loop().time()
    held = [node.damping.held(KEY, "10.0.0.9", now) > 0 for node in nodes]
    # Nodes that do not hear of each other see one address each.
    assert held == ([False, False] if is_cut else [True, True])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
