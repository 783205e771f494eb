"""Accepts a station: admitted, its backend dialled, and only then the upgrade; then its session, to the end."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from time import perf_counter, time
from typing import Any, NamedTuple

import structlog

from gateway import profiles, proofs
from gateway.admission import Admission, admit, identify
from gateway.adopter import Adopter, host_of
from gateway.boards import followers_for
from gateway.bridge import POLICY, REPLACED, About, Bridge, Ending
from gateway.caller import Caller
from gateway.candidates import Candidates
from gateway.config import Backend, Listener
from gateway.deflate import agree
from gateway.identity import Identity, offered_subprotocols
from gateway.node import Node
from gateway.overrides import Override
from gateway.proofs import Used
from gateway.proving import Attempt, Proof, recognise
from gateway.records import closed_by, encryption, said
from gateway.refusal import RefusedError, response_to
from gateway.sockets import Socket
from gateway.stations import Station
from gateway.store import StoreError
from gateway.tenure import Tenure
from gateway.upgrades import Arrival
from gateway.upstream import DialError, Dialler, Leg
from translators.story import Story


class Entry(NamedTuple):
    """What the door knows of a station that is about to come in, from the address `source`. `is_known`: whether the store
    told what is remembered of it; `proof`: how it proved who it is, `used`: with what; `host`: by which name it found us."""

    station: Station
    source: str
    encryption: dict[str, str | None]
    attempt: Attempt
    is_known: bool
    proof: Proof | None
    used: Used | None
    host: str
    override: Override | None


class Edge:
    """One listener's request handler."""

    def __init__(
        self,
        node: Node,
        listener: Listener,
        caller: Callable[[Arrival], Caller],
        upgraded: Callable[[Arrival], None],
    ) -> None:
        """`caller` tells who makes a request, `upgraded` is told when its handshake is over."""
        self._node = node
        self.listener = listener
        self._caller = caller
        self._upgraded = upgraded
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger("edge")

    async def handle(self, arrival: Arrival) -> None:
        """Every request of the listener."""
        request, caller = arrival.request, self._caller(arrival)
        assert request is not None
        told = encryption(arrival.transport)
        attempt = Attempt(self._node, self.listener, caller)
        who = {"remote": caller.source}
        began = perf_counter()
        try:
            identity = identify(request, self.listener, has_body=arrival.has_body)
            who["station"] = identity.spelt
            log = self._logger.bind(**who)
            await attempt.begin(identity)
            station, proof, recalled, used = await recognise(request, self.listener, self._node, identity, caller)
            override = await self._node.overrides.of(identity.key)
            now = asyncio.get_running_loop().time()
            backend = override.backend if override is not None else None
            admission = admit(request, self.listener, self._node, identity, station, proof, caller, now, backend)
            if admission is None:
                return await self._close_without_subprotocol(arrival, log, told)
            profiles.hold(self._node, station, recalled, admission.profile)
            if not self._node.places.take(identity.key, self._node.config.limits.max_connections):
                raise RefusedError(503, "full", "too many stations")
            try:
                host = host_of(request.headers.get("Host", ""))
                entry = Entry(station, caller.source, told, attempt, recalled.is_known, proof, used, host, override)
                del request  # it is of no use to a session
                return await self._connect(arrival, admission, entry, log)
            finally:
                self._node.places.leave(identity.key)
        except RefusedError as error:
            # Its traceback holds this frame, which holds it: with all of the request, and nobody looks for cycles.
            refusal = error.with_traceback(None)
            attempt.ended(refusal)
        finally:
            attempt.ended()
        self._node.metrics.connections_rejected.labels(refusal.reason).inc()
        self._logger.info(
            "station_refused",
            **who,
            status=refusal.status,
            reason=refusal.reason,
            why=refusal.why,
            offered=offered_subprotocols(arrival.said("Sec-WebSocket-Protocol")),
            seconds=round(perf_counter() - began, 3),
            **told,
        )
        arrival.answer(response_to(refusal, arrival.method))

    async def _connect(
        self,
        arrival: Arrival,
        admission: Admission,
        entry: Entry,
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        """Dial the backend and serve. Raises RefusedError."""
        leg: Leg | None = None
        try:
            await self._spare_incumbent(admission.identity, entry.source)
            # A reload while the backend is dialled may take it out of the configuration.
            backend = self._node.config.backends[admission.backend]
            candidates = Candidates(self._node, admission, entry.station, entry.host, log)
            dial = candidates.dialler(admission.backend, admission.version)
            leg = await self._dial(dial, may_be_away=backend.when_down == "buffer" and admission.vouched)
            return await self._serve(arrival, admission, backend, leg, dial, entry, candidates, log)
        except RefusedError as error:
            refusal = error
        except (OSError, RuntimeError) as error:
            # The station went away while its backend was being dialled.
            refusal = RefusedError(499, "gone", type(error).__name__)
        except BaseException:
            if leg is not None:
                leg.socket.abort()
            raise
        if leg is not None:
            await leg.socket.close(1001, "station gone")
        raise refusal

    async def _spare_incumbent(self, identity: Identity, source: str) -> None:
        """In a takeover war the one that is there stays for a while. Raises RefusedError."""
        node = self._node
        seconds = node.damping.held(identity.key, source, asyncio.get_running_loop().time())
        if seconds and await node.is_live(identity.key):
            raise RefusedError(503, "takeover_war", "another connection of this station is kept", ceil(seconds))

    async def _close_without_subprotocol(
        self, arrival: Arrival, log: structlog.stdlib.BoundLogger, told: dict[str, str | None]
    ) -> None:
        self._node.metrics.connections_rejected.labels("subprotocol").inc()
        offered, why = offered_subprotocols(arrival.said("Sec-WebSocket-Protocol")), "no common subprotocol"
        log.info("station_refused", status=101, code=1002, reason="subprotocol", why=why, offered=offered, **told)
        with suppress(ConnectionResetError):
            arrival.upgrade(None)
            await self._socket(arrival).close(1002, why)

    def _socket(self, arrival: Arrival) -> Socket:
        limits = self._node.config.limits
        return Socket(arrival, arrival.transport, max_bytes=limits.max_frame_bytes, write_seconds=limits.write_seconds)

    async def _dial(self, dial: Dialler, *, may_be_away: bool) -> Leg | None:
        """The backend's connection, dialled before the station's upgrade is answered; None where the backend is away and
        its station may come in without."""
        try:
            return await dial(0.8 * self._node.config.limits.handshake_seconds)
        except DialError as error:
            if may_be_away and error.status == 503:
                return None
            raise RefusedError(error.status, f"backend_{error.outcome}", str(error)) from None

    async def _serve(
        self,
        arrival: Arrival,
        admission: Admission,
        backend: Backend,
        leg: Leg | None,
        dial: Dialler,
        entry: Entry,
        candidates: Candidates,
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        node = self._node
        if arrival.transport is None:
            raise RefusedError(499, "gone", "the station went away while its backend was dialled")
        source = entry.source
        needs_memory = admission.subprotocol != admission.version or backend.when_down == "buffer"
        async with Tenure(node, admission.identity.key, source) as held:
            try:
                await held.begin(admission.backend, needs_memory=needs_memory)
            except StoreError as error:
                log.error("store_failed", error=str(error))
                raise RefusedError(503, "store", "the store is not available") from None
            profiles.remember(node, entry.station, held.ledger, admission.profile, entry.is_known)
            proofs.remember(entry.station, held.ledger, entry.used)
            if node.draining:
                raise RefusedError(503, "draining", "the gateway drains")
            if not held.holds:
                raise RefusedError(503, "superseded", "a newer connection of this station came first")
            offers = arrival.said("Sec-WebSocket-Extensions") if self.listener.compression else []
            offered = offered_subprotocols(arrival.said("Sec-WebSocket-Protocol"))
            # Only what was offered may be chosen (RFC 6455 section 4.2.2).
            arrival.upgrade(admission.subprotocol if offered else None, agree(offers))
            self._upgraded(arrival)
            entry.attempt.succeeded()
            station = self._socket(arrival)
            if not held.holds:
                node.metrics.connections_rejected.labels("superseded").inc()
                why, told = REPLACED, entry.encryption
                log.info("station_refused", status=101, code=POLICY, reason="superseded", why=why, **told)
                await held.end()
                await station.close(POLICY, REPLACED)
                if leg is not None:
                    await leg.socket.close(1001, "station gone")
                return
            logger = candidates.logger(backend.name)
            story = Story(admission.subprotocol, held.memory)
            bridge = Bridge(
                admission.identity,
                About(admission.subprotocol, admission.version, source, time()),
                backend,
                station,
                leg,
                dial,
                candidates.board(backend, admission.version, held.memory, story),
                held.ledger,
                node.config.limits,
                node.metrics,
                candidates.observer(backend.name, admission.version),
                logger,
                Adopter(node, admission.identity, admission.subprotocol).work,
                followers_for(node, admission, held.ledger, logger),
                candidates,
            )
            if entry.override is not None and entry.override.backend == backend.name:
                bridge.work(node.overrides.found_by(admission.identity.key, entry.override))
            record = {
                "auth": entry.proof or "none",
                "profile": admission.profile,
                "compression": arrival.deflate is not None,
                **entry.encryption,
            }
            ending = await self._live(held, bridge, admission, logger, record)
            # Its backend and version may be others by now.
            bridge.logger.info(
                "session_ended",
                reason=ending.reason,
                code=ending.code,
                closed_by=closed_by(ending.reason),
                why=ending.text,
                upstream=bridge.about.version,
                **record,
                **said(station.traffic),
            )

    async def _live(
        self,
        held: Tenure,
        bridge: Bridge,
        admission: Admission,
        logger: structlog.stdlib.BoundLogger,
        record: dict[str, Any],
    ) -> Ending:
        """Adds its `seconds` to the record."""
        metrics = self._node.metrics
        metrics.connections.labels(admission.subprotocol).inc()
        connected = metrics.stations_connected
        connected.labels(admission.subprotocol, admission.backend).inc()
        began = perf_counter()
        logger.info("session_began", upstream=admission.version, **record)
        try:
            ending = await held.live(bridge)
        finally:
            connected.labels(admission.subprotocol, bridge.backend).dec()
            record["seconds"] = round(perf_counter() - began, 3)
        metrics.connections_closed.labels(ending.reason).inc()
        return ending
