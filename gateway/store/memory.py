"""A store that lasts as long as the process."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import msgspec

from gateway.store import Change, Claimed, ConflictError, Document, FencedError, Owner, next_epoch

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class MemoryStore:
    """Values are kept encoded, so that nobody holds on to another session's objects."""

    shared = False
    instant = True

    def __init__(self) -> None:
        self._rows: dict[str, dict[tuple[str, str], bytes]] = {}
        self._owners: dict[str, Owner] = {}
        self._documents: dict[tuple[str, str], tuple[int, bytes]] = {}
        self._leases = Leases()

    async def open(self) -> None:
        return

    async def close(self) -> None:
        self._rows.clear()
        self._owners.clear()
        self._documents.clear()

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

    async def holding(self, key: str) -> list[tuple[str, str, Any]]:
        return [
            (identity, scope, _decode(value))
            for identity, rows in sorted(self._rows.items())
            for (scope, name), value in sorted(rows.items())
            if name == key
        ]

    def write(self, identity: str, epoch: int, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        if self._fenced(identity, epoch):
            raise FencedError(f"a newer connection of {identity} writes")
        rows = self._rows.setdefault(identity, {})
        for scope, key, value in changes:
            if value is None:
                rows.pop((scope, key), None)
            else:
                rows[scope, key] = _encode(value)
        return None

    async def ping(self) -> bool:
        return True

    async def document(self, kind: str, name: str) -> Document | None:
        found = self._documents.get((kind, name))
        return Document(name, found[0], _decode(found[1])) if found is not None else None

    async def documents(self, kind: str) -> list[Document]:
        found = sorted((name, *entry) for (one, name), entry in self._documents.items() if one == kind)
        return [Document(name, version, _decode(text)) for name, version, text in found]

    async def put(self, kind: str, name: str, value: Any, version: int | None = None) -> int:
        now, _ = self._documents.get((kind, name), (0, b""))
        if version not in (None, now):
            raise ConflictError(f"{kind} {name} is version {now}, not {version}")
        self._documents[kind, name] = now + 1, _encode(value)
        return now + 1

    async def put_all(self, kind: str, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if value is None:
                self._documents.pop((kind, name), None)
            else:
                await self.put(kind, name, value)

    async def remove_all(self, kind: str) -> None:
        for key in [key for key in self._documents if key[0] == kind]:
            del self._documents[key]

    async def lease(self, name: str, holder: str, seconds: float) -> bool:
        return self._leases.take(name, holder, seconds)

    async def unlease(self, name: str, holder: str) -> None:
        self._leases.give_back(name, holder)

    def _fenced(self, identity: str, epoch: int) -> bool:
        owner = self._owners.get(identity)
        return owner is not None and owner.epoch > epoch


class Leases:
    """Those of one process, which nobody else can hold."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, float]] = {}

    def take(self, name: str, holder: str, seconds: float) -> bool:
        now = monotonic()
        by, until = self._held.get(name, ("", 0.0))
        if by not in ("", holder) and now < until:
            return False
        self._held[name] = holder, now + seconds
        return True

    def give_back(self, name: str, holder: str) -> None:
        if self._held.get(name, ("", 0.0))[0] == holder:
            del self._held[name]
