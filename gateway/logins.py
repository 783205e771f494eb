"""Verifies the passwords of stations: off the event loop, not more at a time than it can bear, not too often.

Whether a station is known is not to be seen from how long a refusal takes: without a hash a decoy is verified. Attempts
are counted by source and identity together: whoever fails another station's login does not lock that station out.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, ip_address

from gateway.metrics import Metrics
from gateway.passwords import decoy, spellings, verify_password

_THREADS = 2
"""scrypt is made to be slow, some 50 ms and 16 MiB each, and lets other threads run meanwhile."""

_MOST_WAITING = 64
"""Logins at work at a time: what two threads can do well within a handshake's deadline."""

_FAILURES, _FAILURE_SECONDS = 10, 60.0
_DELAY_SECONDS = 1.0
_MOST_WATCHED = 16384
"""Sources and identities whose failures are kept; the oldest is given up for a new one."""


class BusyError(Exception):
    """Too many logins at once: the station should come back."""


class Logins:
    """One process's logins."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(_THREADS, "password")
        self._working = 0
        self._decoy = decoy()
        self._attempts: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        # A fleet that comes back would wait minutes for scrypt. What was verified once is known again by a keyed digest
        # whose key lives and dies with the process.
        self._secret = secrets.token_bytes(32)
        self._verified: dict[str, bytes] = {}

    def close(self) -> None:
        """Logins at work are given up."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def verify(self, source: str, key: str, password: bytes, line: str | None) -> bool:
        """Whether a station that calls from the address `source` sent the password of this hash; without a hash the
        answer is no, after the same work. Raises BusyError."""
        now = asyncio.get_running_loop().time()
        watched = (_network(source), key)
        attempts = self._recent(watched, now)
        if len(attempts) >= _FAILURES:
            self._metrics.rate_limited.labels("password").inc()
            await asyncio.sleep(_DELAY_SECONDS)
            return False
        digest = self._digest(key, password, line or self._decoy)
        if hmac.compare_digest(self._verified.get(key, b""), digest):
            self._attempts.pop(watched, None)
            return True
        if self._working >= _MOST_WAITING:
            raise BusyError
        # Counted before the outcome is known: many at once are no way around the limit.
        attempts.append(now)
        self._working += 1
        try:
            loop = asyncio.get_running_loop()
            right = await loop.run_in_executor(self._pool, _fits, password, line or self._decoy)
        finally:
            self._working -= 1
        if right and line is not None:
            self._attempts.pop(watched, None)
            self._verified[key] = digest
            return True
        return False

    def _recent(self, watched: tuple[str, str], now: float) -> deque[float]:
        attempts = self._attempts.setdefault(watched, deque())
        self._attempts.move_to_end(watched)
        while attempts and attempts[0] <= now - _FAILURE_SECONDS:
            attempts.popleft()
        if len(self._attempts) > _MOST_WATCHED:
            self._attempts.popitem(last=False)
        return attempts

    def _digest(self, key: str, password: bytes, line: str) -> bytes:
        # The line is part of it: a hash that was replaced in the file is verified anew.
        return hmac.digest(self._secret, f"{key}\n{line}\n".encode() + password, hashlib.sha256)


def _fits(password: bytes, line: str) -> bool:
    return any(verify_password(spelling, line) for spelling in spellings(password))


def _network(source: str) -> str:
    """What one sender has: an IPv4 address, or a whole IPv6 network."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return address.exploded[:19]
    return str(address)
