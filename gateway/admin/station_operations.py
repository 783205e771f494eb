"""The stations: who is connected, what is known of one, and what an operator does to it."""

from typing import Any

import structlog
from aiohttp import web

from gateway.admin import shapes
from gateway.admin.operations import Operation
from gateway.admin.problems import Problem, problem_of
from gateway.admin.reading import json_body, whole_number
from gateway.cluster import NodeFailed, NodeUnreachable
from gateway.identity import Identity, identity_of
from gateway.node import Node
from gateway.reach import CALL_SECONDS, Reach
from gateway.store import StoreError
from translators import overview

_LIMIT, _MOST = 100, 1000
_TEXT = shapes.TEXT
_CALL = {
    "type": "object",
    "required": ["action"],
    "properties": {"action": _TEXT, "payload": {"type": "object", "default": {}}},
    "additionalProperties": False,
}


class StationOperations:
    """As the node sees all nodes."""

    def __init__(self, node: Node, reach: Reach) -> None:
        self._node = node
        self._reach = reach
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("admin")

    def operations(self) -> list[Operation]:
        not_found = {404: "no such station, or it is not connected", 504: "its node or the station did not answer"}
        return [
            Operation(
                "GET",
                "/stations",
                "Stations in the order of their identities, of all nodes.",
                self._stations,
                {200: "stations, next_cursor (null: no more), unreachable_nodes"},
                {
                    "identity": {**_TEXT, "description": "a glob, any letter case"},
                    "backend": _TEXT,
                    "subprotocol": _TEXT,
                    "tag": _TEXT,
                    "connected": {"type": "boolean", "default": True},
                    "limit": {"type": "integer", "minimum": 1, "maximum": _MOST, "default": _LIMIT},
                    "cursor": {**_TEXT, "description": "the next_cursor of the page before"},
                },
                returns={200: shapes.STATIONS},
            ),
            Operation(
                "GET",
                "/stations/{id}",
                "One station.",
                self._station,
                {200: "the station", **not_found, 503: "the store is not available"},
                returns={200: shapes.STATION},
            ),
            Operation(
                "POST",
                "/stations/{id}/call",
                "Call a station in its own version; its answer is told to nobody else.",
                self._call,
                {200: "payload, or error (a CALLERROR)", 422: "no valid call", 503: "too many wait", **not_found},
                body=lambda: _CALL,
                returns={200: shapes.CALLED},
            ),
            Operation(
                "POST",
                "/stations/{id}/disconnect",
                "Close a station's connection (1012); it comes back by itself.",
                self._disconnect,
                {200: "done", **not_found},
                returns={200: shapes.DISCONNECTED},
            ),
        ]

    async def _stations(self, request: web.Request) -> web.Response:
        query = request.query
        limit = whole_number(query.get("limit", str(_LIMIT)), "limit", 1, _MOST)
        after = query.get("cursor", "").casefold()
        wanted = {
            "identity": query.get("identity", "").casefold(),
            "backend": query.get("backend", ""),
            "subprotocol": query.get("subprotocol", ""),
            "tag": query.get("tag", ""),
        }
        if query.get("connected", "true") not in ("true", "false"):
            raise Problem(400, "a parameter is wrong", "connected: should be true or false")
        if query.get("connected") == "false":
            return web.json_response(await self._missing(wanted["identity"], wanted["tag"], after, limit))
        message = {"verb": "stations", "after": after, "limit": limit + 1, **wanted}
        answers, silent = await self._reach.everywhere(message)
        newest: dict[str, dict[str, Any]] = {}
        for one in (one for _, found in answers for one in found):
            known = newest.get(one["key"])
            if known is None or known["connected_since"] < one["connected_since"]:
                newest[one["key"]] = one
        keys = sorted(newest)
        return web.json_response(_page([newest[key] for key in keys], limit, silent))

    async def _missing(self, pattern: str, tag: str, after: str, limit: int) -> dict[str, Any]:
        """Those of the stations file that are not connected anywhere."""
        found: list[dict[str, Any]] = []
        matching = (key for key in sorted(self._node.roster.matching(pattern)) if key > after)
        keys = [key for key in matching if not tag or tag in self._tags(key)]
        for first in range(0, len(keys), _MOST):
            some = keys[first : first + _MOST]
            connected = await self._reach.connected(some)
            found += [
                {"identity": key, "key": key, "connected": False, "tags": self._tags(key)}
                for key in some
                if key not in connected
            ]
            if len(found) > limit:
                break
        return _page(found, limit, [])

    async def _station(self, request: web.Request) -> web.Response:
        identity = identity_in(request)
        try:
            found = await self._reach.station(identity.key, self._message("station", identity))
            return web.json_response({**found, "route": await self._node.overrides.of(identity.key)})
        except NodeFailed as failure:
            if failure.problem == "not_connected" and (known := await self._known(identity)) is not None:
                return web.json_response(known)
            raise problem_of(failure) from None
        except NodeUnreachable as failure:
            raise problem_of(failure) from None

    async def _known(self, identity: Identity) -> dict[str, Any] | None:
        """What is remembered of a station that is not connected."""
        try:
            memory = await self._node.store.load(identity.key, ("",))
        except StoreError as error:
            raise Problem(503, "the store is not available", str(error)) from None
        if not memory and self._node.roster.get(identity.key) is None:
            return None
        return {
            "identity": identity.spelt,
            "key": identity.key,
            "connected": False,
            **overview.maker(memory),
            "connectors": overview.connectors(memory),
            "tags": self._tags(identity.key),
            "route": await self._node.overrides.of(identity.key),
        }

    def _tags(self, key: str) -> list[str]:
        """Of the stations file."""
        known = self._node.roster.get(key)
        return sorted(known.tags) if known is not None else []

    async def _call(self, request: web.Request) -> web.Response:
        identity, body = identity_in(request), await json_body(request, _CALL)
        message = {**self._message("call", identity), "action": body["action"], "payload": body.get("payload", {})}
        answer = await self._act("operator_call", request, identity, message, CALL_SECONDS)
        return web.json_response(answer)

    async def _disconnect(self, request: web.Request) -> web.Response:
        identity = identity_in(request)
        await self._act("operator_disconnect", request, identity, self._message("disconnect", identity), 5.0)
        return web.json_response({"identity": identity.spelt, "disconnected": True})

    async def _act(
        self, event: str, request: web.Request, identity: Identity, message: dict[str, Any], seconds: float
    ) -> Any:
        """Do it, and leave a trace of who did, whatever came of it."""
        outcome = "failed"
        try:
            answer = await self._reach.station(identity.key, message, seconds)
            outcome = "refused" if answer.get("error") else "done"
            return answer
        except (NodeFailed, NodeUnreachable) as failure:
            outcome = failure.problem if isinstance(failure, NodeFailed) else "unreachable"
            raise problem_of(failure) from None
        finally:
            action = message.get("action", "")
            self._logger.warning(
                event, station=identity.spelt, action=action[:50], outcome=outcome, remote=request.remote
            )

    def _message(self, verb: str, identity: Identity) -> dict[str, Any]:
        return {"verb": verb, "station": identity.key}


def identity_in(request: web.Request) -> Identity:
    """The station of the path. Raises Problem."""
    identity = identity_of(request.match_info["id"])
    if identity is None:
        raise Problem(404, "no such station", "this is no identity")
    return identity


def _page(found: list[dict[str, Any]], limit: int, silent: list[str]) -> dict[str, Any]:
    page = found[:limit]
    cursor = page[-1]["key"] if len(found) > limit else None
    stations = [{name: value for name, value in one.items() if name != "key"} for one in page]
    return {"stations": stations, "next_cursor": cursor, "unreachable_nodes": silent}
