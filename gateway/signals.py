"""Signals at the end of a process: when the event loop takes them no more, they must not kill what has ended well."""

import asyncio
import atexit
import os
import signal
from collections.abc import Callable

_ENDING = (signal.SIGTERM, signal.SIGINT)


def let_go(last: Callable[[], None]) -> None:
    """Called when all is done that had to be. What is left (threads, the interpreter's own end) a signal cuts short: `last`
    is called, and the exit code is 0, as without it. SIGHUP has no effect any more."""
    loop = asyncio.get_running_loop()

    def leave(*_: object) -> None:
        last()
        os._exit(0)

    for name in _ENDING:
        loop.remove_signal_handler(name)
        signal.signal(name, leave)
    loop.remove_signal_handler(signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # At its very end the interpreter gives signals back to the system, but for those that are ignored.
    atexit.register(_ignore)


def _ignore() -> None:
    for name in _ENDING:
        signal.signal(name, signal.SIG_IGN)
