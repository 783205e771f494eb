"""How a station proves to be who it says it is, and how often it may try."""

import asyncio
from datetime import UTC, datetime
from typing import Literal

import structlog
from aiohttp import web

from gateway.caller import Caller
from gateway.certified import Expected, objection
from gateway.config import Listener
from gateway.identity import BadCredentials, Basic, Identity, read_basic
from gateway.logins import BusyError
from gateway.node import Node
from gateway.refusal import RefusedError
from gateway.stations import Station

Proof = Literal["certificate", "password", "forwarded"]
"""A certificate or a password verified here, or credentials that the backend is to judge."""

_DELAY_SECONDS = 1.0
_GUESSES = frozenset({401, 403, 404})
"""Refusals that speak of the identity or the secret, the backend's included."""

_logger: structlog.stdlib.BoundLogger = structlog.get_logger("proving")


class Attempt:
    """One request's attempt to come in. Where nothing is asked for, nothing can be guessed, and nothing is counted."""

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
        guess = refusal is not None and refusal.status in _GUESSES
        if self._counts and guess and refusal is not None and refusal.reason != "attempts":
            self._node.attempts.failed(self._caller.network, asyncio.get_running_loop().time())
        if self._key is not None and not guess:
            self._node.attempts.withdrawn(self._caller.network, self._key)
        self._key = None


def credentials(request: web.BaseRequest, listener: Listener, identity: Identity) -> Basic | None:
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


async def recognise(
    request: web.BaseRequest, listener: Listener, node: Node, identity: Identity, caller: Caller
) -> tuple[Station, Proof | None]:
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
            await _check_password(request, listener, node, identity, None)
        raise RefusedError(status, "unknown" if unknown else "disabled", _NO_STATION[status])
    why_not = "no certificate"
    if "mtls" in listener.auth and caller.certificate is not None:
        assert listener.tls is not None
        subject, organisations = station.certificate, listener.tls.client_organisation
        expected = Expected(identity.key, subject.cn, subject.sha256, organisations)
        found = objection(caller.certificate, expected, datetime.now(UTC))
        if found is None:
            return station, "certificate"
        why_not = found
        _logger.info("certificate_refused", station=identity.spelt, remote=caller.source, why=found)
    if "none" in listener.auth:
        return station, None
    if _needs_password(listener, station):
        await _check_password(request, listener, node, identity, station.password_hash)
        return station, "password"
    if "forward" in listener.auth:
        return station, "forwarded" if "Authorization" in request.headers else None
    raise RefusedError(401, "certificate", why_not)


_NO_STATION = {404: "no such station", 401: "not authorized"}


def _needs_password(listener: Listener, station: Station) -> bool:
    """Where passwords may be forwarded too, those whose hash is known are judged here, the others by their backend: a
    hash that did not decide would be of no use."""
    return "basic" in listener.auth and (station.password_hash is not None or "forward" not in listener.auth)


async def _check_password(
    request: web.BaseRequest, listener: Listener, node: Node, identity: Identity, line: str | None
) -> None:
    basic = credentials(request, listener, identity)
    if basic is None:
        raise RefusedError(401, "credentials", "no password")
    try:
        is_right = await node.logins.verify(identity.key, basic.password, line)
    except BusyError:
        raise RefusedError(503, "logins", "too many logins at once") from None
    if not is_right:
        raise RefusedError(401, "password", "wrong password")
