"""The admin address: `/livez`, `/readyz`, `/metrics`, the API, and the console at `/`."""

import asyncio
import hmac
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.admin.api import Api, Controls
from gateway.admin.console import Console, is_console
from gateway.admin.operations import PREFIX
from gateway.admin.problems import Problem
from gateway.node import Node
from gateway.silence import silence

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OPEN = frozenset({"/livez", "/readyz", "/metrics"})
"""Paths that need no token: they tell nothing about stations."""


class AdminServer:
    """GET never changes anything."""

    def __init__(self, node: Node, controls: Controls) -> None:
        self._node = node
        self._api = Api(node, controls)
        self.listeners_up = False
        self._runner: web.AppRunner | None = None
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("admin")

    async def open(self, path: Path | None = None) -> tuple[str, int]:
        """Listen, at a Unix socket if `path` is given; the address bound. Raises OSError."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        Console().add_to(app)
        for operation in self._api.operations:
            app.router.add_route(operation.method, PREFIX + operation.path, operation.run)
            if operation.method == "GET":
                app.router.add_route("HEAD", PREFIX + operation.path, operation.run)
        app.on_shutdown.append(self._end_streams)
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

    async def _end_streams(self, app: web.Application) -> None:
        self._node.taps.close()
        self._api.feed.close()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path not in _OPEN and not is_console(request.path):
                self._check_sender(request)
            return await handler(request)
        except Problem as problem:
            return problem.response()
        except web.HTTPException as error:
            answer = Problem(error.status, error.reason).response()
            if "Allow" in error.headers:
                answer.headers["Allow"] = error.headers["Allow"]
            return answer
        except (OSError, asyncio.CancelledError):
            raise  # whoever asked is gone
        except Exception as error:
            self._logger.error("admin_failed", path=request.path, error=repr(error), exc_info=error)
            return Problem(500, "the gateway failed").response()

    def _check_sender(self, request: web.Request) -> None:
        """Who holds the token may; without one, whoever is on this machine, but no page that its browser has open."""
        token = self._node.config.admin.token
        if token is not None:
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            if scheme.casefold() != "bearer" or not hmac.compare_digest(
                given.strip().encode("utf-8", "surrogateescape"), token.get_secret_value().encode()
            ):
                raise Problem(401, "a bearer token is needed")
        elif not _is_local(request.host):
            # Another site's name may be made to lead here (DNS rebinding); its pages then count as of this origin.
            raise Problem(403, "without a token only localhost or an address is served", f"not {request.host}")
        origin = request.headers.get("Origin")
        if request.method not in ("GET", "HEAD") and origin is not None and _host_of(origin) != request.host:
            raise Problem(403, "the request comes from another origin")

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
            async with silence(1.0):
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


def _host_of(origin: str) -> str | None:
    """The host and port of an Origin header; None for what is no URL, such as `null`."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _is_local(host: str) -> bool:
    """Whether a Host header names an address or this very machine."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        return name == "localhost" or ip_address(name) is not None
    except ValueError:
        return False
