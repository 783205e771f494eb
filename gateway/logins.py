"""Verifies the passwords of stations: off the event loop, not more at a time than it can bear.

Whether a station is known is not to be seen from how long a refusal takes: without a hash a decoy is verified.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from gateway.passwords import decoy, hash_password, spellings, verify_password

_THREADS = 2
"""scrypt is made to be slow, some 50 ms and 16 MiB each, and lets other threads run meanwhile."""

_MOST_WAITING = 64
"""Logins at work at a time: what two threads can do well within a handshake's deadline."""

_MOST_OF_ONE = 16
"""Of one identity: whoever guesses at it from many addresses keeps no others waiting. Its station, known by what was
verified before, is not counted."""

_MOST_DOUBTFUL = 8
"""Of sources that have failed of late. More than two threads need to be always at work, and few enough that whoever
comes from elsewhere finds a place, and not many before it: guesses from everywhere keep no fleet out."""


class BusyError(Exception):
    """Too many logins at once: the station should come back."""


class Logins:
    """One process's logins."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, "password")
        self._working = self._doubtful = 0
        self._decoy = decoy()
        self._working_for: Counter[str] = Counter()
        # A fleet that comes back would wait minutes for scrypt. What was verified once is known again by a keyed digest
        # whose key lives and dies with the process.
        self._secret = secrets.token_bytes(32)
        self._verified: dict[str, bytes] = {}

    def close(self) -> None:
        """Logins at work are given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hashes(self, passwords: Sequence[bytes]) -> list[str]:
        """A hash of each, for the store."""
        loop = asyncio.get_running_loop()
        return [await loop.run_in_executor(self._pool, hash_password, password) for password in passwords]

    async def verify(self, key: str, password: bytes, lines: Sequence[str], *, is_doubtful: bool = False) -> str | None:
        """The one of these hashes whose password the station sent; without a hash there is none, after the same work as
        for one. `is_doubtful`: its source has failed of late. Raises BusyError."""
        verified = self._verified.get(key, b"")
        for line in lines:
            if hmac.compare_digest(verified, self._digest(key, password, line)):
                return line
        if self._working >= _MOST_WAITING or self._working_for[key] >= _MOST_OF_ONE:
            raise BusyError
        if is_doubtful and self._doubtful >= _MOST_DOUBTFUL:
            raise BusyError
        self._working += 1
        self._doubtful += is_doubtful
        self._working_for[key] += 1
        try:
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(self._pool, _fitting, password, lines or (self._decoy,))
        finally:
            self._working -= 1
            self._doubtful -= is_doubtful
            self._working_for[key] -= 1
            if not self._working_for[key]:
                del self._working_for[key]
        if found is None or not lines:
            return None
        self._verified[key] = self._digest(key, password, found)
        return found

    def _digest(self, key: str, password: bytes, line: str) -> bytes:
        # The line is part of it: a hash that was replaced in the file is verified anew.
        return hmac.digest(self._secret, f"{key}\n{line}\n".encode() + password, hashlib.sha256)


def _fitting(password: bytes, lines: Sequence[str]) -> str | None:
    ways = spellings(password)
    return next((line for line in lines if any(verify_password(spelling, line) for spelling in ways)), None)
