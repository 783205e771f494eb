"""What a node does for whoever moves stations: it says what would become of those it has, and switches them."""

from fnmatch import fnmatchcase
from typing import Any

from gateway.bridge import Bridge
from gateway.cluster import Message, NodeFailed
from gateway.node import Node
from gateway.overrides import Override, Rewrite
from gateway.prospects import NoProspectError
from gateway.switching import cannot_carry, switch


class Moves:
    """Two verbs of a node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def movable(self, message: Message) -> Any:
        """Facts of every station here that matches `identity` (a glob), `backend`, `subprotocol` and `tag`, each None for
        any, and what it would be on the backend `to`."""
        return [
            self._facts(key, session, message["to"])
            for key, session in self._node.sessions.items()
            if self._matches(key, session, message)
        ]

    async def switch(self, message: Message) -> Any:
        """Move `station` to `backend` (None: where the rules send it), `when` "idle" or "now", for `migration`; transactions
        are waited for `wait` seconds. Gives `state`, `reason`, `why` as `switching.Outcome`, and the `backend`."""
        key = message["station"]
        session = self._node.sessions.get(key)
        if session is None:
            raise NodeFailed("not_connected", "the station is not connected")
        if session.prospects is None:
            raise NodeFailed("invalid", "this station cannot be moved")
        try:
            target = message["backend"] if message["backend"] is not None else session.prospects.home()
            prospect = session.prospects.of(target)
        except NoProspectError as error:
            raise NodeFailed("invalid", str(error)) from None

        named = message["backend"] is not None
        override = Override(backend=target, migration=message.get("migration")) if named else None
        route = Rewrite(self._node.overrides, key, override)
        outcome = await switch(session, prospect, message["when"], self._node.store, route, message.get("wait", 0.0))
        labels = outcome.state if outcome.state != "failed" else outcome.reason
        self._node.metrics.switches.labels(target, labels).inc()
        if outcome.state == "failed":
            session.logger.warning("station_not_switched", to=target, reason=outcome.reason, why=outcome.why)
        return {**outcome._asdict(), "backend": session.backend}

    def _matches(self, key: str, session: Bridge, message: Message) -> bool:
        tag = message.get("tag")
        known = self._node.roster.get(key)
        return (
            fnmatchcase(key, (message.get("identity") or "*").casefold())
            and session.backend == (message.get("backend") or session.backend)
            and session.about.subprotocol == (message.get("subprotocol") or session.about.subprotocol)
            and (tag is None or (known is not None and tag in known.tags))
        )

    def _facts(self, key: str, session: Bridge, to: str) -> Message:
        about, story, prospects = session.about, session.primary.board.story, session.prospects
        facts: Message = {
            "identity": session.identity.spelt,
            "key": key,
            "connected": True,
            "subprotocol": about.subprotocol,
            "backend": session.backend,
            "speaks": about.version,
            "transactions": len(story.open()) if story is not None else 0,
            "booted": story is not None and bool(story.introduction()),
            "will_speak": None,
            "why_not": None,
            "cannot_carry": None,
            "credentials": True,
        }
        if prospects is None or story is None:
            return {**facts, "why_not": "this station cannot be moved"}
        try:
            version = prospects.version_on(to)
        except NoProspectError as error:
            return {**facts, "why_not": str(error)}
        forwarded = self._node.config.backends[to].auth == "forward"
        return {
            **facts,
            "will_speak": version,
            "cannot_carry": cannot_carry(story, to, about.version, version),
            "credentials": prospects.forwards or not forwarded,
        }
