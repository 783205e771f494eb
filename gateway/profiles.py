"""Security profiles: which one a connection has, which one a station may have, and that it never goes back to a lower one.

Profile 1 is a password, 2 a password within TLS, 3 a certificate (2.0.1 A00, OCPP 1.6 security whitepaper); 0 is none of
them. A station has one profile at a time, and after an upgrade the lower one is refused (A00.FR.001, A00.FR.005, A05). The
errata allow a step from 3 to 2, where it is configured.
"""

from collections.abc import Mapping
from functools import lru_cache

from gateway.config import Listener
from gateway.ledger import Ledger
from gateway.node import Node
from gateway.proving import PROFILE, Proof, Recalled
from gateway.refusal import RefusedError
from gateway.stations import Station

_shared = lru_cache(16)(frozenset[int])
"""One set for all stations that may come back with the same."""


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


def hold(node: Node, station: Station, recalled: Recalled, profile: int) -> None:
    """Before anybody is disturbed by it: whether the station may come in with this profile after those it had. Raises
    RefusedError.

    While the store is away, only what this process knows of a live session is held against a station; its credentials
    have been verified all the same, and a fleet is not kept out for want of the store.
    """
    _hold(node, station, recalled.memory, profile)


def open_to(node: Node, station: Station, memory: Mapping[str, object], profile: int) -> frozenset[int]:
    """The profiles that a station which came in with this one may come back with: a listener takes them, and they are not
    too low."""
    found = {one for listener in node.config.listeners for one in listener.profiles}
    before = max(profile, _before(memory))
    return _shared(
        tuple(
            one for one in sorted(found) if one >= station.security_profile and _may_follow(node, station, before, one)
        )
    )


def remember(node: Node, station: Station, ledger: Ledger, profile: int, is_known: bool) -> None:
    """The station is about to come in, its memory is ours: its profile goes there with the next write. `is_known`: whether
    the store told what is remembered. Raises RefusedError when the memory says something else by now."""
    if not is_known and not ledger.memory:
        # What is stored may be higher, and must not be written over.
        return
    _hold(node, station, ledger.memory, profile)
    if profile != ledger.memory.get(PROFILE, 0):
        ledger.adopt({("", PROFILE): profile})


def _hold(node: Node, station: Station, memory: Mapping[str, object], profile: int) -> None:
    before = _before(memory)
    if not _may_follow(node, station, before, profile):
        raise RefusedError(401, "profile_lower", f"security profile {profile} after {before}")


def _before(memory: Mapping[str, object]) -> int:
    remembered = memory.get(PROFILE)
    return remembered if isinstance(remembered, int) else 0


def _may_follow(node: Node, station: Station, before: int, profile: int) -> bool:
    rule = node.config.profile_downgrade if station.profile_ratchet else "any"
    return profile >= before or rule == "any" or (rule == "3_to_2" and (before, profile) == (3, 2))
