"""What a node does by itself and for others. (What it does for operators: the admin API's tests.)"""

from typing import Any, cast

import pytest

from gateway.cluster import NodeFailed
from gateway.commands import Commands
from gateway.ledger import Ledger
from gateway.store import Owner
from gateway.store.memory import MemoryStore
from tests.gateway.nodes import node_on


class Session:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger


async def test_every_session_has_its_turn_to_say_that_it_owns_its_station() -> None:
    store = MemoryStore()
    node = node_on(store)
    commands = Commands(node)
    keys = [f"cp-{number:02}" for number in range(30)]
    for key in keys:
        held = await node.ownership.claim(key, "legacy", needs_memory=True)
        ledger = Ledger(store, key, node.id, held.epoch, "legacy", held.memory, 1.0, node.metrics)
        node.sessions[key] = cast(Any, Session(ledger))
    store._owners.clear()
    for _ in range(4):
        await commands.beat()
    assert [key for key in keys if await store.owner(key) is None] == []
    # All at once when the store was emptied, and who lost hears of it.
    store._owners.clear()
    store._owners["cp-07"] = Owner("south", node.sessions["cp-07"].ledger.epoch + 1)
    await commands.missed("emptied")
    assert [key for key in keys if await store.owner(key) is None] == []
    assert node.sessions["cp-07"].ledger.is_fenced


async def test_a_node_of_another_version_is_told_so() -> None:
    commands = Commands(node_on(MemoryStore()))
    with pytest.raises(NodeFailed) as failure:
        await commands.asked("south", {"verb": "fly"})
    assert failure.value.problem == "unknown_verb"
    with pytest.raises(NodeFailed) as failure:
        await commands.asked("south", {"verb": "station", "station": "cp-1"})
    assert failure.value.problem == "not_connected"
