"""Which of many lines that say the same are written. PURE.

The first few of a kind are, within a time; of the rest only the last, when the time is over, with the number of those
left out.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class _Window(Generic[_T]):
    __slots__ = ("count", "last", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.count = 0
        self.last: _T | None = None


class Repeats(Generic[_T]):
    """`first` of a kind are written within `seconds`. At most `most` kinds are known at a time."""

    def __init__(self, first: int, seconds: float, most: int) -> None:
        self._first = first
        self._seconds = seconds
        self._most = most
        self._windows: OrderedDict[Hashable, _Window[_T]] = OrderedDict()
        """The oldest first: all are open for the same time."""

    def may(self, kind: Hashable, item: _T, now: float) -> bool:
        """Whether this one is written now; one that is not may be among those of `over` later. `now`: seconds, never
        less than before."""
        window = self._windows.get(kind)
        if window is None:
            window = self._windows[kind] = _Window(now + self._seconds)
        window.count += 1
        if window.count <= self._first:
            return True
        window.last = item
        return False

    def over(self, now: float) -> list[tuple[_T, int]]:
        """What is to be written now: the last of each kind whose time is over, and how many before it were left out."""
        found = []
        while self._windows:
            window = next(iter(self._windows.values()))
            if window.until > now and len(self._windows) <= self._most:
                break
            self._windows.popitem(last=False)
            if window.last is not None:
                found.append((window.last, window.count - self._first - 1))
        return found
