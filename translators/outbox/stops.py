"""Transactions that the CSMS turns out not to accept, and that the station is asked to stop.

Memory: `outbox/refused/<transaction>` -> its id, until the station has answered or the transaction has ended.
"""

from collections.abc import Callable
from typing import Any

from translators.effects import Effect, Forget, Note, Remember, ToStation
from translators.frames import BadFrame, Call, Reply, Result

_REFUSED = "outbox/refused/"


class Stops:
    """Calls of the gateway's own to the station."""

    def __init__(self, version: str, memory: dict[str, Any], new_id: Callable[[], str]) -> None:
        self._action = "RemoteStopTransaction" if version == "ocpp1.6" else "RequestStopTransaction"
        self._memory = memory
        self._new_id = new_id
        self._asked: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._asked)

    def ask(self, transaction: object) -> list[Effect]:
        """Ask once for each transaction, and remember it over a crash."""
        key = f"{_REFUSED}{transaction}"
        if key in self._memory:
            return []
        self._memory[key] = transaction
        return [Remember(key, transaction), self._call(key)]

    def again(self) -> list[Effect]:
        """Those that a session before this one did not hear of."""
        return [self._call(key) for key in self._memory if key.startswith(_REFUSED)]

    def is_own(self, reply: Reply) -> bool:
        return reply.key in self._asked

    def answered(self, reply: Reply) -> list[Effect]:
        """The station has answered, or never will: either way it has been asked."""
        out = self._forgotten(self._asked.pop(reply.key))
        try:
            stops = isinstance(reply, Result) and reply.payload.get("status") == "Accepted"
        except BadFrame:
            stops = False
        return out if stops else [*out, Note("refused_start_goes_on", {"why": "the station did not stop"})]

    def ended(self, transaction: object) -> list[Effect]:
        """It has ended by itself."""
        return self._forgotten(f"{_REFUSED}{transaction}")

    def close(self) -> None:
        self._asked.clear()

    def _call(self, key: str) -> Effect:
        call = Call(self._new_id(), self._action, {"transactionId": self._memory[key]})
        self._asked[call.key] = key
        return ToStation(call)

    def _forgotten(self, key: str) -> list[Effect]:
        return [Forget(key)] if self._memory.pop(key, None) is not None else []
