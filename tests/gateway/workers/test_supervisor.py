"""Somebody is in every worker's place, also when none can be started for a moment."""

import asyncio
import sys

from structlog.testing import capture_logs

from gateway.config import parse
from gateway.lines import Lines
from gateway.workers.supervisor import Supervisor
from tests.gateway.config_text import MINIMAL


async def test_a_worker_that_cannot_be_started_is_started_a_moment_later() -> None:
    tree = Supervisor(parse(MINIMAL, {}), 1, ["/there/is/no/such/program"], Lines(sys.stderr.fileno()))
    with capture_logs() as log:
        keeping = asyncio.create_task(tree._keep(0))
        async with asyncio.timeout(20):
            while not any(event["event"] == "worker_not_started" for event in log):
                await asyncio.sleep(0.01)
            assert not keeping.done()
            tree._command = [sys.executable, "-c", "import time; time.sleep(60)"]
            while not tree._processes:
                await asyncio.sleep(0.01)
            tree._stopping.set()
            tree._processes[0].terminate()
            await keeping
    assert [event["event"] for event in log][-1] == "worker_started"
