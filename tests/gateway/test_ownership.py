"""Claims, with and without the store."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from gateway.ledger import Ledger
from gateway.metrics import Metrics
from gateway.ownership import Ownership
from gateway.store import Change, Claimed, StoreError
from gateway.store.memory import MemoryStore
from translators.effects import Remember


class MoodyStore(MemoryStore):
    away = False
    instant = False

    async def claim(self, identity: str, node: str, scopes: Sequence[str]) -> Claimed:
        if self.away:
            raise StoreError("away")
        return await super().claim(identity, node, scopes)

    def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> Any:
        if self.away:
            raise StoreError("away")
        return super().write(identity, epoch, changes)

    async def release(self, identity: str, epoch: int) -> None:
        if self.away:
            raise StoreError("away")
        await super().release(identity, epoch)


def made(store: MemoryStore) -> Ownership:
    return Ownership(cast(Any, store), "north", Metrics())


async def parked(store: MoodyStore, ownership: Ownership) -> Ledger:
    """A session that ended while the store was away."""
    held = await ownership.claim("cp-1", "legacy", needs_memory=True)
    held.memory["tx/1"] = 1
    ledger = Ledger(cast(Any, store), "cp-1", "north", held.epoch, "legacy", held.memory, 0.1, Metrics())
    store.away = True
    ledger.put(Remember("tx/1", 1))
    assert not await ledger.close(0.05)
    ownership.park(ledger)
    return ledger


async def test_a_claim_finds_memory_and_the_owner_before() -> None:
    store = MemoryStore()
    store.write("cp-1", 0, [Change("legacy", "tx/1", 1), Change("cloud", "tx/1", 2)])
    ownership = made(store)
    first = await ownership.claim("cp-1", "legacy", needs_memory=True)
    assert (first.memory, first.unwritten, first.before) == ({"tx/1": 1}, {}, None)
    second = await ownership.claim("cp-1", "cloud", needs_memory=True)
    assert second.memory == {"tx/1": 2}
    assert second.before is not None
    assert second.before.node == "north"


async def test_without_the_store_only_a_session_that_needs_no_memory_begins() -> None:
    store = MoodyStore()
    store.away = True
    ownership = made(store)
    with pytest.raises(StoreError):
        await ownership.claim("cp-1", "legacy", needs_memory=True)
    held = await ownership.claim("cp-1", "legacy", needs_memory=False)
    assert (held.memory, held.before) == ({}, None)
    store.away = False
    # Its epoch can be compared with those of the store.
    assert (await ownership.claim("cp-1", "legacy", needs_memory=True)).epoch >= held.epoch


async def test_a_station_that_comes_back_here_finds_what_could_not_be_written() -> None:
    store = MoodyStore()
    ownership = made(store)
    ledger = await parked(store, ownership)
    held = await ownership.claim("cp-1", "legacy", needs_memory=True)
    assert (held.memory, held.unwritten) == ({"tx/1": 1}, {("legacy", "tx/1"): 1})
    assert held.epoch > ledger.epoch


async def test_what_could_not_be_written_holds_when_nobody_owned_the_station_since() -> None:
    store = MoodyStore()
    ownership = made(store)
    await parked(store, ownership)
    store.away = False
    held = await ownership.claim("cp-1", "legacy", needs_memory=True)
    assert (held.memory, held.unwritten) == ({"tx/1": 1}, {("legacy", "tx/1"): 1})


async def test_what_could_not_be_written_is_void_once_another_owned_the_station() -> None:
    store = MoodyStore()
    ownership = made(store)
    await parked(store, ownership)
    store.away = False
    await store.claim("cp-1", "south", ())
    held = await ownership.claim("cp-1", "legacy", needs_memory=True)
    assert (held.memory, held.unwritten) == ({}, {})


async def test_what_was_parked_is_written_when_the_store_is_back() -> None:
    store = MoodyStore()
    ownership = made(store)
    await parked(store, ownership)
    await ownership.settle()
    assert await store.load("cp-1", ("legacy",)) == {}
    store.away = False
    await ownership.settle()
    assert await store.load("cp-1", ("legacy",)) == {"tx/1": 1}


async def test_what_is_parked_here_goes_to_the_node_that_owns_the_station_now() -> None:
    store = MoodyStore()
    ownership = made(store)
    ledger = await parked(store, ownership)
    assert ownership.hand_over("cp-1", ledger.epoch) is None
    assert ownership.hand_over("cp-2", ledger.epoch + 1) is None
    assert ownership.hand_over("cp-1", ledger.epoch + 1) == {
        "epoch": ledger.epoch,
        "unwritten": [["legacy", "tx/1", 1]],
    }
    assert ownership.parked == 0


async def test_what_is_parked_for_one_backend_outlives_a_session_on_another() -> None:
    store = MoodyStore()
    ownership = made(store)
    ledger = await parked(store, ownership)
    ledger.memory["station/boot"] = {"model": "AV-22"}
    held = await ownership.claim("cp-1", "cloud", needs_memory=False)
    assert held.epoch > ledger.epoch
    assert (held.memory, held.unwritten) == ({"station/boot": {"model": "AV-22"}}, {("legacy", "tx/1"): 1})


async def test_one_that_the_store_will_not_take_is_in_nobodys_way(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MoodyStore()
    ownership = made(store)
    first = await parked(store, ownership)
    store.away = False
    held = await ownership.claim("cp-2", "legacy", needs_memory=True)
    other = Ledger(cast(Any, store), "cp-2", "north", held.epoch, "legacy", held.memory, 0.1, Metrics())
    ownership.park(first)
    ownership.park(other)
    other.put(Remember("tx/2", 2))

    close = Ledger.close

    async def refuse(ledger: Ledger, seconds: float) -> bool:
        return ledger is not first and await close(ledger, seconds)

    monkeypatch.setattr(Ledger, "close", refuse)
    await ownership.settle()
    assert await store.load("cp-2", ("legacy",)) == {"tx/2": 2}
    assert ownership.parked == 1


class BlinkingStore(MoodyStore):
    """Away for the first `refusals` claims; counts those that are made at a time."""

    def __init__(self, refusals: int = 0) -> None:
        super().__init__()
        self.refusals, self.now, self.most = refusals, 0, 0

    async def claim(self, identity: str, node: str, scopes: Sequence[str]) -> Claimed:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        if self.refusals:
            self.refusals -= 1
            raise StoreError("away")
        return await super().claim(identity, node, scopes)


async def test_a_store_that_was_away_for_a_moment_turns_nobody_away_that_needs_it() -> None:
    store = BlinkingStore(2)
    held = await made(store).claim("cp-1", "legacy", needs_memory=True)
    assert await store.owner("cp-1") == ("north", held.epoch)
    # Who does not need it does not wait for it.
    store = BlinkingStore(1)
    await made(store).claim("cp-1", "legacy", needs_memory=False)
    assert await store.owner("cp-1") is None


async def test_so_many_claims_at_a_time() -> None:
    store = BlinkingStore()
    ownership = made(store)
    names = [f"cp-{number}" for number in range(100)]
    assert not ownership.crowded(asyncio.get_running_loop().time() + 100)
    await asyncio.gather(*(ownership.claim(name, "legacy", needs_memory=True) for name in names))
    assert 1 < store.most <= 32


async def test_who_gets_no_turn_in_time_goes_without_or_not_at_all() -> None:
    store = BlinkingStore()
    ownership = Ownership(cast(Any, store), "north", Metrics(), 0.05)
    leave = asyncio.Event()

    async def stay() -> None:
        async with ownership._turns:
            await leave.wait()

    others = [asyncio.ensure_future(stay()) for _ in range(32)]
    await asyncio.sleep(0)
    with pytest.raises(StoreError, match="too many stations"):
        await ownership.claim("cp-1", "legacy", needs_memory=True)
    held = await ownership.claim("cp-1", "legacy", needs_memory=False)
    assert held.before is None
    assert store.most == 0
    leave.set()
    await asyncio.gather(*others)
