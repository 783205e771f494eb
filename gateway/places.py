"""How many are let in, and how many from one place. PURE."""

from collections import Counter


class Places:
    """The places of stations. Who is on the way in holds one already, and a station that comes back has its own: so
    there are never more stations than places, however slowly backends answer."""

    def __init__(self) -> None:
        self._holders: Counter[str] = Counter()
        self.left = 0
        """How many were given back, ever."""

    def __len__(self) -> int:
        return len(self._holders)

    def take(self, key: str, most: int) -> bool:
        """A place for the station of this canonical identity, if there is one."""
        if key not in self._holders and len(self._holders) >= most:
            return False
        self._holders[key] += 1
        return True

    def leave(self, key: str) -> None:
        """Give one taken place back."""
        self.left += 1
        self._holders[key] -= 1
        if not self._holders[key]:
            del self._holders[key]


class Crowd:
    """The connections of a process: those that have not become a WebSocket yet, and all, in total and by source."""

    def __init__(self) -> None:
        self.arriving = 0
        self._arriving: Counter[str] = Counter()
        self._all: Counter[str] = Counter()

    def enter(self) -> None:
        """One more connection, of a source not known yet."""
        self.arriving += 1

    def admit(self, source: str, most_arriving: int, most: int | None) -> bool:
        """Whether a connection that has entered may be one more of this source. It is counted if so."""
        if self._arriving[source] >= most_arriving or (most is not None and self._all[source] >= most):
            return False
        self._arriving[source] += 1
        self._all[source] += 1
        return True

    def arrived(self, source: str | None) -> None:
        """A connection has become a WebSocket, or ends. `source`: as it was admitted, None when it was not."""
        self.arriving -= 1
        if source is not None:
            _less(self._arriving, source)

    def leave(self, source: str | None) -> None:
        """A connection that had arrived ends."""
        if source is not None:
            _less(self._all, source)


def _less(counts: "Counter[str]", source: str) -> None:
    counts[source] -= 1
    if not counts[source]:
        del counts[source]
