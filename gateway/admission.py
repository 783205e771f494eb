"""Who may come in, as what, and to which backend: everything that is decided before the backend is dialled."""

from collections.abc import Mapping
from typing import NamedTuple

from aiohttp.http import RawRequestMessage

from gateway import profiles
from gateway.caller import Caller
from gateway.config import Follower, Listener, Route
from gateway.handshakes import is_key
from gateway.identity import Identity, offered_subprotocols, read_identity, segment_of, write_basic
from gateway.node import Node
from gateway.proving import Proof, credentials
from gateway.refusal import RefusedError
from gateway.routing import route_for
from gateway.stations import Station
from translators.links import NoPathError, csms_version_for


class Admission(NamedTuple):
    """A station that may come in. `version` is what its backend is dialled with, `csms_identity` the name it goes by
    there, `authorization` what is forwarded, `csms_password` the station's own where the gateway has credentials there;
    `vouched`: its listener knows by itself who it is, and its backend need not be asked; `listener`: what routes may
    call its listener."""

    identity: Identity
    subprotocol: str
    backend: str
    version: str
    authorization: str | None
    csms_identity: Identity
    quirks: tuple[str, ...]
    connectors: Mapping[int, tuple[int, int]]
    profile: int
    csms_password: str | None
    vouched: bool
    followers: tuple[Follower, ...]
    tags: frozenset[str]
    listener: tuple[str, ...]


def identify(request: RawRequestMessage, listener: Listener, *, has_body: bool) -> Identity:
    """The station's identity, with credentials that are its own. Raises RefusedError."""
    segment = segment_of(request.path, listener.paths)
    if segment is None:
        raise RefusedError(404, "path", "no such path")
    identity = read_identity(segment)
    if identity is None:
        raise RefusedError(404, "identity", "no such station")
    if request.method != "GET" or request.headers.get("Upgrade", "").casefold() != "websocket":
        raise RefusedError(426, "no_upgrade", "this is a WebSocket endpoint")
    if request.headers.get("Sec-WebSocket-Version") != "13":
        raise RefusedError(426, "version", "WebSocket version 13 is spoken here")
    if not request.upgrade or has_body or not is_key(request.headers.get("Sec-WebSocket-Key")):
        raise RefusedError(400, "handshake", "not a WebSocket handshake")
    credentials(request, listener, identity)
    return identity


def admit(
    request: RawRequestMessage,
    listener: Listener,
    node: Node,
    identity: Identity,
    station: Station,
    proof: Proof | None,
    caller: Caller,
    now: float,
    override: str | None = None,
) -> Admission | None:
    """The version to speak and the backend to speak it to; None: say 101 without a subprotocol and close, which is
    part 4 section 3.3 to the letter. `now`: loop time; `override`: the backend that an operator gave the station. Raises
    RefusedError."""
    candidates = _candidates(request, listener, station.subprotocol)
    if not candidates:
        if listener.strict_part4:
            return None
        # The certification tests want the upgrade refused (OCTT TC_088_CSMS, TC_B_58_CSMS).
        raise RefusedError(400, "subprotocol", "no common subprotocol")
    subprotocol, route, version = _first_that_leads_somewhere(
        node, identity, candidates, station.tags, listener, override
    )
    if proof == "forwarded" and node.config.backends[route.backend].auth != "forward":
        # Credentials that nobody judges prove nothing.
        proof = None
    profile = profiles.profile_of(caller.is_encrypted, proof)
    profiles.check(listener, station, profile)
    _make_room(node, now)
    return Admission(
        identity,
        subprotocol,
        route.backend,
        version,
        _forwarded(request, listener, identity, station.csms_identity),
        station.csms_identity or identity,
        _quirks(route.quirks, station.quirks),
        station.connectors,
        profile,
        station.csms_password,
        "none" in listener.auth or proof in ("certificate", "password"),
        # One that an operator has put in charge does not follow.
        tuple(follower for follower in route.followers if follower.backend != route.backend),
        station.tags,
        listener.names,
    )


def _candidates(request: RawRequestMessage, listener: Listener, own: str | None) -> list[str]:
    """The subprotocols to speak, best first. `own`: the only one that this station may."""
    offered = offered_subprotocols(request.headers.getall("Sec-WebSocket-Protocol", []))
    accepted = [name for name in listener.subprotocols if own in (None, name)]
    if not offered:
        default = own or listener.default_subprotocol
        return [name for name in accepted if name == default]
    return [name for name in accepted if name in offered]


def _forwarded(
    request: RawRequestMessage, listener: Listener, identity: Identity, csms_identity: Identity | None
) -> str | None:
    """The Authorization header for a backend that decides: the station's own, under the name it goes by there."""
    if "forward" not in listener.auth:
        return None
    if csms_identity is not None and (basic := credentials(request, listener, identity)) is not None:
        return write_basic(csms_identity.spelt, basic.password)
    return request.headers.get("Authorization")


def _quirks(of_route: tuple[str, ...], of_station: tuple[str, ...]) -> tuple[str, ...]:
    """What the file says of a quirk beats what the route says of it."""
    said = {name.removeprefix("-") for name in of_station}
    return (*(name for name in of_route if name.removeprefix("-") not in said), *of_station)


def _first_that_leads_somewhere(
    node: Node,
    identity: Identity,
    candidates: list[str],
    tags: frozenset[str],
    listener: Listener,
    override: str | None,
) -> tuple[str, Route, str]:
    """The subprotocol, the route and its backend's version: only a version that can be carried to it is chosen."""
    config = node.config
    no_path: str | None = None
    for subprotocol in candidates:
        route = route_for(config.routes, identity.key, subprotocol, tags, listener.names)
        if override is not None and override in config.backends:
            # What the rules say of the station but for its backend still holds.
            route = route.model_copy(update={"backend": override}) if route is not None else Route(backend=override)
        if route is None:
            continue
        try:
            version = csms_version_for(subprotocol, config.backends[route.backend].subprotocols)
        except NoPathError as error:
            no_path = str(error)
            continue
        return subprotocol, route, version
    if no_path is not None:
        raise RefusedError(400, "subprotocol", no_path)
    raise RefusedError(404, "route", "no route for this station")


def _make_room(node: Node, now: float) -> None:
    if node.draining:
        raise RefusedError(503, "draining", "the gateway drains")
    if node.ownership.crowded(now):
        node.metrics.rate_limited.labels("claims").inc()
        raise RefusedError(503, "rate", "too many connects at once")
    if not node.connects.try_take(now):
        node.metrics.rate_limited.labels("connects").inc()
        raise RefusedError(503, "rate", "too many connects at once")
