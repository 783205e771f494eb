"""Those who wait for the store: in order, each for its own, each for its own time."""

import pytest

from gateway.store import StoreError
from gateway.waiting import Waiting


async def test_each_goes_on_when_its_own_is_durable() -> None:
    waiting = Waiting()
    first, second = waiting.join(1, 10.0), waiting.join(3, 10.0)
    waiting.settle(2)
    assert (first.done(), second.done(), len(waiting)) == (True, False, 1)
    waiting.settle(3)
    assert second.done()


async def test_who_has_waited_long_enough_gives_up() -> None:
    waiting = Waiting()
    first, second = waiting.join(1, 10.0), waiting.join(2, 20.0)
    assert waiting.seconds(4.0, 99.0) == 6.0
    waiting.give_up(10.0, TimeoutError())
    with pytest.raises(StoreError, match="no answer in time"):
        await first
    assert not second.done()
    assert Waiting().seconds(4.0, 99.0) == 99.0


async def test_all_are_told_of_the_end() -> None:
    waiting = Waiting()
    left = [waiting.join(1, 10.0), waiting.join(2, 10.0)]
    left[0].cancel()
    waiting.fail(StoreError("over"))
    with pytest.raises(StoreError, match="over"):
        await left[1]
    assert not len(waiting)


async def test_what_was_not_their_time_is_added_to_it() -> None:
    waiting = Waiting()
    first, second = waiting.join(1, 10.0), waiting.join(2, 20.0)
    waiting.extend(5.0)
    waiting.extend(-1.0)
    waiting.give_up(14.9, TimeoutError())
    assert not first.done()
    waiting.give_up(15.0, TimeoutError())
    assert first.done()
    assert not second.done()
    with pytest.raises(StoreError):
        await first
