"""Accepts a station: path, identity, credentials, subprotocol, then its backend, and only then the upgrade."""

import asyncio
import random
import secrets
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from time import perf_counter, time

import structlog
from aiohttp import web

from gateway.bridge import POLICY, Bridge
from gateway.config import Listener, Route
from gateway.identity import (
    BadCredentials,
    Identity,
    choose_subprotocol,
    read_basic,
    read_identity,
    segment_of,
)
from gateway.node import Claim, Node
from gateway.observer import Observer
from gateway.routing import route_for
from gateway.sockets import Socket
from gateway.store import StoreError
from gateway.switchboard import Switchboard
from gateway.upstream import DialError, Leg
from translators.links import NoPathError, between, csms_version_for
from translators.session import Options

_RETRY_SECONDS = (5, 15)
"""What Retry-After asks for, at random between the two: a fleet must not come back at once."""


class RefusedError(Exception):
    """The station is turned away with this HTTP status; `reason` is the metric's label."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.text = text


class Edge:
    """One listener's request handler."""

    def __init__(self, node: Node, listener: Listener) -> None:
        self._node = node
        self.listener = listener
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("edge")
        self._upgraded: Callable[[web.BaseRequest], None] = lambda request: None

    def on_upgraded(self, tell: Callable[[web.BaseRequest], None]) -> None:
        """Who is told when a request's handshake is over."""
        self._upgraded = tell

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Every request of the listener."""
        log = self._logger.bind(remote=request.remote)
        identity: Identity | None = None
        try:
            identity = self._identity(request)
            log = log.bind(station=identity.spelt)
            self._check_credentials(request, identity)
            subprotocol = self._subprotocol(request)
            if subprotocol is None:
                return await self._close_without_subprotocol(request)
            route = self._route(identity, subprotocol)
            self._admit()
            leg = await self._dial(request, identity, subprotocol, route.backend)
        except RefusedError as refusal:
            self._node.metrics.connections_rejected.labels(refusal.reason).inc()
            log.info("station_refused", status=refusal.status, reason=refusal.reason, why=refusal.text)
            return _refusal(refusal)
        try:
            return await self._serve(request, identity, subprotocol, route.backend, leg, log)
        except (RefusedError, OSError, RuntimeError) as error:
            # The station went away, or the store did, while its backend was being dialled.
            await leg.socket.close(1001, "station gone")
            if isinstance(error, RefusedError):
                self._node.metrics.connections_rejected.labels(error.reason).inc()
                return _refusal(error)
            self._node.metrics.connections_rejected.labels("gone").inc()
            log.info("station_refused", reason="gone", why=type(error).__name__)
            return web.Response(status=499)

    # -- the steps of the handshake ---------------------------------------------------------------------------------

    def _identity(self, request: web.BaseRequest) -> Identity:
        segment = segment_of(request.raw_path, self.listener.paths)
        if segment is None:
            raise RefusedError(404, "path", "no such path")
        identity = read_identity(segment)
        if identity is None:
            raise RefusedError(404, "identity", "no such station")
        if request.method != "GET" or request.headers.get("Upgrade", "").casefold() != "websocket":
            raise RefusedError(426, "no_upgrade", "this is a WebSocket endpoint")
        return identity

    def _check_credentials(self, request: web.BaseRequest, identity: Identity) -> None:
        """The username must be the identity of the URL, whoever checks the password (2.0.1 A00.FR.204/207)."""
        if self.listener.auth == ("none",):
            return
        try:
            basic = read_basic(request.headers.get("Authorization"))
        except BadCredentials as bad:
            raise RefusedError(401, "credentials", str(bad)) from None
        if basic is not None and basic.username.casefold() != identity.key:
            raise RefusedError(401, "credentials", "the username is not the identity")

    def _subprotocol(self, request: web.BaseRequest) -> str | None:
        """The version to speak; None: say 101 without one and close (part 4 section 3.3 to the letter)."""
        offers = request.headers.getall("Sec-WebSocket-Protocol", [])
        chosen, offered = choose_subprotocol(offers, self.listener.subprotocols)
        if chosen is None and not offered:
            chosen = self.listener.default_subprotocol
        if chosen is None and not self.listener.strict_part4:
            # The certification tests want the upgrade refused (OCTT TC_088_CSMS, TC_B_58_CSMS).
            raise RefusedError(400, "subprotocol", "no common subprotocol")
        return chosen

    async def _close_without_subprotocol(self, request: web.BaseRequest) -> web.StreamResponse:
        self._node.metrics.connections_rejected.labels("subprotocol").inc()
        ws = web.WebSocketResponse(compress=False)
        with suppress(OSError, RuntimeError):
            await ws.prepare(request)
            await ws.close(code=1002, message=b"no common subprotocol")
        return ws

    def _route(self, identity: Identity, subprotocol: str) -> Route:
        route = route_for(self._node.config.routes, identity.key, subprotocol)
        if route is None:
            raise RefusedError(404, "route", "no route for this station")
        return route

    def _admit(self) -> None:
        node = self._node
        if node.draining:
            raise RefusedError(503, "draining", "the gateway drains")
        if len(node.sessions) >= node.config.limits.max_connections:
            raise RefusedError(503, "full", "too many stations")
        if not node.connects.try_take(asyncio.get_running_loop().time()):
            node.metrics.rate_limited.labels("connects").inc()
            raise RefusedError(503, "rate", "too many connects at once")

    async def _dial(self, request: web.BaseRequest, identity: Identity, subprotocol: str, backend: str) -> Leg:
        """The backend's connection, dialled before the station's upgrade is answered."""
        node, metrics = self._node, self._node.metrics
        upstream = node.upstreams[backend]
        try:
            version = csms_version_for(subprotocol, upstream.backend.subprotocols)
        except NoPathError as error:
            raise RefusedError(400, "subprotocol", str(error)) from None
        authorization = request.headers.get("Authorization") if "forward" in self.listener.auth else None
        patience = 0.8 * node.config.limits.handshake_seconds
        try:
            leg = await upstream.dial(identity, [version], authorization, patience)
        except DialError as error:
            reached = error.outcome in ("refused", "subprotocol")
            metrics.backend_dials.labels(backend, error.outcome).inc()
            metrics.backend_up.labels(backend).set(1 if reached else 0)
            raise RefusedError(error.status, f"backend_{error.outcome}", str(error)) from None
        metrics.backend_dials.labels(backend, "ok").inc()
        metrics.backend_up.labels(backend).set(1)
        return leg

    # -- the session ------------------------------------------------------------------------------------------------

    async def _serve(
        self,
        request: web.BaseRequest,
        identity: Identity,
        subprotocol: str,
        backend: str,
        leg: Leg,
        log: structlog.stdlib.BoundLogger,
    ) -> web.StreamResponse:
        node, limits = self._node, self._node.config.limits
        claim = await self._take_over(identity, log)
        try:
            memory = await self._memory(identity, backend)
            if node.draining:
                raise RefusedError(503, "draining", "the gateway drains")
            if not claim.holds:
                raise RefusedError(503, "superseded", "a newer connection of this station came first")
            ws = web.WebSocketResponse(
                protocols=(subprotocol,),
                compress=False,
                autoping=False,
                max_msg_size=limits.max_frame_bytes,
                timeout=limits.write_seconds,
            )
            await ws.prepare(request)
            self._upgraded(request)
            loop = asyncio.get_running_loop()
            station = Socket(ws, request.transport, write_seconds=limits.write_seconds, loop=loop)
            if not claim.holds:
                await station.close(POLICY, "replaced by a newer connection")
                raise RefusedError(503, "superseded", "a newer connection of this station came first")
            board = self._board(identity, subprotocol, backend, leg, memory)
            logger = log.bind(subprotocol=subprotocol, backend=backend)
            observer = Observer(node.metrics, logger, subprotocol, leg.version)
            bridge = Bridge(identity, backend, station, leg, board, node.store, limits, node.metrics, observer, logger)
            await self._live(bridge, subprotocol, leg.version, logger)
            return ws
        finally:
            claim.release()

    async def _take_over(self, identity: Identity, log: structlog.stdlib.BoundLogger) -> Claim:
        """The newest connection wins; the older is told, and writes nothing any more when this returns."""
        claim = self._node.claim(identity.key)
        older = self._node.sessions.get(identity.key)
        if older is not None:
            self._node.metrics.takeovers.labels("newer_connection").inc()
            log.info("session_replaced")
            await older.replace()
        return claim

    async def _memory(self, identity: Identity, backend: str) -> dict[str, object]:
        began = perf_counter()
        try:
            memory = await self._node.store.load(identity.key, ("", backend))
        except StoreError as error:
            self._node.metrics.store_up.set(0)
            self._logger.error("store_failed", error=str(error))
            raise RefusedError(503, "store", "the store is not available") from None
        self._node.metrics.store_load.observe(perf_counter() - began)
        return memory

    def _board(
        self, identity: Identity, subprotocol: str, backend: str, leg: Leg, memory: dict[str, object]
    ) -> Switchboard:
        config = self._node.config
        settings = config.backends[backend]
        connected_at = time()
        nonce, numbers = secrets.token_hex(8), count(1)
        stage = between(
            subprotocol,
            leg.version,
            options=Options(
                identity=identity.spelt,
                id_token_type=settings.id_token_type,
                answer_locally=frozenset(settings.answer_locally),
                guard=dict(settings.guard),
            ),
            memory=memory,
            new_id=lambda: f"{nonce}-{next(numbers)}",
            connected_at=connected_at,
            epoch=connected_at - asyncio.get_running_loop().time(),
            validation=config.validation,
        )
        return Switchboard(
            stage,
            station_version=subprotocol,
            csms_version=leg.version,
            call_timeout=settings.call_timeout_seconds,
            queue_calls=config.limits.queue_calls,
        )

    async def _live(
        self, bridge: Bridge, subprotocol: str, csms_version: str, logger: structlog.stdlib.BoundLogger
    ) -> None:
        node, metrics = self._node, self._node.metrics
        key = bridge.identity.key
        node.sessions[key] = bridge
        metrics.connections.labels(subprotocol).inc()
        connected = metrics.stations_connected.labels(subprotocol, bridge.backend)
        legs = metrics.backend_connections.labels(bridge.backend)
        connected.inc()
        legs.inc()
        began = perf_counter()
        logger.info("session_began", upstream=csms_version)
        try:
            ending = await bridge.run()
        finally:
            # A newer session may stand here already: only the own entry is taken out.
            if node.sessions.get(key) is bridge:
                del node.sessions[key]
            connected.dec()
            legs.dec()
        metrics.connections_closed.labels(ending.reason).inc()
        seconds = round(perf_counter() - began, 3)
        logger.info("session_ended", reason=ending.reason, code=ending.code, seconds=seconds)


def _refusal(refusal: RefusedError) -> web.Response:
    headers = {"Connection": "close"}
    if refusal.status == 503:
        headers["Retry-After"] = str(random.randint(*_RETRY_SECONDS))  # noqa: S311 - spreads a fleet, hides nothing
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
    if refusal.status == 426:
        headers["Upgrade"] = "websocket"
    return web.Response(status=refusal.status, text=refusal.text + "\n", headers=headers)
