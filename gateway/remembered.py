"""What one session remembers, and whose it is: its station's, the backend's in charge, that of backends beside it, a
follower's. PURE.
"""

from typing import Any
from urllib.parse import quote

from translators.links import is_shared

Place = tuple[str, str]
"""Where the store keeps something of a station: the scope (a backend's name, "" for what is the station's own), the key."""
PASSING = "retold"
"""A key of a session's memory that speaks of the moment only, and is never written."""
FOLLOWER = ">"  # before the keys of followers, which belong to the station whichever backend is in charge


class Remembered:
    """`memory` is what the session works on with the `backend` in charge."""

    __slots__ = ("_beside", "backend", "memory")

    def __init__(self, backend: str, memory: dict[str, Any]) -> None:
        self.backend = backend
        self.memory = memory
        self._beside: dict[str, dict[str, Any]] = {}

    def shared_memory(self) -> dict[str, Any]:
        """What belongs to the station, whichever backend it talks to."""
        return {key: value for key, value in self.memory.items() if is_shared(key)}

    def of_station(self) -> dict[str, Any]:
        """What is remembered of the station whichever backend is in charge."""
        return {key: value for key, value in self.memory.items() if is_of_station(key)}

    def beside(self, backend: str, memory: dict[str, Any]) -> None:
        """The session also works with this backend: on a memory of its own, but for what belongs to the station."""
        self._beside[backend] = memory

    def turn_to(self, backend: str) -> None:
        """A backend from beside is the one in charge now; the former one is beside it."""
        self._beside[self.backend] = self.memory
        self.backend, self.memory = backend, self._beside.pop(backend)

    def leave(self, backend: str) -> None:
        """The session works with a backend beside no more."""
        self._beside.pop(backend, None)

    def followed(self, follower: str) -> dict[str, Any]:
        """What is remembered for this follower, apart from the rest."""
        apart = follower_prefix(follower)
        return {key.removeprefix(apart): value for key, value in self.memory.items() if key.startswith(apart)}

    def everything(self) -> dict[Place, Any]:
        """All that is to be in the store."""
        return {
            ("" if is_of_station(key) else backend, key): value
            for backend, memory in {**self._beside, self.backend: self.memory}.items()
            for key, value in memory.items()
            if key != PASSING
        }

    def _learn(self, unwritten: dict[Place, Any]) -> None:
        """Of the one before: None where it had forgotten."""
        for (scope, key), value in unwritten.items():
            if scope in ("", self.backend):
                _set(self.memory, key, value)

    def _tell_all(self, key: str, value: Any) -> None:
        """What belongs to the station has changed: whoever the session works with is to find it."""
        for memory in (self.memory, *self._beside.values()):
            _set(memory, key, value)


def is_of_station(key: str) -> bool:
    """Whether it is remembered of the station, whichever backend is in charge."""
    return key.startswith(FOLLOWER) or is_shared(key)


def follower_prefix(name: str) -> str:
    """How the keys begin of what is remembered for this follower."""
    return f"{FOLLOWER}{quote(name, safe='')}/"


def _set(memory: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        memory.pop(key, None)
    else:
        memory[key] = value
