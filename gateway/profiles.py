"""Security profiles: which one a connection has, which one a station may have, and that it never goes back to a lower one.

Profile 1 is a password, 2 a password within TLS, 3 a certificate (2.0.1 A00, OCPP 1.6 security whitepaper); 0 is none of
them. A station has one profile at a time, and after an upgrade the lower one is refused (A00.FR.001, A00.FR.005, A05). The
errata allow a step from 3 to 2, where it is configured.
"""

import asyncio
from collections.abc import Mapping

from gateway.config import Listener
from gateway.identity import Identity
from gateway.ledger import Ledger
from gateway.node import Node
from gateway.proving import Proof
from gateway.refusal import RefusedError
from gateway.stations import Station
from gateway.store import StoreError

_KEY = "station/profile"
"""Shared by all backends of a station, as all keys under `station/`."""
_PATIENCE_SECONDS = 1.0


def profile_of(is_encrypted: bool, proof: Proof | None) -> int:
    """0 to 3."""
    if proof is None:
        return 0
    if proof == "certificate":
        return 3
    return 2 if is_encrypted else 1


def check(listener: Listener, station: Station, profile: int) -> None:
    """Whether this listener and this station's entry take the profile. Raises RefusedError."""
    if listener.security_profiles and profile not in listener.security_profiles:
        raise RefusedError(401, "profile", f"security profile {profile} is not for this address")
    if profile < station.security_profile:
        raise RefusedError(401, "profile", f"security profile {profile} is too low")


async def hold(node: Node, identity: Identity, station: Station, profile: int) -> bool:
    """Before anybody is disturbed by it: whether the station may come in with this profile after those it had. Raises
    RefusedError.

    False: the store is away. Then only what this process knows of a live session is held against the station; its
    credentials have been verified all the same, and a fleet is not kept out for want of the store.
    """
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            memory = await node.store.load(identity.key, ("",))
    except (StoreError, TimeoutError):
        session = node.sessions.get(identity.key)
        _hold(node, station, session.ledger.memory if session is not None else {}, profile)
        return False
    _hold(node, station, memory, profile)
    return True


def remember(node: Node, station: Station, ledger: Ledger, profile: int, is_known: bool) -> None:
    """The station is about to come in, its memory is ours: its profile goes there with the next write. `is_known` is what
    `hold` said. Raises RefusedError when the memory says something else by now."""
    if not is_known and not ledger.memory:
        # What is stored may be higher, and must not be written over.
        return
    _hold(node, station, ledger.memory, profile)
    if profile != ledger.memory.get(_KEY, 0):
        ledger.adopt({("", _KEY): profile})


def _hold(node: Node, station: Station, memory: Mapping[str, object], profile: int) -> None:
    remembered = memory.get(_KEY)
    before = remembered if isinstance(remembered, int) else 0
    rule = node.config.profile_downgrade if station.profile_ratchet else "any"
    if profile >= before or rule == "any" or (rule == "3_to_2" and (before, profile) == (3, 2)):
        return
    raise RefusedError(401, "profile_lower", f"security profile {profile} after {before}")
