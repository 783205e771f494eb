"""The admin API: nodes, backends, and this process; the stations are in `station_operations`."""

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, NamedTuple

import structlog
from aiohttp import web

from gateway.admin import shapes
from gateway.admin.feed_operations import FeedOperations
from gateway.admin.frame_operations import FrameOperations
from gateway.admin.migration_operations import MigrationOperations
from gateway.admin.operations import Operation, document
from gateway.admin.problems import Problem
from gateway.admin.route_operations import RouteOperations
from gateway.admin.station_operations import StationOperations
from gateway.cluster import NodeUnreachable
from gateway.comparison import report
from gateway.feed import Feed
from gateway.node import Node
from gateway.reach import Reach


class Controls(NamedTuple):
    """What the process lets an operator do to it. `reload` gives what is wrong with the configuration, or nothing."""

    drain: Callable[[], None]
    reload: Callable[[], Awaitable[list[str]]]


class Api:
    """Everything under /api/v1."""

    def __init__(self, node: Node, controls: Controls) -> None:
        self._node = node
        self._controls = controls
        self._reach = Reach(node)
        self.feed = Feed(node, self._reach)
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("admin")
        self.operations = [
            Operation(
                "GET",
                "/nodes",
                "Every live gateway process.",
                self._nodes,
                {200: "nodes", 504: "not known"},
                returns={200: shapes.NODES},
            ),
            *StationOperations(node, self._reach).operations(),
            *FrameOperations(node).operations(),
            *FeedOperations(self.feed, self._reach).operations(),
            *RouteOperations(node, self._reach).operations(),
            *MigrationOperations(node, self._reach).operations(),
            Operation(
                "GET",
                "/backends",
                "Every configured backend.",
                self._backends,
                {200: "backends"},
                returns={200: shapes.BACKENDS},
            ),
            Operation(
                "GET",
                "/mirror/{follower}",
                "How a follower's answers differ from those of the backends in charge.",
                self._mirror,
                {200: "counts, rates, samples; by action", 404: "no route has such a follower"},
                returns={200: shapes.MIRROR},
            ),
            Operation(
                "POST",
                "/drain",
                "Let all stations go, and end.",
                self._drain,
                {202: "it has begun"},
                returns={202: shapes.DRAINING},
            ),
            Operation(
                "POST",
                "/reload",
                "Read the configuration, the stations file and the certificates again.",
                self._reload,
                {200: "it is in force", 422: "it has mistakes, and nothing has changed"},
                returns={200: shapes.RELOADED},
            ),
            Operation("GET", "/openapi.json", "This description.", self._openapi, {200: "OpenAPI 3.1"}),
        ]

    async def _nodes(self, request: web.Request) -> web.Response:
        try:
            nodes = await self._node.cluster.nodes()
        except NodeUnreachable as failure:
            raise Problem(504, "the nodes are not known", str(failure)) from None
        return web.json_response({"nodes": nodes})

    async def _backends(self, request: web.Request) -> web.Response:
        answers, silent = await self._reach.everywhere({"verb": "backends"})
        found: dict[str, dict[str, Any]] = {}
        followers = {one.backend for route in self._node.config.routes for one in route.followers}
        for name, backend in self._node.config.backends.items():
            found[name] = {
                "name": name,
                "url": backend.url_template,
                "subprotocols": list(backend.subprotocols),
                "when_down": backend.when_down,
                "follows": name in followers,
                "stations": 0,
                "down_for_nodes": [],
            }
        for node, backends in answers:
            for one in backends:
                entry = found.setdefault(one["name"], {"name": one["name"], "stations": 0, "down_for_nodes": []})
                entry["stations"] += one["stations"]
                if one["down"]:
                    entry["down_for_nodes"].append(node)
        return web.json_response({"backends": list(found.values()), "unreachable_nodes": silent})

    async def _mirror(self, request: web.Request) -> web.Response:
        name = request.match_info["follower"]
        answers, silent = await self._reach.everywhere({"verb": "mirror", "follower": name})
        seen = [one for _, one in answers if one is not None]
        if not seen and all(one.backend != name for route in self._node.config.routes for one in route.followers):
            raise Problem(404, "no such follower", f"no route has a follower named {name}")
        return web.json_response({"follower": name, **report(seen), "unreachable_nodes": silent})

    async def _drain(self, request: web.Request) -> web.Response:
        self._logger.warning("operator_drain", remote=request.remote)
        self._controls.drain()
        return web.json_response({"node": self._node.id, "draining": True}, status=202)

    async def _reload(self, request: web.Request) -> web.Response:
        self._logger.warning("operator_reload", remote=request.remote)
        mistakes = await self._controls.reload()
        if mistakes:
            raise Problem(422, "the configuration has mistakes", "; ".join(mistakes[:3]), mistakes=mistakes)
        return web.json_response({"node": self._node.id, "reloaded": True})

    async def _openapi(self, request: web.Request) -> web.Response:
        return web.json_response(document(self.operations, version("ocpp-gateway")))
