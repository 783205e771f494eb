"""What has changed among this node's stations since somebody looked last.

Nothing on a message's way tells it: whoever wants to know asks, again and again, and then the sessions are looked over, those
in full that have had a frame since. A node that nobody asks keeps nothing.
"""

import asyncio
import secrets
from collections import Counter
from typing import NamedTuple

import msgspec

from gateway.bridge import Bridge
from gateway.cluster import Message
from gateway.node import Node
from gateway.summaries import summary

LEAST_SECONDS = 0.5
"""Between two looks, however many ask."""
FORGET_SECONDS = 15.0
_MOST_AT_ONCE, _MOST_BEHIND = 250, 2000
_SLICE = 100
"""Sessions that are looked over before others have their turn."""

Stamp = tuple[object, ...]
_encode = msgspec.json.Encoder().encode


class _Seen(NamedTuple):
    """A station as the last look found it: what may have changed when `stamp` has, and a hash of what lists say of it."""

    stamp: Stamp
    told: int


class Watch:
    """One node's memory of what it has told. Every change has a number; of a station only the last one counts."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._forgetting: asyncio.TimerHandle | None = None
        self._looking = asyncio.Lock()
        self._name = ""
        self._looked = 0.0
        self._number = self._floor = 0
        self._seen: dict[str, _Seen] = {}
        self._changed: dict[str, int] = {}
        self._forget()

    async def changes(self, message: Message) -> Message:
        """Since the mark `since` that this node gave (`{node: mark}`): `changed` stations, as lists say them; `gone` ones,
        by their keys; the `mark` to ask with next; `reset`: more has changed than is kept, or the mark is not known.
        `stations` and `backends` count those that are connected, `down` are backends whose dials fail."""
        await self._look()
        mark = message["since"].get(self._node.id)
        numbers = list[tuple[str, int]]()
        known = mark is not None and mark[0] == self._name and mark[1] >= self._floor
        if known:
            for key in reversed(self._changed):
                number = self._changed[key]
                if number <= mark[1]:
                    break
                numbers.append((key, number))
        if not known or len(numbers) > _MOST_BEHIND:
            return self._answer([], self._number, reset=True)
        oldest = numbers[::-1][:_MOST_AT_ONCE]
        # What does not fit is left for the next time.
        return self._answer([key for key, _ in oldest], oldest[-1][1] if oldest else self._number, reset=False)

    def _answer(self, keys: list[str], number: int, *, reset: bool) -> Message:
        node = self._node
        found = [(key, node.sessions.get(key)) for key in keys]
        return {
            "mark": [self._name, number],
            "reset": reset,
            "changed": [summary(node, key, session) for key, session in found if session is not None],
            "gone": [key for key, session in found if session is None],
            "stations": len(node.sessions),
            "backends": dict(Counter(session.backend for session in node.sessions.values())),
            "down": [name for name, upstream in node.upstreams.items() if upstream.is_down],
        }

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = loop.call_later(FORGET_SECONDS, self._forget)
        async with self._looking:
            if loop.time() - self._looked < LEAST_SECONDS:
                return
            first, self._looked = not self._looked, loop.time()
            sessions = self._node.sessions
            for place, (key, session) in enumerate(list(sessions.items()), 1):
                self._look_at(key, session, first)
                if place % _SLICE == 0:
                    await asyncio.sleep(0)
            for key in [key for key in self._seen if key not in sessions]:
                del self._seen[key]
                self._note(key)

    def _look_at(self, key: str, session: Bridge, first: bool) -> None:
        about, seen = session.about, self._seen.get(key)
        stamp = (about.connected_at, about.version, session.backend, session.is_backend_away, *session.frames.values())
        if seen is not None and seen.stamp == stamp:
            return
        told = hash(_encode(summary(self._node, key, session)))
        self._seen[key] = _Seen(stamp, told)
        if not first and (seen is None or seen.told != told):
            self._note(key)

    def _note(self, key: str) -> None:
        self._number += 1
        self._changed.pop(key, None)
        self._changed[key] = self._number
        while len(self._changed) > 2 * _MOST_BEHIND:
            oldest = next(iter(self._changed))
            self._floor = self._changed.pop(oldest)

    def _forget(self) -> None:
        """Nobody has asked for a while."""
        self._name = secrets.token_hex(4)
        self._looked = 0.0
        self._number = self._floor = 0
        self._seen, self._changed = {}, {}
