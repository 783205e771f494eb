"""Somebody who listens to frames: what they want to hear, and what waits for them. Never waited for."""

import asyncio
from collections import deque
from fnmatch import fnmatchcase

_MOST_FRAMES, _MOST_BYTES = 2000, 4 * 1024 * 1024


class Ear:
    """Takes records as JSON texts. What does not fit any more is lost, and counted."""

    def __init__(self, *, station: str = "", pattern: str = "", action: str = "") -> None:
        """Of one `station` (its canonical identity), or of those that match the glob `pattern` (all, if empty); only what
        is about `action` (any letter case), if given."""
        self._station = station
        self._pattern = pattern
        self._action = action.casefold()
        self._texts: deque[str] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self.lost = 0
        """How many it lost since it began."""
        self.closed = False
        self._accounts: dict[str, tuple[int, int]] = {}

    def wants(self, key: str) -> bool:
        """Whether it listens to this station."""
        return key == self._station if self._station else fnmatchcase(key, self._pattern or "*")

    def wants_action(self, *actions: str | None) -> bool:
        """Whether a frame that is about these is for it."""
        return not self._action or any(action is not None and action.casefold() == self._action for action in actions)

    def put(self, text: str) -> None:
        if len(self._texts) >= _MOST_FRAMES or self._bytes + len(text) > _MOST_BYTES:
            return self.lose(1)
        self._texts.append(text)
        self._bytes += len(text)
        self._filled.set()

    def lose(self, frames: int) -> None:
        if frames > 0:
            self.lost += frames
            self._filled.set()

    def arrived(self, node: str, sent: int, lost: int, texts: list[str]) -> None:
        """Another node's ear passes on what it took. That one had passed on `sent` before, and lost `lost`; what is
        missing in between was lost on the way."""
        sent_before, lost_before = self._accounts.get(node, (0, 0))
        if sent < sent_before:
            sent_before = lost_before = 0  # it has begun anew
        self._accounts[node] = (sent + len(texts), lost)
        self.lose(sent - sent_before + lost - lost_before)
        for text in texts:
            self.put(text)

    async def take(self, seconds: float, most_bytes: int = _MOST_BYTES) -> list[str]:
        """What has come, up to so many bytes but one in any case; nothing when nothing did in this time, when it is
        closed, or when some were lost and nothing else came."""
        if not self._texts and not self.closed:
            try:
                async with asyncio.timeout(seconds):
                    await self._filled.wait()
            except TimeoutError:
                return []
        self._filled.clear()
        texts: list[str] = []
        while self._texts and (not texts or len(self._texts[0]) <= most_bytes):
            text = self._texts.popleft()
            self._bytes -= len(text)
            most_bytes -= len(text)
            texts.append(text)
        return texts

    def close(self) -> None:
        """Nothing more comes."""
        self.closed = True
        self._filled.set()
