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

_PATIENCE_SECONDS = 5.0
"""Then it is told to come back: an answer, where a handshake that is late would have none."""


class BusyError(Exception):
    """Too many logins at once: the station should come back."""


class _Place:
    """One login's place in the queue."""

    __slots__ = ("key", "tries", "turn")

    def __init__(self, key: str, tries: int, turn: asyncio.Future[None]) -> None:
        self.key, self.tries, self.turn = key, tries, turn


class Logins:
    """One process's logins. Of those that wait the one goes first whose source has tried least: so guesses, however many
    and from however many addresses, keep no station waiting for long."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, "password")
        self._decoy = decoy()
        self._working = 0
        self._waiting: list[_Place] = []
        self._count: Counter[str] = Counter()
        """By identity, at work and waiting."""
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

    async def verify(self, key: str, password: bytes, lines: Sequence[str], tries: int = 0) -> str | None:
        """The one of these hashes whose password the station sent; without a hash there is none, after the same work as
        for one. `tries`: how many its source has had of late. Raises BusyError."""
        verified = self._verified.get(key, b"")
        for line in lines:
            if hmac.compare_digest(verified, self._digest(key, password, line)):
                return line
        await self._turn(key, tries)
        try:
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(self._pool, _fitting, password, lines or (self._decoy,))
        finally:
            self._done(key)
        if found is None or not lines:
            return None
        self._verified[key] = self._digest(key, password, found)
        return found

    async def _turn(self, key: str, tries: int) -> None:
        """Wait for a thread. Raises BusyError."""
        if self._count[key] >= _MOST_OF_ONE:
            self._make_room([place for place in self._waiting if place.key == key], tries)
        if self._count.total() >= _MOST_WAITING:
            self._make_room(self._waiting, tries)
        self._count[key] += 1
        if self._working < _THREADS:
            self._working += 1
            return
        place = _Place(key, tries, asyncio.get_running_loop().create_future())
        self._waiting.append(place)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await place.turn
        except BaseException as error:
            if place in self._waiting:
                self._waiting.remove(place)
                self._leave(key)
            elif place.turn.done() and not place.turn.cancelled() and place.turn.exception() is None:
                self._done(key)  # its turn had come at the same moment
            if isinstance(error, TimeoutError):
                raise BusyError from None
            raise

    def _make_room(self, among: Sequence[_Place], tries: int) -> None:
        """One that has tried more gives its place up. Raises BusyError where there is none."""
        most = max(_alive(among), key=lambda place: place.tries, default=None)
        if most is None or most.tries <= tries:
            raise BusyError
        self._waiting.remove(most)
        self._leave(most.key)
        most.turn.set_exception(BusyError())

    def _done(self, key: str) -> None:
        self._leave(key)
        self._working -= 1
        # The first of those with the fewest.
        following = min(_alive(self._waiting), key=lambda place: place.tries, default=None)
        if following is not None:
            self._waiting.remove(following)
            self._working += 1
            following.turn.set_result(None)

    def _leave(self, key: str) -> None:
        self._count[key] -= 1
        if not self._count[key]:
            del self._count[key]

    def _digest(self, key: str, password: bytes, line: str) -> bytes:
        # The line is part of it: a hash that was replaced in the file is verified anew.
        return hmac.digest(self._secret, f"{key}\n{line}\n".encode() + password, hashlib.sha256)


def _alive(places: Sequence[_Place]) -> list[_Place]:
    """Without those that have just given up, and do not know it yet."""
    return [place for place in places if not place.turn.done()]


def _fitting(password: bytes, lines: Sequence[str]) -> str | None:
    ways = spellings(password)
    return next((line for line in lines if any(verify_password(spelling, line) for spelling in ways)), None)
