"""A station for mends in tests: a clock and a memory."""

from collections.abc import Mapping
from typing import Any

from translators.times import epoch

NOW = epoch("2026-07-21T10:00:00Z") or 0.0


class Station:
    """A Scene."""

    def __init__(self, memory: dict[str, Any] | None = None, unix_time: float = NOW) -> None:
        self.unix_time = unix_time
        self._memory = memory or {}

    @property
    def memory(self) -> Mapping[str, Any]:
        return self._memory

    def keep(self, name: str, value: Any) -> None:
        self._memory[f"station/quirk/{name}"] = value
