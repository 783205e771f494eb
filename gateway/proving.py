"""How a station proves to be who it says it is, and how often it may try."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import structlog
from aiohttp.http import RawRequestMessage

from gateway.caller import Caller
from gateway.certified import Expected, objection
from gateway.config import Listener
from gateway.identity import BadCredentials, Basic, Identity, read_basic
from gateway.logins import BusyError
from gateway.node import Node
from gateway.proofs import CERTIFICATE, SECRET, Used
from gateway.refusal import RefusedError
from gateway.silence import silence
from gateway.stations import Station
from gateway.store import StoreError

Proof = Literal["certificate", "password", "forwarded"]
"""A certificate or a password verified here, or credentials that the backend is to judge."""

_DELAY_SECONDS = 1.0
_GUESSES = frozenset({401, 403, 404})
"""Refusals that speak of the identity or the secret, the backend's included."""

UNJUDGED = "unjudged"
"""The reason of a refusal while nobody can say whether the password is right. It counts as a guess all the same."""
_PATIENCE_SECONDS = 1.0

PROFILE = "station/profile"
"""Shared by all backends of a station, as all keys under `station/`."""
_JUDGED_BY = frozenset({PROFILE, SECRET.key, CERTIFICATE.key})
_logger: structlog.stdlib.BoundLogger = structlog.get_logger("proving")


class Attempt:
    """One request's attempt to come in. Where nothing is asked for, nothing can be guessed, and nothing is counted."""

    __slots__ = ("_caller", "_counts", "_key", "_node")

    def __init__(self, node: Node, listener: Listener, caller: Caller) -> None:
        self._node = node
        self._caller = caller
        self._counts = "none" not in listener.auth
        self._key: str | None = None

    async def begin(self, identity: Identity) -> None:
        """Raises RefusedError after too many failures."""
        if not self._counts:
            return
        limits = self._node.config.limits
        most, most_of_source = limits.failures_per_minute, limits.source_failures_per_minute
        now, network = asyncio.get_running_loop().time(), self._caller.network
        if self._node.attempts.begin(network, identity.key, now, most=most, most_of_source=most_of_source):
            self._key = identity.key
            return
        self._node.metrics.rate_limited.labels("attempts").inc()
        await asyncio.sleep(_DELAY_SECONDS)
        # Even with the right secret: whoever guesses must not learn that it was.
        raise RefusedError(401, "attempts", "not authorized")

    def succeeded(self) -> None:
        """The station is in."""
        if self._key is not None:
            self._node.attempts.succeeded(self._caller.network, self._key)
            self._key = None

    def ended(self, refusal: RefusedError | None = None) -> None:
        """It is over, without success if none was told before."""
        guess = refusal is not None and (refusal.status in _GUESSES or refusal.reason == UNJUDGED)
        if self._counts and guess and refusal is not None and refusal.reason != "attempts":
            self._node.attempts.failed(self._caller.network, asyncio.get_running_loop().time())
        if self._key is not None and not guess:
            self._node.attempts.withdrawn(self._caller.network, self._key)
        self._key = None


def credentials(request: RawRequestMessage, listener: Listener, identity: Identity) -> Basic | None:
    """The username must be the identity of the URL, whoever checks the password (2.0.1 A00.FR.204/207). Raises
    RefusedError."""
    if listener.auth == ("none",):
        return None
    try:
        basic = read_basic(request.headers.get("Authorization"))
    except BadCredentials as bad:
        raise RefusedError(401, "credentials", str(bad)) from None
    if basic is not None and basic.username.casefold() != identity.key:
        raise RefusedError(401, "credentials", "the username is not the identity")
    return basic


class Recalled(NamedTuple):
    """What is remembered of a station that says whether it may come in. `is_known`: the store said so; else it is away, and this is
    what a live session knows."""

    memory: Mapping[str, Any]
    is_known: bool


class Recognised(NamedTuple):
    """A station that proved to be the one, what is remembered of it, and which line proved it where that can change."""

    station: Station
    proof: Proof | None
    recalled: Recalled
    used: Used | None = None


