"""What a worker is told by its supervisor, in its environment."""

import asyncio
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "OCPP_GATEWAY_WORKER"


@dataclass(frozen=True, slots=True)
class Worker:
    """`number` from 0; `listeners` are descriptors of listening sockets, one for each listener of the configuration in
    its order; `admin` is where to answer the supervisor; `lifeline` is the end of a pipe that closes with it."""

    number: int
    listeners: tuple[int, ...]
    admin: str
    lifeline: int

    def environment(self) -> dict[str, str]:
        return {VARIABLE: json.dumps(asdict(self))}

    def listener(self, place: int) -> socket.socket:
        """The listening socket of a listener."""
        return socket.socket(fileno=os.dup(self.listeners[place]))

    @property
    def admin_path(self) -> Path:
        return Path(self.admin)

    @property
    def ready_path(self) -> Path:
        """A file that is there once this place has had a worker that was ready."""
        return Path(f"{self.admin}.ready")

    async def orphaned(self) -> None:
        """Returns when the supervisor is gone."""
        loop = asyncio.get_running_loop()
        gone = asyncio.Event()
        loop.add_reader(self.lifeline, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self.lifeline)


def worker_of(environment: Mapping[str, str]) -> Worker | None:
    """The worker this process is, if it is one."""
    text = environment.get(VARIABLE)
    if text is None:
        return None
    told = json.loads(text)
    return Worker(told["number"], tuple(told["listeners"]), told["admin"], told["lifeline"])
