"""A token bucket. PURE."""


class Bucket:
    """`rate` tokens a second, at most `burst` of them kept."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens = burst
        self._at = now

    def take(self, now: float) -> float:
        """Take a token; the seconds to wait before using it (0: at once). A debt is paid by those who wait."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate) - 1
        self._at = now
        return -self._tokens / self._rate if self._tokens < 0 else 0.0

    def try_take(self, now: float) -> bool:
        """Take a token if there is one."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
