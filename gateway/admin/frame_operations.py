"""Frames as they go by, as server-sent events."""

from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from gateway.admin.operations import Operation
from gateway.admin.problems import Problem
from gateway.admin.shapes import EVENT
from gateway.admin.streams import BEAT_SECONDS, HEADERS, event, streamed
from gateway.identity import identity_of
from gateway.listening_in import Listening, listening
from gateway.node import Node

_LONGEST = 200
_TEXT = {"type": "string"}
_ACTION = {"action": {**_TEXT, "description": "an action of either version, any letter case"}}


class FrameOperations:
    """As the node sees all nodes."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("admin")

    def operations(self) -> list[Operation]:
        answers = {200: "server-sent events: listening, frame, lost", 503: "too many listen"}
        return [
            Operation(
                "GET",
                "/frames",
                "The frames of all stations as they go by, decoded, without secrets.",
                self._all,
                answers,
                {"identity": {**_TEXT, "description": "a glob, any letter case"}, **_ACTION},
                returns={200: EVENT},
                content="text/event-stream",
            ),
            Operation(
                "GET",
                "/stations/{id}/frames",
                "The same of one station, over its reconnections; it need not be connected.",
                self._one,
                {**answers, 404: "this is no identity"},
                _ACTION,
                returns={200: EVENT},
                content="text/event-stream",
            ),
        ]

    async def _all(self, request: web.Request) -> web.StreamResponse:
        return await self._stream(request, "", request.query.get("identity", "").casefold())

    async def _one(self, request: web.Request) -> web.StreamResponse:
        identity = identity_of(request.match_info["id"])
        if identity is None:
            raise Problem(404, "no such station", "this is no identity")
        return await self._stream(request, identity.key, "")

    async def _stream(self, request: web.Request, station: str, pattern: str) -> web.StreamResponse:
        action = request.query.get("action", "")
        if max(len(action), len(pattern)) > _LONGEST:
            raise Problem(400, "a parameter is wrong", f"longer than {_LONGEST} characters")
        if request.method == "HEAD":
            return web.Response(content_type="text/event-stream", headers=HEADERS)
        if self._node.taps.full:
            raise Problem(503, "too many listen")
        # It reads what passes between others: that leaves a trace.
        self._logger.warning("operator_listens", station=station or pattern or "*", remote=request.remote)
        async with listening(self._node, station=station, identity=pattern, action=action) as source:
            return await streamed(request, self._events(source))

    async def _events(self, source: Listening) -> AsyncIterator[list[bytes]]:
        ear, lost, nodes = source.ear, 0, ([""], [""])
        while not ear.closed:
            events: list[bytes] = []
            if nodes != (source.nodes, source.silent):
                nodes = (source.nodes, source.silent)
                events.append(event("listening", {"nodes": nodes[0], "unreachable_nodes": nodes[1]}))
            else:
                texts = await ear.take(BEAT_SECONDS)
                events += [f"event: frame\ndata: {text}\n\n".encode() for text in texts]
                if ear.lost != lost:
                    events.append(event("lost", {"frames": ear.lost - lost}))
                    lost = ear.lost
            yield events
