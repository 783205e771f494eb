"""A token bucket, and a queue without one. PURE."""


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

    def give_back(self) -> None:
        """The token taken last was not used."""
        self._tokens += 1


class Spacing:
    """Lets one after another go, in even steps."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0.0

    def delay(self, now: float, rate: float) -> float:
        """Seconds for which this one waits when `rate` go in a second."""
        start = max(self._next, now)
        self._next = start + 1 / rate
        return start - now
