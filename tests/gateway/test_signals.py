"""A process that has ended well is not killed by a signal that comes late."""

import os
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys, time
from gateway.signals import let_go
async def main():
    loop = asyncio.get_running_loop()
    import signal
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(name, lambda: None)
    let_go(lambda: print("last words", flush=True))
if sys.argv[1] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
print("over", flush=True)
time.sleep(20)
"""


@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_late_signal_is_an_exit_at_once_with_code_0(loop: str, name: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, loop], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"over\n"
        os.kill(process.pid, signal.SIGHUP)
        os.kill(process.pid, name)
        assert process.wait(10) == 0
        assert process.stdout.read() == b"last words\n"
