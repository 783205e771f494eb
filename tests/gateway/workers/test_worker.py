import asyncio
import os

from gateway.workers.worker import Worker, worker_of


def test_a_worker_is_told_its_part_in_its_environment() -> None:
    worker = Worker(1, (7, 8), "/run/worker-1.sock", 9)
    assert worker_of(worker.environment()) == worker
    assert worker_of({}) is None


async def test_a_worker_notices_that_its_supervisor_is_gone() -> None:
    here, there = os.pipe()
    waiting = asyncio.create_task(Worker(0, (), "", here).orphaned())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    os.close(there)
    await asyncio.wait_for(waiting, 5)
    os.close(here)
