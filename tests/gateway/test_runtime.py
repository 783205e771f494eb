"""What the process asks of interpreter, allocator and system."""

import asyncio
import resource
import subprocess
import sys

import pytest

from gateway.runtime import Allocator, raise_descriptors, tidy, too_few_descriptors


def alone(code: str) -> str:
    """What this prints, in a process of its own: settings of an interpreter are for all tests in it."""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return found.stdout.strip()


def test_bounds_of_the_allocator_are_set_and_pages_given_back() -> None:
    code = """
from gateway.runtime import Allocator
allocator = Allocator()
allocator.settle()
much = [bytes(5000) for _ in range(20_000)]
del much
allocator.trim()
print(int(open("/proc/self/statm").read().split()[1]) * 4096 < 60 << 20)
"""
    assert alone(code) == "True"


class Trims(Allocator):
    def __init__(self) -> None:
        self.times = 0

    def trim(self) -> None:
        self.times += 1


async def test_memory_is_given_back_behind_every_storm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.runtime._TIDY_SECONDS", 0.001)
    gone, looks, trims = 500, 0, Trims()

    def look() -> int:
        nonlocal looks
        looks += 1
        return gone

    async def look_twice() -> None:
        before = looks
        while looks < before + 3:
            await asyncio.sleep(0.001)

    task = asyncio.create_task(tidy(trims, look))
    try:
        async with asyncio.timeout(10):
            await look_twice()
            assert trims.times == 0
            gone += 100
            while trims.times < 2:  # behind the storm, and when it was over
                await asyncio.sleep(0.001)
            gone += 99
            await look_twice()
            assert trims.times == 2
            gone += 1
            while trims.times < 4:
                await asyncio.sleep(0.001)
    finally:
        task.cancel()


def test_descriptors() -> None:
    assert raise_descriptors() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert too_few_descriptors(40_128, 20_000) is None
    assert too_few_descriptors(resource.RLIM_INFINITY, 20_000) is None
    why = too_few_descriptors(20_000, 20_000)
    assert why is not None
    assert "enough for 9936 stations" in why
