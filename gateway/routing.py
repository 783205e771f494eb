"""Which backend a station belongs to: the first rule that matches. PURE."""

import hashlib
from collections.abc import Iterable
from fnmatch import fnmatchcase

from gateway.config import Route


def route_for(
    routes: Iterable[Route],
    identity: str,
    subprotocol: str,
    tags: frozenset[str] = frozenset(),
    listener: Iterable[str] = (),
) -> Route | None:
    """The first route whose every condition holds, or None. `identity`: canonical (case-folded); globs are compared
    without regard to letter case. `listener`: what the station's listener may be called."""
    for route in routes:
        match = route.match
        if match.identity is not None and not fnmatchcase(identity, match.identity.casefold()):
            continue
        if match.subprotocol is not None and match.subprotocol != subprotocol:
            continue
        if match.tag is not None and match.tag not in tags:
            continue
        if match.listener is not None and match.listener not in listener:
            continue
        if match.percent is not None and share_of(identity) >= match.percent:
            continue
        return route
    return None


def share_of(identity: str) -> float:
    """Where a station stands among all, from 0 up to 100: always the same, so that a share that grows keeps those that
    it had."""
    digest = hashlib.sha256(identity.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 * 100
