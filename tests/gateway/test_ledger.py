"""What a session writes: in order, in time, and over a store that is away, slow or emptied."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from gateway.ledger import Ledger
from gateway.metrics import Metrics
from gateway.remembered import PASSING
from gateway.store import AbsentError, Change, FencedError, StoreError
from gateway.store.memory import MemoryStore
from tests.busy import busy
from translators.effects import Forget, Remember


class SlowStore(MemoryStore):
    """Takes writes when it is let; `weather` is what it raises meanwhile."""

    instant = False

    def __init__(self) -> None:
        super().__init__()
        self.weather: list[Exception] = []
        self.writes: list[list[Change]] = []
        self.held: list[int] = []
        self.open_gate = asyncio.Event()
        self.open_gate.set()

    def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        self.writes.append(list(changes))
        return asyncio.ensure_future(self._write(identity, epoch, changes))

    async def _write(self, identity: str, epoch: int, changes: Sequence[Change]) -> None:
        await self.open_gate.wait()
        if self.weather:
            raise self.weather.pop(0)
        super().write(identity, epoch, changes)

    async def hold(self, identity: str, node: str, epoch: int) -> bool:
        self.held.append(epoch)
        return await super().hold(identity, node, epoch)


def ledger(store: MemoryStore, patience: float = 5.0, memory: dict[str, Any] | None = None, **more: Any) -> Ledger:
    return Ledger(cast(Any, store), "cp-1", "north", 7, "legacy", memory or {}, patience, Metrics(), **more)


async def kept(store: MemoryStore) -> dict[str, Any]:
    return await store.load("cp-1", ("", "legacy"))


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not await condition():
            await asyncio.sleep(0.01)


async def test_what_matters_is_durable_before_and_hints_a_moment_later() -> None:
    store = SlowStore()
    book = ledger(store)
    assert book.put(Remember("tx/1", {"seqNo": 0}))
    durable = book.commit()
    assert durable is not None
    await durable
    assert await kept(store) == {"tx/1": {"seqNo": 0}}
    assert not book.put(Remember("registration", "Accepted"))
    assert not book.put(Remember("tx/1", {"seqNo": 1}, behind=True))
    assert not book.put(Forget("tx/0"))
    assert await kept(store) == {"tx/1": {"seqNo": 0}}
    await until(lambda: _equals(store, {"tx/1": {"seqNo": 1}, "registration": "Accepted"}))
    assert len(store.writes) == 2


async def _equals(store: MemoryStore, wanted: dict[str, Any]) -> bool:
    return await kept(store) == wanted


async def test_what_gathers_during_a_write_goes_with_the_next() -> None:
    store = SlowStore()
    store.open_gate.clear()
    book = ledger(store)
    waits = []
    for number in range(20):
        book.put(Remember("tx/1", number))
        waits.append(book.commit())
        await asyncio.sleep(0)
    store.open_gate.set()
    await asyncio.gather(*[wait for wait in waits if wait is not None])
    assert await kept(store) == {"tx/1": 19}
    assert len(store.writes) == 2


async def test_a_store_that_does_it_at_once_is_not_waited_for() -> None:
    store = MemoryStore()
    book = ledger(store)
    book.put(Remember("station/connectors", {"1.1": 1}))
    assert book.commit() is None
    assert await store.load("cp-1", ("",)) == {"station/connectors": {"1.1": 1}}
    await store.claim("cp-1", "south", ())
    book.put(Remember("tx/1", 1))
    told: list[str] = []
    book.when_fenced(lambda: told.append("then"))
    late = book.commit()
    assert late is not None
    assert (book.is_fenced, told) == (True, [])  # in a step of the loop of its own
    with pytest.raises(FencedError):
        await late
    await asyncio.sleep(0)
    book.when_fenced(lambda: told.append("later"))
    await asyncio.sleep(0)
    book.when_fenced(None)
    assert told == ["then", "later"]


async def test_what_is_written_behind_into_memory_goes_with_the_next_write_or_soon() -> None:
    written: list[list[str]] = []

    class Seen(MemoryStore):
        def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> None:
            written.append([f"{change.key}={change.value}" for change in changes])
            super().write(identity, epoch, changes)

    store = Seen()
    book = ledger(store)
    assert not book.put(Remember("tx/1", "acknowledged", behind=True))
    assert written == []
    assert book.put(Remember("tx/1", "next"))
    assert book.commit() is None
    assert written == [["tx/1=next"]], "once for both"
    book.put(Remember("tx/1", "acknowledged", behind=True))

    async def last() -> bool:
        return (await kept(store)) == {"tx/1": "acknowledged"}

    await until(last)
    book.put(Remember("tx/1", "left", behind=True))
    assert await book.close(1)
    assert await kept(store) == {"tx/1": "left"}
    assert len(written) == 3


async def test_a_store_that_comes_back_in_time_is_waited_for() -> None:
    store = SlowStore()
    store.weather = [StoreError("away"), StoreError("away")]
    book = ledger(store)
    book.put(Remember("tx/1", 1))
    durable = book.commit()
    assert durable is not None
    await asyncio.wait_for(durable, 5)
    assert await kept(store) == {"tx/1": 1}


async def test_a_frame_waits_no_longer_than_it_may_and_nothing_is_forgotten() -> None:
    store = SlowStore()
    store.weather = [StoreError("away")] * 1000
    book = ledger(store, patience=0.2)
    book.put(Remember("tx/1", 1))
    durable = book.commit()
    assert durable is not None
    with pytest.raises(StoreError, match="away"):
        await asyncio.wait_for(durable, 5)
    assert book.unwritten == {("legacy", "tx/1"): 1}
    assert not await book.close(0.1)
    store.weather.clear()
    successor = ledger(store, unwritten=book.unwritten)
    assert await successor.close(1.0)
    assert await kept(store) == {"tx/1": 1}


async def test_an_emptied_store_gets_everything_again() -> None:
    store = SlowStore()
    memory = {"tx/1": 1, "station/boot": {"model": "AV-22"}, "tx/2": 2}
    book = ledger(store, memory=memory)
    store.weather = [AbsentError("emptied")]
    book.put(Remember("tx/2", 2))
    durable = book.commit()
    assert durable is not None
    await asyncio.wait_for(durable, 5)
    assert store.held == [7]
    assert await kept(store) == memory


async def test_what_a_session_before_could_not_write_is_owed_until_it_is_written() -> None:
    store = SlowStore()
    hint = {("", "passthrough/boot"): {"a": 1}}
    assert not ledger(store, unwritten=hint).owes
    book = ledger(store, unwritten={**hint, ("legacy", "tx/1"): 1})
    assert book.owes
    durable = book.commit()
    assert durable is not None
    await asyncio.wait_for(durable, 5)
    assert not book.owes
    taking_over = ledger(store)
    taking_over.adopt({("legacy", "tx/2"): 2})
    assert taking_over.owes


async def test_what_speaks_of_the_moment_only_is_written_to_no_store() -> None:
    store = SlowStore()
    book = ledger(store, memory={"tx/1": 1, PASSING: {"transactionId": 1}})
    store.weather = [AbsentError("emptied")]
    await book.assert_again()
    assert await kept(store) == {"tx/1": 1}


async def test_an_emptied_store_gets_everything_again_though_nothing_is_due() -> None:
    memory = {"tx/1": 1, "station/boot": {"model": "AV-22"}}
    store = SlowStore()
    book = ledger(store, memory=memory)
    store.weather = [AbsentError("emptied")]
    await book.assert_again()
    assert await kept(store) == memory
    await store.close()
    store.weather = [AbsentError("emptied again")]
    assert await book.close(1.0)
    assert await kept(store) == memory
    assert await store.owner("cp-1") is None


async def test_a_session_that_was_replaced_writes_nothing() -> None:
    store = SlowStore()
    await store.claim("cp-1", "south", ())
    book = ledger(store)
    book.put(Remember("tx/1", 1))
    durable = book.commit()
    assert durable is not None
    with pytest.raises(FencedError):
        await asyncio.wait_for(durable, 5)
    assert book.is_fenced
    assert await book.close(1.0)
    assert await kept(store) == {}


async def test_closing_writes_what_is_left_and_lets_the_station_go() -> None:
    store = SlowStore()
    claimed = await store.claim("cp-1", "north", ())
    book = ledger(store)
    book.epoch = claimed.epoch
    book.put(Remember("registration", "Accepted"))
    assert await book.close(1.0)
    assert await kept(store) == {"registration": "Accepted"}
    assert await store.owner("cp-1") is None


async def test_a_hung_store_does_not_hold_up_the_end() -> None:
    store = SlowStore()
    store.open_gate.clear()
    book = ledger(store)
    book.put(Remember("tx/1", 1))
    assert not await asyncio.wait_for(book.close(0.05), 2)
    await asyncio.sleep(0)
    assert book.unwritten == {("legacy", "tx/1"): 1}


async def test_nobody_waits_for_a_ledger_that_is_closed() -> None:
    class Away(MemoryStore):
        instant = False

        def write(self, identity: str, epoch: int, changes: Any) -> Any:
            return asyncio.get_running_loop().create_future()

    ledger = Ledger(cast(Any, Away()), "cp-1", "north", 1, "legacy", {}, 10.0, Metrics())
    asserting = asyncio.create_task(ledger.assert_again())
    await asyncio.sleep(0)
    assert not await ledger.close(0.05)
    async with asyncio.timeout(5):
        await asserting
        await ledger.assert_again()
        with pytest.raises(StoreError):
            await cast(Any, ledger.commit())


async def test_what_is_kept_for_followers_stands_apart_belongs_to_the_station_and_is_written_behind() -> None:
    store = SlowStore()
    book = ledger(store, memory={"tx/1": "the primary's", ">gone/tx/1": "left", ">a%2Fb/tx/1": "deeper"})
    assert book.followed("a/b") == {"tx/1": "deeper"}
    book.unfollow(["a", "a/b"])
    book.follow("a", Remember("tx/1", "the follower's"))
    book.follow("a", Remember("tx/2", "short"))
    book.follow("a", Forget("tx/2"))
    assert book.followed("a") == {"tx/1": "the follower's"}
    assert book.memory == {
        "tx/1": "the primary's",
        ">a/tx/1": "the follower's",
        ">a%2Fb/tx/1": "deeper",
    }

    async def written() -> bool:
        return (await store.load("cp-1", ("",))).get(">a/tx/1") == "the follower's"

    await until(written)
    changes = [change for write in store.writes for change in write]
    assert {change.scope for change in changes} == {""}
    assert Change("", ">gone/tx/1", None) in changes
    await book.close(1)


async def test_whose_the_station_is_the_store_says_in_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.ledger._LONGEST_PAUSE", 0.05)
    store = SlowStore()
    book = ledger(store)
    assert await book.is_ours(0.0)
    assert store.held == []  # nobody else uses this store
    store.shared = True
    assert await book.is_ours(0.0)
    answers: list[bool | Exception] = [StoreError("away"), StoreError("away"), True]

    async def hold(identity: str, node: str, epoch: int) -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    store.hold = hold  # type: ignore[method-assign]
    assert await book.is_ours(5.0)
    assert (answers, book.is_fenced) == ([], False)
    answers[:] = [StoreError("away")]
    with pytest.raises(StoreError, match="away"):
        await book.is_ours(0.0)
    answers[:] = [False]
    assert not await book.is_ours(0.0)
    assert book.is_fenced


async def test_who_waits_does_not_pay_for_our_being_late() -> None:
    store = SlowStore()
    store.weather = [StoreError("away"), StoreError("away"), StoreError("away")]
    book = ledger(store, patience=0.8)
    assert book.put(Remember("tx/1", 1))
    with busy(0.4):
        durable = book.commit()
        assert durable is not None
        await durable
    # Three pauses of 0.1 to 0.4 seconds, each of which ended a pass or more too late.
    assert await kept(store) == {"tx/1": 1}
