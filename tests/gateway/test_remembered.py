"""What a session remembers, and whose it is."""

from typing import Any

import pytest

from gateway.remembered import PASSING, Remembered, follower_prefix, is_of_station
from translators.links import is_shared

OWN, SHARED = "tx/1", "station/facts"


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that begin with `station/` are the station's."""
    monkeypatch.setattr("gateway.remembered.is_shared", lambda key: key.startswith("station/"))


@pytest.mark.usefixtures("shared")
def test_whose_it_is() -> None:
    of_follower = follower_prefix("new/one") + OWN
    assert [is_of_station(key) for key in (OWN, SHARED, of_follower)] == [False, True, True]
    memory: dict[str, Any] = {OWN: 1, SHARED: 2, of_follower: 3, PASSING: 4}
    one = Remembered("old", memory)
    assert one.shared_memory() == {SHARED: 2}
    assert one.of_station() == {SHARED: 2, of_follower: 3}
    assert one.followed("new/one") == {OWN: 3}
    assert one.followed("new") == {}
    # What speaks of the moment only is nobody's.
    assert one.everything() == {("old", OWN): 1, ("", SHARED): 2, ("", of_follower): 3}


@pytest.mark.usefixtures("shared")
def test_backends_beside_and_in_charge() -> None:
    old, new = {OWN: 1, SHARED: 2}, {OWN: 10, SHARED: 2}
    one = Remembered("old", old)
    one.beside("new", new)
    one._tell_all(SHARED, 3)
    assert (old[SHARED], new[SHARED]) == (3, 3)
    assert one.everything() == {("old", OWN): 1, ("new", OWN): 10, ("", SHARED): 3}
    one.turn_to("new")
    assert (one.backend, one.memory) == ("new", new)
    one._tell_all(SHARED, None)
    assert old == {OWN: 1}
    one.leave("old")
    assert one.everything() == {("new", OWN): 10}


def test_what_the_one_before_could_not_write() -> None:
    one = Remembered("old", {"a": 1, "b": 2})
    one._learn({("", "a"): None, ("old", "b"): 3, ("other", "b"): 4})
    assert one.memory == {"b": 3}


def test_the_keys_that_are_shared_are_the_translators() -> None:
    assert not is_shared(PASSING)
    assert not is_shared(OWN)
