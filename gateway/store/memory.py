"""A store that lasts as long as the process."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.store import Change

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class MemoryStore:
    """Values are kept encoded, so that nobody holds on to another session's objects."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[tuple[str, str], bytes]] = {}

    async def open(self) -> None:
        return

    async def close(self) -> None:
        self._rows.clear()

    async def load(self, identity: str, scopes: Sequence[str]) -> dict[str, Any]:
        rows = self._rows.get(identity, {})
        return {key: _decode(value) for (scope, key), value in rows.items() if scope in scopes}

    def write(self, identity: str, changes: Sequence[Change]) -> "asyncio.Future[None] | None":
        rows = self._rows.setdefault(identity, {})
        for change in changes:
            if change.value is None:
                rows.pop((change.scope, change.key), None)
            else:
                rows[change.scope, change.key] = _encode(change.value)
        return None

    async def ping(self) -> bool:
        return True
