"""The admin address: `/livez`, `/readyz`, `/metrics`."""

import asyncio
import hmac
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.node import Node

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OPEN = frozenset({"/livez", "/readyz", "/metrics"})
"""Paths that need no token: they tell nothing about stations."""


class AdminServer:
    """GET never changes anything."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.listeners_up = False
        self._runner: web.AppRunner | None = None

    async def open(self, path: Path | None = None) -> tuple[str, int]:
        """Listen, at a Unix socket if `path` is given; the address bound. Raises OSError."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        if path is not None:
            await web.UnixSite(self._runner, str(path)).start()
            return str(path), 0
        bind = self._node.config.admin.bind
        site = web.TCPSite(self._runner, bind.host, bind.port)
        await site.start()
        host, port, *_ = self._runner.addresses[0]
        return host, port

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        token = self._node.config.admin.token
        if token is not None and request.path not in _OPEN:
            given = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.get_secret_value().encode()):
                return _problem(401, "a bearer token is needed")
        try:
            return await handler(request)
        except web.HTTPException as error:
            return _problem(error.status, error.reason)

    async def _livez(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def _readyz(self, request: web.Request) -> web.Response:
        """503 while draining, before the listeners are up, and while the store does not answer."""
        reasons = []
        if self._node.draining:
            reasons.append("draining")
        if not self.listeners_up:
            reasons.append("listeners")
        try:
            async with asyncio.timeout(1.0):
                store_up = await self._node.store.ping()
        except TimeoutError:
            store_up = False
        self._node.metrics.store_up.set(1 if store_up else 0)
        if not store_up:
            reasons.append("store")
        ready = not reasons
        body = {"status": "ready"} if ready else {"status": "not ready", "reasons": reasons}
        return web.json_response(body, status=200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        page = await asyncio.to_thread(self._node.metrics.page)
        return web.Response(body=page, headers={"Content-Type": _METRICS_TYPE})


def _problem(status: int, detail: str) -> web.Response:
    """RFC 9457."""
    body = {"type": "about:blank", "status": status, "title": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")
