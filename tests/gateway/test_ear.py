"""Somebody who listens."""

import asyncio

import pytest

from gateway import ear
from gateway.ear import Ear


def test_what_it_wants() -> None:
    assert Ear(station="cp-1").wants("cp-1")
    assert not Ear(station="cp-*").wants("cp-1")  # an identity may have a star
    assert Ear(pattern="cp-*").wants("cp-1")
    assert not Ear(pattern="cp-*").wants("ber-1")
    assert Ear().wants("anything")
    assert Ear(action="heartbeat").wants_action(None, "Heartbeat")
    assert not Ear(action="heartbeat").wants_action(None, "BootNotification")


async def test_it_loses_what_does_not_fit_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ear, "_MOST_FRAMES", 3)
    monkeypatch.setattr(ear, "_MOST_BYTES", 10)
    one = Ear()
    for text in ("aaaa", "bbbb", "cccc", "d", "e"):
        one.put(text)
    assert (one.lost, await one.take(1, most_bytes=5)) == (2, ["aaaa"])
    assert await one.take(1, most_bytes=5) == ["bbbb", "d"]
    one.put("a text longer than is taken at once")
    assert one.lost == 3
    assert await one.take(0.01) == []


async def test_what_is_taken_in_pieces_is_taken_whole() -> None:
    one = Ear()
    one.put("long")
    one.put("longer")
    assert await one.take(1, most_bytes=1) == ["long"]
    assert await one.take(1, most_bytes=1) == ["longer"]


async def test_losses_and_the_end_wake_whoever_waits() -> None:
    for wake in (lambda one: one.lose(1), Ear.close):
        one = Ear()
        waiting = asyncio.create_task(one.take(30))
        await asyncio.sleep(0)
        wake(one)
        assert await asyncio.wait_for(waiting, 5) == []


def test_it_knows_what_was_lost_between_nodes() -> None:
    one = Ear()
    one.arrived("north", 0, 0, ["a", "b"])
    one.arrived("south", 0, 0, ["x"])
    one.arrived("north", 2, 3, ["c"])
    assert one.lost == 3
    one.arrived("north", 5, 3, ["d"])  # two were on the way
    assert one.lost == 5
    one.arrived("north", 0, 0, ["e"])  # it has begun anew
    one.arrived("north", 1, 1, ["f"])
    assert one.lost == 6
