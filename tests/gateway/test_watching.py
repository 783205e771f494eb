"""What a node tells of its changes: each station once, in numbers that go on, and anew when too much is missing."""

import asyncio
from typing import Any

import pytest

from gateway import watching
from gateway.store.memory import MemoryStore
from gateway.watching import Watch
from tests.gateway.nodes import node_on
from tests.gateway.sessions import listed


class Asker:
    """Asks as another node does."""

    def __init__(self, node: Any, watch: Watch) -> None:
        self.node, self.watch = node, watch
        self.mark: Any = None

    async def __call__(self) -> Any:
        since = {} if self.mark is None else {self.node.id: self.mark}
        told = await self.watch.changes({"verb": "changes", "since": since})
        self.mark = told["mark"]
        return told


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LEAST_SECONDS", 0.0)


@pytest.mark.usefixtures("at_once")
async def test_every_change_is_told_once() -> None:
    node = node_on(MemoryStore())
    one, other = listed(node, "CP-1"), listed(node, "CP-2", backend="cloud")
    watch = Watch(node)
    ask = Asker(node, watch)
    first = await ask()
    assert (first["reset"], first["changed"], first["stations"]) == (True, [], 2)
    assert first["backends"] == {"legacy": 1, "cloud": 1}
    told = await ask()
    assert (told["reset"], told["changed"], told["gone"]) == (False, [], [])
    one.reports(1, "Charging")
    one.reports(1, "Faulted")
    told = await ask()
    assert [(each["identity"], each["statuses"]) for each in told["changed"]] == [("CP-1", ["Faulted"])]
    # A frame that changes nothing that lists say.
    one.frames["station"] += 1
    assert (await ask())["changed"] == []
    other.is_backend_away = True
    listed(node, "CP-3")
    del node.sessions["cp-1"]
    told = await ask()
    assert (sorted(each["identity"] for each in told["changed"]), told["gone"]) == (["CP-2", "CP-3"], ["cp-1"])
    # Who asks with an older mark gets all that has come since.
    ask.mark = first["mark"]
    told = await ask()
    assert (sorted(each["identity"] for each in told["changed"]), told["gone"]) == (["CP-2", "CP-3"], ["cp-1"])
    # It comes again: another connection.
    listed(node, "CP-1", connected_at=200.0)
    told = await ask()
    assert ([each["connected_since"] for each in told["changed"]], told["gone"]) == ([200.0], [])


@pytest.mark.usefixtures("at_once")
async def test_many_changes_come_in_parts_and_too_many_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    node = node_on(MemoryStore())
    ask = Asker(node, Watch(node))
    await ask()
    start = ask.mark
    for number in range(600):
        listed(node, f"CP-{number}")
    found: list[str] = []
    for _ in range(4):
        told = await ask()
        assert len(told["changed"]) <= 250
        found += [each["key"] for each in told["changed"]]
    assert sorted(found) == sorted(node.sessions)
    for number in range(600, 2100):
        listed(node, f"CP-{number}")
    behind = Asker(node, ask.watch)
    behind.mark = start
    assert (await behind())["reset"]
    # More than is kept.
    for number in range(2100, 4500):
        listed(node, f"CP-{number}")
    assert (await ask())["reset"]
    assert len(ask.watch._changed) == 4000
    behind.mark = start
    assert (await behind())["reset"]


async def test_nothing_is_kept_that_nobody_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FORGET_SECONDS", 0.05)
    node = node_on(MemoryStore())
    listed(node, "CP-1")
    watch = Watch(node)
    ask = Asker(node, watch)
    mark = (await ask())["mark"]
    assert watch._seen
    async with asyncio.timeout(10):
        while watch._seen:
            await asyncio.sleep(0.01)
    told = await ask()
    assert told["reset"]
    assert told["mark"][0] != mark[0]


async def test_however_many_ask_it_looks_twice_a_second() -> None:
    node = node_on(MemoryStore())
    one = listed(node, "CP-1")
    ask = Asker(node, Watch(node))
    await ask()
    one.reports(1, "Charging")
    assert (await ask())["changed"] == []
    async with asyncio.timeout(10):
        while not (told := await ask())["changed"]:
            await asyncio.sleep(0.05)
    assert told["changed"][0]["statuses"] == ["Charging"]
