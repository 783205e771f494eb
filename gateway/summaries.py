"""A connected station in a few members, for lists of thousands."""

from gateway.bridge import Bridge
from gateway.cluster import Message
from gateway.node import Node
from translators import overview


def summary(node: Node, key: str, session: Bridge) -> Message:
    """What lists say of a station. `key` is its canonical identity; `statuses` are those that its connectors reported
    last, in their order."""
    about, memory = session.about, session.ledger.memory
    said, going_on = overview.maker(memory), overview.transactions(about.subprotocol, about.version, memory)
    known = node.roster.get(key)
    return {
        "identity": session.identity.spelt,
        "key": key,
        "connected": True,
        "node": node.id,
        "subprotocol": about.subprotocol,
        "backend": session.backend,
        "upstream_subprotocol": about.version,
        "backend_away": session.is_backend_away,
        "remote": about.source,
        "connected_since": about.connected_at,
        "vendor": said["vendor"],
        "model": said["model"],
        "tags": sorted(known.tags) if known is not None else [],
        "statuses": [
            one["status"] for one in overview.connectors(memory) if one["connector"] or one["evse"] is not None
        ],
        "transactions_open": len(going_on),
    }
