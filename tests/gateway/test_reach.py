import pytest

from gateway.cluster import NodeFailed, NodeUnreachable
from gateway.reach import Reach
from gateway.store import Owner, StoreError
from gateway.store.memory import MemoryStore
from tests.gateway.nodes import Wire, node_on


async def test_a_station_whose_node_is_gone_is_not_connected() -> None:
    store, wire = MemoryStore(), Wire()
    reach = Reach(node_on(store, wire))
    store._owners["cp-1"] = Owner("a-node-that-died", 1)
    for key in ("cp-1", "cp-2"):
        with pytest.raises(NodeFailed) as failure:
            await reach.station(key, {"verb": "station", "station": key})
        assert failure.value.problem == "not_connected"


async def test_a_node_that_lives_and_is_silent_is_another_matter() -> None:
    store, wire = MemoryStore(), Wire()
    north, south = node_on(store, wire), node_on(store, wire)
    wire.is_cut = True
    store._owners["cp-1"] = Owner(south.id, 1)
    with pytest.raises(NodeUnreachable):
        await Reach(north).station("cp-1", {"verb": "station", "station": "cp-1"})
    found, silent = await Reach(north).everywhere({"verb": "backends"})
    assert (found, silent) == ([], sorted([north.id, south.id], key=silent.index))


async def test_without_the_store_it_is_not_known_who_has_a_station() -> None:
    class Away(MemoryStore):
        async def owner(self, identity: str) -> Owner | None:
            raise StoreError("away")

    with pytest.raises(NodeUnreachable):
        await Reach(node_on(Away())).station("cp-1", {"verb": "station", "station": "cp-1"})
