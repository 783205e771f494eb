"""Whether a backend is dialled at all, and how fast a fleet goes back to one that has recovered. PURE.

A backend that does not answer is not asked by every station of a fleet: after a few failures in a row one dial in a
while finds out, and its success lets the others in, at a rate that grows from what a cold start bears.
"""

from gateway.ratelimit import Spacing

_FAILURES = 5
_STATIONS = 3
"""A backend that answers, and fails: it is down only when it fails for different stations."""
_FIRST_PROBE, _LAST_PROBE = 1.0, 5.0
_RAMP_SECONDS = 30.0
_FIRST_RATE, _LAST_RATE = 50.0, 500.0


class Breaker:
    """One backend's. Times are loop seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._probe_at: float | None = None
        self._down_since = 0.0
        self._recovered_at: float | None = None
        self._dials = Spacing()
        self._failed_for: set[str] = set()

    @property
    def open(self) -> bool:
        """Whether the backend counts as down: only probes reach it."""
        return self._probe_at is not None

    def admits(self, now: float) -> bool:
        """Whether to dial now; while open, one that is told so is the probe."""
        if self._probe_at is None:
            return True
        if now < self._probe_at:
            return False
        self._probe_at = now + self._pause(now)
        return True

    def due(self, now: float) -> float:
        """Seconds until the next probe."""
        return 0.0 if self._probe_at is None else max(0.0, self._probe_at - now)

    def failed(self, now: float, jitter: float, station: str | None = None) -> None:
        """A dial found nobody, or a backend that failed for this station. `jitter` (0 to 1) keeps the probes of many
        nodes out of step."""
        self._failures += 1
        if station is not None and len(self._failed_for) < _STATIONS:
            self._failed_for.add(station)
        if self._failures >= _FAILURES and (station is None or len(self._failed_for) >= _STATIONS):
            if self._probe_at is None:
                self._down_since = now
            self._probe_at = now + self._pause(now) * (0.8 + 0.4 * jitter)

    def answered(self, now: float) -> None:
        """A dial found the backend, whatever it said."""
        self._failures = 0
        self._failed_for.clear()
        if self._probe_at is not None:
            self._probe_at = None
            self._recovered_at = now

    def delay(self, now: float) -> float:
        """Seconds for which this dial is to wait, so that a backend that has just come back is not overrun."""
        if self._recovered_at is None:
            return 0.0
        age = now - self._recovered_at
        if age > _RAMP_SECONDS:
            self._recovered_at = None
            return 0.0
        rate = _FIRST_RATE + (_LAST_RATE - _FIRST_RATE) * age / _RAMP_SECONDS
        return self._dials.delay(now, rate)

    def _pause(self, now: float) -> float:
        """Between two probes: the shorter the outage, the sooner its end is noticed. Stations are held for seconds."""
        return min(_LAST_PROBE, _FIRST_PROBE + (now - self._down_since) / 5)