async def recall(node: Node, identity: Identity) -> Recalled:
    """What is remembered of a station that wants to come in."""
    try:
        async with silence(_PATIENCE_SECONDS):
            memory = await node.store.load(identity.key, ("",))
    except (StoreError, TimeoutError):
        session = node.sessions.get(identity.key)
        return Recalled(session.ledger.memory if session is not None else {}, False)
    # The rest is read again when the station is ours, and this may be kept for as long as the session.
    return Recalled({key: value for key, value in memory.items() if key in _JUDGED_BY}, True)


async def recognise(
    request: RawRequestMessage, listener: Listener, node: Node, identity: Identity, caller: Caller
) -> Recognised:
    """What the stations file says of the station, and what proves that it is the one. Any of the listener's ways will do,
    and a certificate is the first that is looked at. Raises RefusedError."""
    await node.roster.look()
    known = node.roster.get(identity.key)
    unknown = known is None and node.config.unknown_stations == "reject"
    station = known or Station()
    if unknown or not station.enabled:
        status = int(node.config.unknown_status)
        if status == 401 and "basic" in listener.auth:
            # As long as a wrong password takes, and as it is told.
            why = "not in the stations file" if known is None else "disabled in the stations file"
            await _check_password(request, listener, node, identity, caller, (), no_hash=why)
        raise RefusedError(status, "unknown" if unknown else "disabled", _NO_STATION[status])
    why_not = "no certificate"
    recalled = await recall(node, identity)
    if "mtls" in listener.auth and caller.certificate is not None:
        assert listener.tls is not None
        subject, organisations = station.certificate, listener.tls.client_organisation
        accepted = CERTIFICATE.accepted(station, recalled.memory)
        expected = Expected(identity.key, subject.cn, accepted, organisations)
        found = objection(caller.certificate, expected, datetime.now(UTC))
        if found is None:
            used = Used(CERTIFICATE, sha256(caller.certificate).hexdigest()) if accepted else None
            return Recognised(station, "certificate", recalled, used)
        why_not = found
        _logger.info("certificate_refused", station=identity.spelt, remote=caller.source, why=found)
    if "none" in listener.auth:
        return Recognised(station, None, recalled)
    if judges_password(listener, station):
        accepted = SECRET.accepted(station, recalled.memory)
        why = "not in the stations file" if known is None else "no password_hash in the stations file"
        line = await _check_password(
            request, listener, node, identity, caller, accepted, recalled.is_known, no_hash=why
        )
        return Recognised(station, "password", recalled, Used(SECRET, line))
    if "forward" in listener.auth:
        proof: Proof | None = "forwarded" if "Authorization" in request.headers else None
        return Recognised(station, proof, recalled)
    raise RefusedError(401, "certificate", why_not)


_NO_STATION = {404: "no such station", 401: "not authorized"}


def judges_password(listener: Listener, station: Station) -> bool:
    """Whether this listener verifies the station's password. Where passwords may be forwarded too, those whose hash is known are judged here, the others by their backend: a
    hash that did not decide would be of no use."""
    return "basic" in listener.auth and (station.password_hash is not None or "forward" not in listener.auth)


async def _check_password(
    request: RawRequestMessage,
    listener: Listener,
    node: Node,
    identity: Identity,
    caller: Caller,
    accepted: tuple[str, ...],
    is_known: bool = True,
    *,
    no_hash: str,
) -> str:
    """The hash that the station's password fits. Where none is accepted, `no_hash` tells the log why; the station hears of
    a wrong password all the same."""
    basic = credentials(request, listener, identity)
    if basic is None:
        raise RefusedError(401, "credentials", "no password")
    tries = node.attempts.tried(caller.network, identity.key, asyncio.get_running_loop().time())
    try:
        line = await node.logins.verify(identity.key, basic.password, accepted, tries)
    except BusyError:
        raise RefusedError(503, "logins", "too many logins at once") from None
    if line is not None:
        return line
    if not is_known:
        # It may be one that it was given since: then it is not for us to say that it is wrong.
        raise RefusedError(503, UNJUDGED, "the store is not available")
    raise RefusedError(401, "password", "wrong password", why=None if accepted else no_hash)
