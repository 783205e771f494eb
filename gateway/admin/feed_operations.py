"""What changes in the fleet, as server-sent events; the certificates in use."""

from collections.abc import AsyncIterator

from aiohttp import web

from gateway.admin import shapes
from gateway.admin.operations import Operation
from gateway.admin.problems import Problem
from gateway.admin.streams import BEAT_SECONDS, HEADERS, event, streamed
from gateway.feed import Feed, Watcher
from gateway.reach import Reach


class FeedOperations:
    """As the node sees all nodes."""

    def __init__(self, feed: Feed, reach: Reach) -> None:
        self._feed = feed
        self._reach = reach

    def operations(self) -> list[Operation]:
        return [
            Operation(
                "GET",
                "/events",
                "What changes in the fleet, once a second at most.",
                self._events,
                {200: "server-sent events: fleet, stations, migrations", 503: "too many watch"},
                returns={200: shapes.FLEET_EVENT},
                content="text/event-stream",
            ),
            Operation(
                "GET",
                "/certificates",
                "The certificate files in use, the one that expires first before the others.",
                self._certificates,
                {200: "certificates, unreachable_nodes"},
                returns={200: shapes.CERTIFICATES},
            ),
        ]

    async def _events(self, request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(content_type="text/event-stream", headers=HEADERS)
        if self._feed.full:
            raise Problem(503, "too many watch")
        async with self._feed.watched() as watcher:
            return await streamed(request, _texts(watcher))

    async def _certificates(self, request: web.Request) -> web.Response:
        answers, silent = await self._reach.everywhere({"verb": "certificates"})
        found: dict[tuple[object, ...], dict[str, object]] = {}
        for node, told in answers:
            for one in told:
                same = found.setdefault(tuple(map(str, one.values())), {**one, "nodes": []})
                nodes = same["nodes"]
                assert isinstance(nodes, list)
                if node not in nodes:
                    nodes.append(node)
        by_end = sorted(found.values(), key=lambda one: (one["expires"] is None, one["expires"] or 0, str(one["file"])))
        return web.json_response({"certificates": by_end, "unreachable_nodes": silent})


async def _texts(watcher: Watcher) -> AsyncIterator[list[bytes]]:
    while not watcher.closed:
        yield [event(name, data) for name, data in await watcher.take(BEAT_SECONDS)]
