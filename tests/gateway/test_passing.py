"""Frames passed on to other nodes: leases, bounds, what is lost on the way."""

import asyncio
from typing import Any

import pytest

from gateway import passing
from gateway.cluster import Message, NodeFailed, NodeUnreachable
from gateway.commands import Commands
from gateway.ear import Ear
from gateway.listening_in import listening
from gateway.node import Node
from gateway.store.memory import MemoryStore
from tests.gateway.nodes import node_on


class Wired:
    """Nodes whose messages go through dictionaries, unless they are cut."""

    def __init__(self, node: Node, all_nodes: "dict[str, Wired]") -> None:
        self.id = node.id
        self.commands = Commands(node)
        self.cut = False
        self._all = all_nodes
        all_nodes[node.id] = self

    async def nodes(self) -> list[Message]:
        return [{"id": name} for name in self._all]

    async def tell(self, node: str, message: Message) -> None:
        await self.ask(node, message, 1.0)

    async def ask(self, node: str, message: Message, seconds: float) -> Any:
        if self.cut or self._all[node].cut:
            raise NodeUnreachable(node)
        return await self._all[node].commands.asked(self.id, message)


def two() -> tuple[Node, Node, dict[str, Any]]:
    wires: dict[str, Any] = {}
    nodes = [node_on(MemoryStore()) for _ in range(2)]
    for node in nodes:
        node.cluster = Wired(node, wires)  # type: ignore[assignment]
    return nodes[0], nodes[1], wires


def ear_of(node: Node) -> Ear | None:
    return next(iter(node.taps.ears.values()), None)


async def until(condition: Any) -> Any:
    async with asyncio.timeout(10):
        while not (found := condition()):
            await asyncio.sleep(0.01)
        return found


async def test_what_another_node_hears_comes_in_its_order() -> None:
    here, there, _ = two()
    async with listening(here, identity="cp-*", action="Heartbeat") as one:
        assert (sorted(one.nodes), one.silent) == (sorted([here.id, there.id]), [])
        far = ear_of(there)
        assert far is not None
        assert (far.wants("cp-1"), far.wants("x"), far.wants_action("BootNotification")) == (True, False, False)
        for number in range(50):
            far.put(f"{number}{'x' * 10_000}")
        texts: list[str] = []
        while len(texts) < 50:
            texts += await one.ear.take(5)
        assert [text.rstrip("x") for text in texts] == [str(number) for number in range(50)]
        assert one.ear.lost == 0
    await until(lambda: ear_of(there) is None)


async def test_what_is_lost_on_the_way_is_counted_when_the_way_is_there_again() -> None:
    here, there, wires = two()
    async with listening(here) as one:
        far = ear_of(there)
        assert far is not None
        wires[here.id].cut = True
        far.put("a")
        far.put("b")
        await until(lambda: not far._texts)
        wires[here.id].cut = False
        far.lose(3)
        far.put("c")
        assert await until(lambda: one.ear.lost) == 5
        assert await one.ear.take(5) == ["c"]


async def test_who_does_not_ask_again_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "LEASE_SECONDS", 0.2)
    here, there, wires = two()
    async with listening(here):
        wires[here.id].cut = True
        far = ear_of(there)
        assert far is not None
        far.put("wakes it")
        await until(lambda: ear_of(there) is None)
    commands = wires[there.id].commands
    wires[here.id].cut = False
    # What still comes for nobody is nobody's.
    await wires[here.id].commands.asked("x", {"verb": "heard", "name": "gone", "sent": 0, "lost": 0, "texts": ["a"]})
    await commands.asked("x", {"verb": "listen_no_more", "name": "gone"})
    await commands.passing.close()


async def test_a_node_lets_only_so_many_listen() -> None:
    here, there, wires = two()
    there.taps.ears = {str(number): Ear() for number in range(32)}
    async with listening(here) as one:
        assert one.silent == [there.id]
    message = {"verb": "listen", "name": "n", "station": "", "identity": "", "action": ""}
    with pytest.raises(NodeFailed) as failure:
        await wires[there.id].commands.asked(here.id, message)
    assert failure.value.problem == "busy"
