"""A store that lasts as long as the process."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.store import Change, Claimed, FencedError, Owner, next_epoch

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class MemoryStore:
    """Values are kept encoded, so that nobody holds on to another session's objects."""

    shared = False
    instant = True

    def __init__(self) -> None:
        self._rows: dict[str, dict[tuple[str, str], bytes]] = {}
        self._owners: dict[str, Owner] = {}

    async def open(self) -> None:
        return

    async def close(self) -> None:
        self._rows.clear()
        self._owners.clear()

    async def claim(self, identity: str, node: str, scopes: Sequence[str]) -> Claimed:
        before = self._owners.get(identity)
        epoch = next_epoch(before.epoch if before is not None else 0)
        self._owners[identity] = Owner(node, epoch)
        return Claimed(epoch, await self.load(identity, scopes), before)

    async def hold(self, identity: str, node: str, epoch: int) -> bool:
        if self._fenced(identity, epoch):
            return False
        self._owners[identity] = Owner(node, epoch)
        return True

    async def release(self, identity: str, epoch: int) -> None:
        if not self._fenced(identity, epoch):
            self._owners[identity] = Owner("", epoch)

    async def owner(self, identity: str) -> Owner | None:
        owner = self._owners.get(identity)
        return owner if owner is not None and owner.node else None

    async def load(self, identity: str, scopes: Sequence[str]) -> dict[str, Any]:
        rows = self._rows.get(identity, {})
        return {key: _decode(value) for (scope, key), value in rows.items() if scope in scopes}

    def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        if self._fenced(identity, epoch):
            raise FencedError(f"a newer connection of {identity} writes")
        rows = self._rows.setdefault(identity, {})
        for change in changes:
            if change.value is None:
                rows.pop((change.scope, change.key), None)
            else:
                rows[change.scope, change.key] = _encode(change.value)
        return None

    async def ping(self) -> bool:
        return True

    def _fenced(self, identity: str, epoch: int) -> bool:
        owner = self._owners.get(identity)
        return owner is not None and owner.epoch > epoch
