"""Who may come in, as what, and to which backend: everything that is decided before the backend is dialled."""

import random
from collections.abc import Mapping
from typing import NamedTuple

from aiohttp import web

from gateway.config import Listener, Route
from gateway.identity import (
    BadCredentials,
    Basic,
    Identity,
    offered_subprotocols,
    read_basic,
    read_identity,
    segment_of,
    write_basic,
)
from gateway.logins import BusyError
from gateway.node import Node
from gateway.routing import route_for
from gateway.stations import Station
from translators.links import NoPathError, csms_version_for

_RETRY_SECONDS = (5, 15)
"""What Retry-After asks for, at random between the two: a fleet must not come back at once."""


class RefusedError(Exception):
    """The station is turned away with this HTTP status; `reason` is the metric's label."""

    def __init__(self, status: int, reason: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.text = text


def response_to(refusal: RefusedError) -> web.Response:
    """What the station is told."""
    headers = {"Connection": "close", "Server": "ocpp-gateway"}
    if refusal.status == 503:
        headers["Retry-After"] = str(random.randint(*_RETRY_SECONDS))  # noqa: S311 - spreads a fleet, hides nothing
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="ocpp", charset="UTF-8"'
    if refusal.status == 426:
        headers["Upgrade"] = "websocket"
    return web.Response(status=refusal.status, text=refusal.text + "\n", headers=headers)


_UNLISTED = Station()
"""A station that the stations file says nothing of."""


class Admission(NamedTuple):
    """A station that may come in. `version` is what its backend is dialled with, `csms_identity` the name it goes by
    there, `authorization` what is forwarded."""

    identity: Identity
    subprotocol: str
    backend: str
    version: str
    authorization: str | None
    csms_identity: Identity
    quirks: tuple[str, ...]
    connectors: Mapping[int, tuple[int, int]]


def identify(request: web.BaseRequest, listener: Listener) -> Identity:
    """The station's identity, with credentials that are its own. Raises RefusedError."""
    segment = segment_of(request.raw_path, listener.paths)
    if segment is None:
        raise RefusedError(404, "path", "no such path")
    identity = read_identity(segment)
    if identity is None:
        raise RefusedError(404, "identity", "no such station")
    if request.method != "GET" or request.headers.get("Upgrade", "").casefold() != "websocket":
        raise RefusedError(426, "no_upgrade", "this is a WebSocket endpoint")
    offered = offered_subprotocols(request.headers.getall("Sec-WebSocket-Protocol", []))
    if not web.WebSocketResponse(protocols=offered, compress=False).can_prepare(request):
        # Known before anybody is disturbed by it: the backend, and the session that it would replace.
        raise RefusedError(400, "handshake", "not a WebSocket handshake of version 13")
    _credentials(request, listener, identity)
    return identity


async def recognise(request: web.BaseRequest, listener: Listener, node: Node, identity: Identity) -> Station:
    """What the stations file says of the station, its password verified where the listener asks for one. Raises
    RefusedError."""
    await node.roster.look()
    station = node.roster.get(identity.key)
    if station is None and node.config.unknown_stations == "reject":
        raise RefusedError(404, "unknown", "no such station")
    station = station or _UNLISTED
    if not station.enabled:
        raise RefusedError(404, "disabled", "no such station")
    if _needs_password(listener, station):
        await _check_password(request, listener, node, identity, station.password_hash)
    return station


def admit(
    request: web.BaseRequest, listener: Listener, node: Node, identity: Identity, station: Station, now: float
) -> Admission | None:
    """The version to speak and the backend to speak it to; None: say 101 without a subprotocol and close, which is
    part 4 section 3.3 to the letter. `now`: loop time. Raises RefusedError."""
    candidates = _candidates(request, listener, station.subprotocol)
    if not candidates:
        if listener.strict_part4:
            return None
        # The certification tests want the upgrade refused (OCTT TC_088_CSMS, TC_B_58_CSMS).
        raise RefusedError(400, "subprotocol", "no common subprotocol")
    subprotocol, route, version = _first_that_leads_somewhere(node, identity, candidates, station.tags)
    _make_room(node, identity, now)
    return Admission(
        identity,
        subprotocol,
        route.backend,
        version,
        _forwarded(request, listener, identity, station.csms_identity),
        station.csms_identity or identity,
        _quirks(route.quirks, station.quirks),
        station.connectors,
    )


def _credentials(request: web.BaseRequest, listener: Listener, identity: Identity) -> Basic | None:
    """The username must be the identity of the URL, whoever checks the password (2.0.1 A00.FR.204/207)."""
    if listener.auth == ("none",):
        return None
    try:
        basic = read_basic(request.headers.get("Authorization"))
    except BadCredentials as bad:
        raise RefusedError(401, "credentials", str(bad)) from None
    if basic is not None and basic.username.casefold() != identity.key:
        raise RefusedError(401, "credentials", "the username is not the identity")
    return basic


def _needs_password(listener: Listener, station: Station) -> bool:
    """Any way in will do. Where passwords may be forwarded too, those whose hash is known are judged here, the others by
    their backend: a hash that did not decide would be of no use."""
    if "basic" not in listener.auth or "none" in listener.auth:
        return False
    return station.password_hash is not None or "forward" not in listener.auth


async def _check_password(
    request: web.BaseRequest, listener: Listener, node: Node, identity: Identity, line: str | None
) -> None:
    basic = _credentials(request, listener, identity)
    if basic is None:
        raise RefusedError(401, "credentials", "no password")
    try:
        is_right = await node.logins.verify(request.remote or "", identity.key, basic.password, line)
    except BusyError:
        raise RefusedError(503, "logins", "too many logins at once") from None
    if not is_right:
        raise RefusedError(401, "password", "wrong password")


def _candidates(request: web.BaseRequest, listener: Listener, own: str | None) -> list[str]:
    """The subprotocols to speak, best first. `own`: the only one that this station may."""
    offered = offered_subprotocols(request.headers.getall("Sec-WebSocket-Protocol", []))
    accepted = [name for name in listener.subprotocols if own in (None, name)]
    if not offered:
        default = own or listener.default_subprotocol
        return [name for name in accepted if name == default]
    return [name for name in accepted if name in offered]


def _forwarded(
    request: web.BaseRequest, listener: Listener, identity: Identity, csms_identity: Identity | None
) -> str | None:
    """The Authorization header for a backend that decides: the station's own, under the name it goes by there."""
    if "forward" not in listener.auth:
        return None
    if csms_identity is not None and (basic := _credentials(request, listener, identity)) is not None:
        return write_basic(csms_identity.spelt, basic.password)
    return request.headers.get("Authorization")


def _quirks(of_route: tuple[str, ...], of_station: tuple[str, ...]) -> tuple[str, ...]:
    """What the file says of a quirk beats what the route says of it."""
    said = {name.removeprefix("-") for name in of_station}
    return (*(name for name in of_route if name.removeprefix("-") not in said), *of_station)


def _first_that_leads_somewhere(
    node: Node, identity: Identity, candidates: list[str], tags: frozenset[str]
) -> tuple[str, Route, str]:
    """The subprotocol, the route and its backend's version: only a version that can be carried to it is chosen."""
    refusal = RefusedError(404, "route", "no route for this station")
    for subprotocol in candidates:
        route = route_for(node.config.routes, identity.key, subprotocol, tags)
        if route is None:
            continue
        try:
            version = csms_version_for(subprotocol, node.config.backends[route.backend].subprotocols)
        except NoPathError as error:
            refusal = RefusedError(400, "subprotocol", str(error))
            continue
        return subprotocol, route, version
    raise refusal


def _make_room(node: Node, identity: Identity, now: float) -> None:
    if node.draining:
        raise RefusedError(503, "draining", "the gateway drains")
    # A station that comes back takes the place it has.
    if identity.key not in node.sessions and len(node.sessions) >= node.config.limits.max_connections:
        raise RefusedError(503, "full", "too many stations")
    if not node.connects.try_take(now):
        node.metrics.rate_limited.labels("connects").inc()
        raise RefusedError(503, "rate", "too many connects at once")
