"""Stations by the hundred in one process, spread over the gateway's addresses."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress

import aiohttp

from tests.soak.history import History
from tests.soak.policy import Policy
from tests.soak.station import Station


class Fleet:
    """Stations `PREFIX-0001` and up, spread over the gateway's addresses."""

    def __init__(
        self,
        urls: Sequence[str],
        policy: Policy,
        history: History,
        *,
        stations: int,
        seed: int = 0,
        prefix: str = "S",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.urls, self.policy, self.history, self.seed, self.prefix = list(urls), policy, history, seed, prefix
        self.finishing = asyncio.Event()
        self.stations = [Station(self, f"{prefix}-{number:04d}", number) for number in range(1, stations + 1)]
        self._tls = tls
        self._tasks: list[asyncio.Task[None]] = []
        self.zombies: list[aiohttp.ClientWebSocketResponse] = []
        self._session: aiohttp.ClientSession | None = None

    async def start(self, per_second: float = 200.0) -> None:
        """All of them, connecting at this rate."""
        connector = aiohttp.TCPConnector(limit=0, force_close=True, ssl=self._tls or True)
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
        for station in self.stations:
            self._tasks += [asyncio.create_task(station.run()), asyncio.create_task(station.charge())]
            await asyncio.sleep(1 / per_second)

    async def connect(self, url: str, identity: str) -> aiohttp.ClientWebSocketResponse:
        """Raises what aiohttp raises for a refused handshake."""
        assert self._session is not None
        password = self.policy.password
        headers = {"Authorization": aiohttp.encode_basic_auth(identity, password)} if password else {}
        return await self._session.ws_connect(
            url, protocols=(self.policy.version,), headers=headers, max_msg_size=0, compress=0
        )

    @property
    def connected(self) -> int:
        return sum(station.ws is not None for station in self.stations)

    async def settle(self, seconds: float) -> bool:
        """Charges end, queues empty. False when that took longer; either way the state of each station is noted."""
        self.finishing.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not all(station.settled for station in self.stations):
                    self._raise()
                    await asyncio.sleep(0.02)
        for station in self.stations:
            self.history.note("state", station.identity, connected=station.ws is not None, queued=len(station.queue))
        return all(station.settled for station in self.stations)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _raise(self) -> None:
        """A defect of a simulator is not to look like weather."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
