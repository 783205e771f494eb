"""Which backend a station belongs to: the first rule that matches. PURE."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from gateway.config import Route


def route_for(
    routes: Iterable[Route], identity: str, subprotocol: str, tags: frozenset[str] = frozenset()
) -> Route | None:
    """The first route whose every condition holds, or None. `identity`: canonical (case-folded); globs are compared
    without regard to letter case."""
    for route in routes:
        match = route.match
        if match.identity is not None and not fnmatchcase(identity, match.identity.casefold()):
            continue
        if match.subprotocol is not None and match.subprotocol != subprotocol:
            continue
        if match.tag is not None and match.tag not in tags:
            continue
        return route
    return None
