"""Keeps the stations file up to date while the gateway runs."""

import asyncio
import os
from fnmatch import fnmatchcase
from pathlib import Path

import structlog

from gateway.config import ConfigError
from gateway.metrics import Metrics
from gateway.stations.load import NOBODY, Stations, load, stamp_of
from gateway.stations.model import Station

_LOOK_SECONDS = 1.0
"""The file is looked at no more often, and a station waits no longer for it to be read."""

_MOST_TOLD = 20
"""Mistakes of one file in the log; `check` tells all of them."""


class Roster:
    """The stations as they were last read without a mistake."""

    def __init__(self, stations: Stations, metrics: Metrics) -> None:
        self.stations = stations
        self._metrics = metrics
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("stations")
        self._seen = stations.stamp
        self._looking: asyncio.Task[None] | None = None
        self._looked_at = float("-inf")
        self._reading = asyncio.Lock()

    def get(self, key: str) -> Station | None:
        """The entry of a canonical identity."""
        return self.stations.get(key)

    def matching(self, pattern: str) -> list[str]:
        """The canonical identities that match a case-folded glob; all of them without one."""
        return [key for key in self.stations.entries if fnmatchcase(key, pattern or "*")]

    async def look(self) -> None:
        """Read the file again if it has changed. A large one is waited for no longer than a second: until it has been
        read, the older one holds."""
        if self.stations.path is None:
            return
        now = asyncio.get_running_loop().time()
        if (self._looking is None or self._looking.done()) and now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._looking = asyncio.create_task(self._look(self.stations.path))
        left = self._looked_at + _LOOK_SECONDS - now
        if self._looking is not None and not self._looking.done() and left > 0:
            await asyncio.wait({self._looking}, timeout=left)

    async def reload(self) -> None:
        """Read the file again, changed or not."""
        if self.stations.path is not None:
            await self._read(self.stations.path)

    async def read(self, path: Path | None) -> Stations:
        """What stands in a file, which may become this roster's. Raises ConfigError."""
        return await asyncio.to_thread(load, path, os.environ)

    def use(self, stations: Stations) -> None:
        """These are the stations from now on."""
        self.stations = stations
        self._seen = stations.stamp
        self._metrics.stations_file_valid.set(1)
        if stations is not NOBODY:
            self._logger.info("stations_file_read", stations=len(stations))

    async def _look(self, path: Path) -> None:
        if await asyncio.to_thread(stamp_of, path) != self._seen:
            await self._read(path)

    async def _read(self, path: Path) -> None:
        async with self._reading:
            # A bad file is told once, not once a second.
            self._seen = await asyncio.to_thread(stamp_of, path)
            try:
                stations = await self.read(path)
            except ConfigError as error:
                self._metrics.stations_file_valid.set(0)
                for line in error.mistakes[:_MOST_TOLD]:
                    self._logger.error("stations_file_refused", why=line)
                if len(error.mistakes) > _MOST_TOLD:
                    left = len(error.mistakes) - _MOST_TOLD
                    self._logger.error("stations_file_refused", why=f"{path}: {left} mistakes more")
                return
            # A reload of the configuration may have named another file meanwhile.
            if self.stations.path == path:
                self.use(stations)
