"""Takeover wars: two parties that connect as the same station, again and again, each in place of the other. PURE.

Whoever has the secret may take over, for a station that lost its connection must get in at once. But two that have it
would take turns for ever, and the station would never work. So the one that is there is kept for a while. A station
that flaps on its own comes from one address and is never held up.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

MOST_FLAPS = 5
WITHIN_SECONDS = 60.0
HOLD_SECONDS = 30.0
_MOST_KEPT = 10_000


@dataclass(slots=True)
class _War:
    """`holder`: the address of the newest connection. `flaps`: when an address took the station from another one."""

    holder: str = ""
    flaps: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_FLAPS))
    until: float = 0.0


class Damping:
    """What this node saw of takeovers, by station. Times are seconds of a clock that never goes back."""

    def __init__(self) -> None:
        self._wars: OrderedDict[str, _War] = OrderedDict()

    def __len__(self) -> int:
        return len(self._wars)

    def taken(self, key: str, before: str | None, by: str, now: float) -> bool:
        """A connection from the address `by` took the station over from one at `before` (None: nobody here knows, then
        it is the newest that was told of). Whether this made it a war: the one that is there now is held."""
        war = self._wars.setdefault(key, _War())
        self._wars.move_to_end(key)
        while len(self._wars) > _MOST_KEPT:
            self._wars.popitem(last=False)
        before = war.holder if before is None else before
        war.holder = by
        if before in ("", by):
            return False
        war.flaps.append(now)
        if len(war.flaps) < MOST_FLAPS or war.flaps[0] < now - WITHIN_SECONDS or now < war.until:
            return False
        war.until = now + HOLD_SECONDS
        war.flaps.clear()
        return True

    def held(self, key: str, source: str, now: float) -> float:
        """The seconds for which a connection from this address may not take the station over; 0.0: it may."""
        war = self._wars.get(key)
        if war is None or now >= war.until or source == war.holder:
            return 0.0
        return war.until - now
