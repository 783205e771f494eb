"""All nodes in one feed: who watches hears each thing once, and one that does not keep up begins anew."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from gateway import feed
from gateway.feed import Feed, Watcher
from gateway.reach import Reach
from gateway.store.memory import MemoryStore
from tests.gateway.nodes import node_on


class Nodes:
    """Two nodes, and what each will say next."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.silent: list[str] = []
        self.next: dict[str, dict[str, Any]] = {"north": {}, "south": {}}
        self.rounds = 0

    async def everywhere(self, message: dict[str, Any]) -> tuple[list[tuple[str, Any]], list[str]]:
        self.asked.append(message)
        self.rounds += 1
        told = []
        for name, more in list(self.next.items()):
            if name in self.silent:
                continue
            known = message["since"].get(name) is not None
            base = {"mark": [name, self.rounds], "reset": not known, "changed": [], "gone": [], "down": []}
            told.append((name, {**base, "stations": 3, "backends": {"legacy": 3}, **more}))
            self.next[name] = {}
        return told, list(self.silent)


async def heard(watcher: Watcher, wanted: Callable[[str, dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            for name, data in await watcher.take(1.0):
                if wanted(name, data):
                    return data


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Nodes:
    monkeypatch.setattr(feed, "_PERIOD_SECONDS", 0.02)
    return Nodes()


def station(key: str, node: str) -> dict[str, Any]:
    return {"key": key, "node": node, "identity": key.upper()}


async def test_what_all_nodes_say_is_told_to_all_who_watch(nodes: Nodes) -> None:
    store = MemoryStore()
    fleet = Feed(node_on(store), cast(Reach, nodes))
    async with fleet.watched() as one:
        data = await heard(one, lambda name, _: name == "fleet")
        assert (data["connected"], data["backends"]["legacy"]["stations"]) == (6, 6)
        assert {node["id"] for node in data["nodes"]} == {"north", "south"}
        async with fleet.watched() as other:
            # The newcomer hears how things stand at once.
            assert (await heard(other, lambda name, _: name == "fleet"))["connected"] == 6
            nodes.next["north"] = {"changed": [station("cp-1", "north")], "down": ["legacy"]}
            nodes.next["south"] = {"gone": ["cp-1"]}
            for each in (one, other):
                data = await heard(each, lambda name, _: name == "stations")
                assert data["changed"] == [station("cp-1", "north")]
                assert data["gone"] == [{"key": "cp-1", "node": "south"}]
                assert not data["reset"]
        await store.put("migration", "east", {"state": "running"}, 0)
        data = await heard(one, lambda name, data: name == "migrations" and bool(data["migrations"]))
        assert data == {"migrations": [{"name": "east", "state": "running"}]}
        # A node that falls silent is asked on from where it was; one that is gone has taken its stations along.
        nodes.silent = ["south"]
        data = await heard(one, lambda name, data: name == "fleet" and bool(data["unreachable_nodes"]))
        assert data["unreachable_nodes"] == ["south"]
        assert "south" in nodes.asked[-1]["since"]
        nodes.silent = []
        del nodes.next["south"]
        assert (await heard(one, lambda name, _: name == "stations"))["reset"]
    # Nobody watches: nobody is asked.
    count = len(nodes.asked)
    await asyncio.sleep(0.1)
    assert len(nodes.asked) == count


async def test_one_that_does_not_keep_up_begins_anew() -> None:
    watcher = Watcher()
    for number in range(1500):
        watcher.put_stations([station(f"cp-{number}", "north")], [], reset=False)
        watcher.put_stations([station(f"cp-{number}", "north")], [], reset=False)
    (event,) = await watcher.take(1.0)
    assert len(event[1]["changed"]) == 1500
    for number in range(2001):
        watcher.put_stations([station(f"cp-{number}", "north")], [], reset=False)
    (event,) = await watcher.take(1.0)
    assert event == ("stations", {"reset": True, "changed": [], "gone": []})
    assert await watcher.take(0.01) == []


async def test_who_came_back_is_not_gone() -> None:
    watcher = Watcher()
    watcher.put_stations([], [{"key": "cp-1", "node": "north"}], reset=False)
    watcher.put_stations([station("cp-1", "north")], [{"key": "cp-2", "node": "north"}], reset=False)
    (event,) = await watcher.take(1.0)
    assert [one["key"] for one in event[1]["changed"]] == ["cp-1"]
    assert event[1]["gone"] == [{"key": "cp-2", "node": "north"}]


async def test_it_ends_with_the_gateway(nodes: Nodes) -> None:
    fleet = Feed(node_on(MemoryStore()), cast(Reach, nodes))
    async with fleet.watched() as watcher:
        fleet.close()
        assert watcher.closed
        await watcher.take(5.0)


async def test_a_defect_ends_the_streams_and_is_told(nodes: Nodes, capsys: pytest.CaptureFixture[str]) -> None:
    fleet = Feed(node_on(MemoryStore()), cast(Reach, nodes))
    async with fleet.watched() as watcher:
        await heard(watcher, lambda name, _: name == "fleet")
        nodes.next["north"] = {"backends": None}
        async with asyncio.timeout(10):
            while not watcher.closed:
                await watcher.take(1.0)
    assert "feed_failed" in "".join(capsys.readouterr())
    # The next to watch begins it again.
    async with fleet.watched() as watcher:
        await heard(watcher, lambda name, _: name == "fleet")
