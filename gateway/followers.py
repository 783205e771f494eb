"""All who follow one session."""

import asyncio
from collections.abc import Iterable

from gateway.following import CallStation, Following
from translators.effects import Copy


class Followers:
    """Made by `boards.followers_for`; each goes its own way."""

    def __init__(self, followers: Iterable[Following]) -> None:
        self.every = tuple(followers)

    def start(self, call: CallStation) -> None:
        for one in self.every:
            one.start(call)

    def copied(self, copy: Copy) -> None:
        for one in self.every:
            one.copied(copy)

    def has(self, backend: str) -> bool:
        return any(one.name == backend for one in self.every)

    async def leave(self, backend: str) -> None:
        """This backend follows no more: it is to be in charge."""
        gone = [one for one in self.every if one.name == backend]
        self.every = tuple(one for one in self.every if one.name != backend)
        for one in gone:
            one.stop()
        await asyncio.gather(*(one.close() for one in gone))

    def stop(self) -> None:
        for one in self.every:
            one.stop()

    async def close(self) -> None:
        await asyncio.gather(*(one.close() for one in self.every))
