"""Turns: so many at a time, in order, and none waits for long."""

import asyncio

import pytest

from gateway.turns import CrowdedError, Turns


class Guests:
    """Those who take turns, and stay until they are told to go."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.inside: list[int] = []
        self.leave = asyncio.Event()

    async def come(self, number: int) -> None:
        async with self.turns:
            self.inside.append(number)
            await self.leave.wait()


async def steps() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_so_many_at_a_time_and_the_others_in_order() -> None:
    guests = Guests(Turns(2, 5.0))
    tasks = [asyncio.ensure_future(guests.come(number)) for number in range(5)]
    await steps()
    assert guests.inside == [0, 1]
    assert len(guests.turns) == 3
    tasks[0].cancel()
    await steps()
    assert guests.inside == [0, 1, 2]
    guests.leave.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert guests.inside == [0, 1, 2, 3, 4]
    assert len(guests.turns) == 0


async def test_who_waits_for_long_goes_without_and_takes_nobodys_turn() -> None:
    turns = Turns(1, 0.1)
    guests = Guests(turns)
    first = asyncio.ensure_future(guests.come(1))
    await steps()
    with pytest.raises(CrowdedError):
        await guests.come(2)
    guests.leave.set()
    await first
    await guests.come(3)
    await guests.come(4)
    assert guests.inside == [1, 3, 4]


async def test_one_that_is_gone_in_the_moment_of_its_turn_passes_it_on() -> None:
    guests = Guests(Turns(1, 5.0))
    tasks = [asyncio.ensure_future(guests.come(number)) for number in range(3)]
    await steps()
    tasks[0].cancel()
    await asyncio.sleep(0)  # the first leaves, the second is given its turn
    tasks[1].cancel()
    await steps()
    assert guests.inside == [0, 2]
    guests.leave.set()
    await tasks[2]


async def test_it_is_crowded_when_the_first_has_waited_half_of_its_time() -> None:
    turns = Turns(1, 5.0)
    guests, now = Guests(turns), asyncio.get_running_loop().time
    first = asyncio.ensure_future(guests.come(1))
    await steps()
    assert not turns.crowded(now() + 100)
    second = asyncio.ensure_future(guests.come(2))
    await steps()
    assert not turns.crowded(now())
    assert turns.crowded(now() + 2.6)
    second.cancel()
    await steps()
    assert not turns.crowded(now() + 2.6)
    guests.leave.set()
    await first
