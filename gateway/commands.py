"""What a node does for the others, and for its own admin API: it lets the operator reach the stations it has, and gives
up those that another node owns."""

import os
import socket
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from importlib.metadata import version
from itertools import islice
from time import time
from typing import Any

from gateway.bridge import RESTART, Bridge
from gateway.cluster import Message, NodeFailed
from gateway.moves import Moves
from gateway.node import Node
from gateway.passing import Passing
from gateway.peers import BusyError
from gateway.summaries import summary
from gateway.watching import Watch
from translators import overview, schemas
from translators.frames import BadFrame, Error, NoAnswer

ASSERT_SECONDS = 60.0
"""In this time every session says once that it owns its station: so that a key that was lost alone is made again."""
_ASSERT_LEAST = 8


class Commands:
    """The handler of one node's cluster. `worker` is its number among several of one machine."""

    def __init__(self, node: Node, worker: int | None = None, beat_seconds: float = 2.5) -> None:
        self._node = node
        self._worker = worker
        self._share = beat_seconds / ASSERT_SECONDS
        self._started = time()
        self._version = version("ocpp-gateway")
        self._name = socket.gethostname()
        self.addresses: list[str] = []
        """Where its listeners listen."""
        self._last_asserted = ""
        self.passing = Passing(node)
        moves = Moves(node)
        self._verbs: dict[str, Callable[[Message], Awaitable[Any]]] = {
            "fenced": self._fenced,
            "stations": self._stations,
            "connected": self._connected,
            "station": self._station,
            "call": self._call,
            "disconnect": self._disconnect,
            "backends": self._backends,
            "listen": self._listen,
            "listen_no_more": self._listen_no_more,
            "heard": self._heard,
            "mirror": self._mirror,
            "changes": Watch(node).changes,
            "certificates": self._certificates,
            "movable": moves.movable,
            "switch": moves.switch,
        }

    # -- Handler ----------------------------------------------------------------------------------------------------

    def about(self) -> Message:
        return {
            "name": self._name,
            "pid": os.getpid(),
            "worker": self._worker,
            "version": self._version,
            "started": self._started,
            "addresses": self.addresses,
            "stations": len(self._node.sessions),
            "draining": self._node.draining,
        }

    async def asked(self, sender: str, message: Message) -> Any:
        verb = self._verbs.get(str(message.get("verb")))
        if verb is None:
            raise NodeFailed("unknown_verb", "this node runs another version")
        return await verb({**message, "from": sender})

    async def missed(self, why: str) -> None:
        """Everybody says again what they own, and hears who does not any more."""
        node = self._node
        await node.ownership.assert_all([session.ledger for session in node.sessions.values()])
        await node.ownership.settle()

    async def beat(self) -> None:
        """Some of the sessions, so that all have had their turn within a minute."""
        sessions = self._node.sessions
        count = max(_ASSERT_LEAST, int(len(sessions) * self._share) + 1)
        keys = sorted(sessions)
        turn = list(islice((key for key in keys if key > self._last_asserted), count))
        self._last_asserted = turn[-1] if len(turn) == count else ""
        await self._node.ownership.assert_all([sessions[key].ledger for key in turn])

    # -- verbs ------------------------------------------------------------------------------------------------------

    async def _fenced(self, message: Message) -> Any:
        return await self._node.fence(message["station"], message["epoch"], message["source"])

    async def _stations(self, message: Message) -> Any:
        """Summaries in the order of their keys: those that match, after `after`, `limit` of them."""
        found: list[Message] = []
        sessions = self._node.sessions
        for key in sorted(key for key in sessions if key > message["after"]):
            session = sessions[key]
            if len(found) == message["limit"]:
                break
            if self._matches(key, session, message):
                found.append(summary(self._node, key, session))
        return found

    async def _connected(self, message: Message) -> Any:
        return [key for key in message["keys"] if key in self._node.sessions]

    async def _station(self, message: Message) -> Any:
        session = self._session(message)
        about, memory = session.about, session.ledger.memory
        return {
            **summary(self._node, message["station"], session),
            **overview.maker(memory),
            "version": about.subprotocol,
            "primary": session.backend,
            "connectors": overview.connectors(memory),
            "transactions": overview.transactions(about.subprotocol, about.version, memory),
            "counters": {"from_station": session.frames["station"], "from_csms": session.frames["csms"]},
            "frames": session.frames,
            "followers": [
                {
                    "backend": one.name,
                    "subprotocol": one.version,
                    "connected": one.connected,
                    "waiting": one.waiting,
                }
                for one in (session.followers.every if session.followers is not None else ())
            ],
        }

    async def _call(self, message: Message) -> Any:
        session = self._session(message)
        action, payload, spoken = message["action"], message["payload"], session.about.subprotocol
        if action not in schemas.csms_actions(spoken):
            raise NodeFailed("invalid", f"{action} is no call that a CSMS makes in {spoken}")
        if not schemas.valid(spoken, action, payload, answer=False):
            offences = schemas.offences(spoken, action, payload, answer=False)
            raise NodeFailed("invalid", "; ".join(str(one) for one in offences[:5]))
        try:
            answer = await session.call(action, payload)
        except BusyError as busy:
            raise NodeFailed("busy", str(busy)) from None
        if isinstance(answer, NoAnswer):
            raise NodeFailed("no_answer", f"the station {answer.told}")
        if isinstance(answer, Error):
            error = {"code": answer.code, "description": answer.description, "details": answer.details or {}}
            return {"subprotocol": spoken, "payload": None, "error": error}
        try:
            return {"subprotocol": spoken, "payload": answer.payload, "error": None}
        except BadFrame as bad:
            raise NodeFailed("no_answer", f"the station's answer cannot be read: {bad.why}") from None

    async def _disconnect(self, message: Message) -> Any:
        self._session(message).end(RESTART, "disconnected by an operator", "operator")
        return {}

    async def _backends(self, message: Message) -> Any:
        counts = dict.fromkeys(self._node.upstreams, 0)
        for session in list(self._node.sessions.values()):
            counts[session.backend] = counts.get(session.backend, 0) + 1
        down = {name for name, upstream in self._node.upstreams.items() if upstream.is_down}
        return [{"name": name, "stations": count, "down": name in down} for name, count in counts.items()]

    async def _listen(self, message: Message) -> Any:
        return self.passing.listen(message)

    async def _listen_no_more(self, message: Message) -> Any:
        return self.passing.end(message["name"])

    async def _heard(self, message: Message) -> Any:
        """Another node passes on what an ear of this one wants."""
        ear = self._node.taps.ears.get(message["name"])
        if ear is not None:
            ear.arrived(message["from"], message["sent"], message["lost"], message["texts"])
        return {}

    async def _mirror(self, message: Message) -> Any:
        mirror = self._node.mirrors.get(message["follower"])
        return mirror.seen() if mirror is not None else None

    async def _certificates(self, message: Message) -> Any:
        return [one for context in self._node.contexts() for one in context.told()]

    def _session(self, message: Message) -> Bridge:
        session = self._node.sessions.get(message["station"])
        if session is None:
            raise NodeFailed("not_connected", "the station is not connected")
        return session

    def _matches(self, key: str, session: Bridge, message: Message) -> bool:
        tag, known = message.get("tag"), self._node.roster.get(key)
        return (
            fnmatchcase(key, message.get("identity") or "*")
            and session.backend == (message.get("backend") or session.backend)
            and session.about.subprotocol == (message.get("subprotocol") or session.about.subprotocol)
            and (not tag or (known is not None and tag in known.tags))
        )
