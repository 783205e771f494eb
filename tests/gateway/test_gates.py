"""A gate: who waits goes on when it opens, who is cancelled is forgotten."""

import asyncio

import pytest

from gateway.gates import Gate


async def test_who_waits_goes_on_when_it_opens() -> None:
    gate = Gate()
    waiting = [asyncio.create_task(gate.passed()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    gate.open()
    gate.shut()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
    assert not gate.is_open


async def test_an_open_one_keeps_nobody() -> None:
    async with asyncio.timeout(5):
        await Gate(is_open=True).passed()


async def test_who_is_cancelled_is_forgotten() -> None:
    gate = Gate()
    task, other = asyncio.create_task(gate.passed()), asyncio.create_task(gate.passed())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.open()
    async with asyncio.timeout(5):
        await other
