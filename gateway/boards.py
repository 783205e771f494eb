"""What stands between a station and a backend, from the configuration: for the backend in charge, and for followers."""

import asyncio
import secrets
from collections.abc import Callable
from functools import lru_cache
from time import time
from typing import Any

import structlog

from gateway.admission import Admission
from gateway.comparison import Mirror
from gateway.config import Backend, Follower
from gateway.followers import Followers
from gateway.following import Following
from gateway.ledger import Ledger
from gateway.node import Node
from gateway.shadow import Shadow
from gateway.switchboard import Switchboard
from gateway.upstream import StationDialler
from translators.effects import Remember
from translators.links import NoPathError, between, csms_version_for, has_outbox
from translators.options import Adoption, Options
from translators.quirked import text_mend
from translators.stage import Stage
from translators.story import Story

_OF_STATION = ("station/", "passthrough/")
"""What a new follower takes over of that which is remembered of the station."""


def board_for(
    node: Node,
    admission: Admission,
    backend: Backend,
    version: str,
    memory: dict[str, Any],
    adoption: Adoption,
    story: Story | None = None,
    *,
    numbers: bool = False,
) -> Switchboard:
    """Between the station and this backend, in charge of it and spoken to in this version. `adoption`: what the gateway
    verifies of the station; `story`: None for a backend that is not in charge yet; `numbers`: a 1.6 station has
    transactions whose numbers another CSMS gave it."""
    numbers = numbers and admission.subprotocol == version == "ocpp1.6"
    # What was kept under an earlier configuration is delivered all the same.
    outbox = backend.when_down == "buffer" or numbers or has_outbox(memory)
    return Switchboard(
        _stage(node, admission, backend, version, memory, _Ids(), adoption, outbox=outbox),
        station_version=admission.subprotocol,
        csms_version=version,
        call_timeout=backend.call_timeout_seconds,
        queue_calls=node.config.limits.queue_calls,
        mend_text=text_mend(admission.subprotocol, admission.quirks),
        copies=bool(admission.followers) and story is not None,
        story=story,
    )


def followers_for(
    node: Node, admission: Admission, ledger: Ledger, logger: structlog.stdlib.BoundLogger
) -> Followers | None:
    """Those who follow the station, ready to be started."""
    ledger.unfollow(follower.backend for follower in admission.followers)
    found = []
    for follower in admission.followers:
        try:
            found.append(_following(node, admission, follower, ledger, logger))
        except (NoPathError, KeyError) as error:
            # A reload has taken it out of the configuration meanwhile, or changed what it speaks.
            logger.error("follower_failed", follower=follower.backend, error=type(error).__name__)
    return Followers(found) if found else None


def _following(
    node: Node, admission: Admission, follower: Follower, ledger: Ledger, logger: structlog.stdlib.BoundLogger
) -> Following:
    """Raises NoPathError, KeyError."""
    backend, upstream = node.config.backends[follower.backend], node.upstreams[follower.backend]
    version = csms_version_for(admission.subprotocol, backend.subprotocols)
    memory, new_id = _memory(ledger, follower.backend), _Ids()
    shadow = Shadow(
        _stage(node, admission, backend, version, memory, new_id),
        station_version=admission.subprotocol,
        csms_version=version,
        memory=memory,
        new_id=new_id,
        name=follower.backend,
        allow=frozenset(follower.allow),
        call_timeout=backend.call_timeout_seconds,
    )
    # A station's own secrets are for the backend in charge: followers never see them.
    dial = StationDialler(upstream, admission.csms_identity, [version], None, None)
    mirror = node.mirrors.setdefault(follower.backend, Mirror())
    station = admission.identity.spelt
    limits = node.config.limits
    return Following(follower.backend, version, station, shadow, dial, ledger, mirror, limits, node.metrics, logger)


def _memory(ledger: Ledger, follower: str) -> dict[str, Any]:
    """A follower's own memory. One that is new begins with what is known of the station, its boot above all."""
    memory = ledger.followed(follower)
    if not memory:
        memory = {key: value for key, value in ledger.memory.items() if key.startswith(_OF_STATION)}
        boot, translated = memory.get("passthrough/boot"), memory.get("station/boot")
        if boot is None and translated is not None:
            memory["passthrough/boot"] = translated["call"]
        elif boot is not None and translated is None:
            memory["station/boot"] = {"call": boot, "at": time()}
        for key, value in memory.items():
            ledger.follow(follower, Remember(key, value))
    return memory


class _Ids:
    """The ids of one session's own messages."""

    __slots__ = ("_nonce", "_number")

    def __init__(self) -> None:
        self._nonce = secrets.token_hex(8)
        self._number = 0

    def __call__(self) -> str:
        self._number += 1
        return f"{self._nonce}-{self._number}"


_shared = lru_cache(1024)(frozenset[str])
"""The same set for all sessions that have the same names: even an empty one is 216 octets."""


def _stage(
    node: Node,
    admission: Admission,
    backend: Backend,
    version: str,
    memory: dict[str, Any],
    new_id: Callable[[], str],
    adoption: Adoption | None = None,
    *,
    outbox: bool = False,
) -> Stage:
    """`adoption`: None for a follower, which changes no secret of the station's. Raises NoPathError."""
    follows = adoption is None
    connected_at = time()
    validation = node.config.validation
    return between(
        admission.subprotocol,
        version,
        options=Options(
            identity=admission.identity.spelt,
            id_token_type=backend.id_token_type,
            id_tag_of_nobody=backend.no_authorization_id_tag,
            clears_cache_for_customer=backend.clear_cache_for_customer,
            aliases_long_tokens=backend.long_id_tokens == "alias",
            immediate_reset=backend.immediate_reset,
            soft_reset=backend.soft_reset,
            ends_lost_transactions=backend.end_lost_transactions,
            answer_locally=_shared(tuple(backend.answer_locally)),
            guard={name: "reject" if rule == "adopt" else rule for name, rule in backend.guard.items()}
            if follows
            else backend.guard,
            adoption=adoption or Adoption(),
            connectors=dict(admission.connectors),
            quirks=admission.quirks,
            provision=not follows,
        ),
        memory=memory,
        new_id=new_id,
        connected_at=connected_at,
        epoch=connected_at - asyncio.get_running_loop().time(),
        # What a message breaks is counted once, for the backend in charge.
        validation="off" if follows and validation == "count" else validation,
        outbox=outbox,
    )
