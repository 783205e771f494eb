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


async def test_memory_is_given_back_when_many_have_gone(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr("gateway.runtime._TIDY_SECONDS", 0.001)
    stations, trims = [500], Trims()
    task = asyncio.create_task(tidy(trims, lambda: stations[0]))
    try:
        async with asyncio.timeout(10):
            await asyncio.sleep(0.02)
            assert trims.times == 0
            stations[0] = 300
            while not trims.times:
                await asyncio.sleep(0.001)
            stations[0] = 290
            await asyncio.sleep(0.02)
            assert trims.times == 1
    finally:
        task.cancel()


def test_descriptors() -> None:
    assert raise_descriptors() == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert too_few_descriptors(40_128, 20_000) is None
    assert too_few_descriptors(resource.RLIM_INFINITY, 20_000) is None
    why = too_few_descriptors(20_000, 20_000)
    assert why is not None
    assert "enough for 9936 stations" in why
