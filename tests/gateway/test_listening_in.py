"""Listening at every node."""

import pytest

from gateway import listening_in
from gateway.cluster import Message, NodeUnreachable
from gateway.listening_in import listening
from tests.gateway.test_passing import ear_of, two, until


async def test_a_node_that_comes_later_or_has_forgotten_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening_in, "_AGAIN_SECONDS", 0.05)
    here, there, wires = two()
    wires[there.id].cut = True
    async with listening(here) as one:
        assert (one.nodes, one.silent) == ([here.id], [there.id])
        wires[there.id].cut = False
        await until(lambda: one.nodes == [here.id, there.id] and ear_of(there))
        assert one.silent == []


async def test_one_station_is_listened_to_at_every_node_until_the_end() -> None:
    here, there, _ = two()
    async with listening(here, station="cp-1"):
        for node in (here, there):
            ear = ear_of(node)
            assert ear is not None
            assert (ear.wants("cp-1"), ear.wants("cp-2")) == (True, False)
    assert ear_of(here) is None
    await until(lambda: ear_of(there) is None)


async def test_this_node_is_heard_when_the_others_are_not_known() -> None:
    here, _, wires = two()

    async def nodes() -> list[Message]:
        raise NodeUnreachable("redis is away")

    wires[here.id].nodes = nodes
    async with listening(here) as one:
        assert (one.nodes, one.silent) == ([here.id], ["others"])
        one.ear.put("x")
        assert await one.ear.take(1) == ["x"]
