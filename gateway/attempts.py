"""Who has failed to get in, how often, and from where. PURE.

Failures are counted by source and identity together, and by source alone. A station is never refused for what others do
from elsewhere; and where many share a source, as behind a mobile operator's address, one that has come in from there
before is not refused for what its neighbours do.
"""

from collections import OrderedDict, deque
from typing import TypeVar

WINDOW_SECONDS = 60.0
_MOST_WATCHED = 16384
"""Sources, and pairs of source and identity, whose failures are kept; the oldest is given up for a new one."""
_MOST_KNOWN = 65536
_MOST_TRIES = 64
"""Of one source that are told apart."""

Pair = tuple[str, str]
_K = TypeVar("_K")


class Attempts:
    """`source` is a network in text, `key` a canonical identity, `now` any clock's seconds."""

    def __init__(self) -> None:
        self._pairs: OrderedDict[Pair, deque[float]] = OrderedDict()
        self._sources: OrderedDict[str, deque[float]] = OrderedDict()
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._known: OrderedDict[Pair, None] = OrderedDict()

    def begin(self, source: str, key: str, now: float, *, most: int, most_of_source: int) -> bool:
        """Whether this attempt may be made. It counts as a failure of the pair until it is told otherwise: many at once
        are no way around the limit. `most`: failures in a minute of the pair, `most_of_source`: of the source."""
        pair = source, key
        mine = _recent(self._pairs, pair, now)
        if len(mine) >= most:
            return False
        if pair not in self._known and len(_recent(self._sources, source, now)) >= most_of_source:
            return False
        mine.append(now)
        return True

    def tried(self, source: str, key: str, now: float) -> int:
        """A secret is about to be checked: how many were from this source in the last minute, whatever became of them. None
        for one that has come in from there before."""
        if (source, key) in self._known:
            return 0
        tries = _recent(self._tries, source, now)
        if len(tries) == _MOST_TRIES:
            tries.popleft()
        tries.append(now)
        return len(tries) - 1

    def failed(self, source: str, now: float) -> None:
        """An attempt was one: its secret or its identity was wrong."""
        _recent(self._sources, source, now).append(now)

    def withdrawn(self, source: str, key: str) -> None:
        """An attempt came to nothing for other reasons."""
        mine = self._pairs.get((source, key))
        if mine:
            mine.pop()

    def succeeded(self, source: str, key: str) -> None:
        """The station came in; what went wrong before is made good."""
        pair = source, key
        self._pairs.pop(pair, None)
        self._known[pair] = None
        self._known.move_to_end(pair)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


def _recent(watched: OrderedDict[_K, deque[float]], key: _K, now: float) -> deque[float]:
    found = watched.setdefault(key, deque())
    watched.move_to_end(key)
    while found and found[0] <= now - WINDOW_SECONDS:
        found.popleft()
    if len(watched) > _MOST_WATCHED:
        watched.popitem(last=False)
    return found
