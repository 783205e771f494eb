"""Sessions as lists see them: what they say of a station, and nothing behind it."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from gateway.bridge import Bridge
from gateway.identity import identity_of
from gateway.node import Node


@dataclass
class Listed:
    identity: Any
    backend: str = "legacy"
    is_backend_away: bool = False
    frames: dict[str, int] = field(default_factory=lambda: {"station": 0, "csms": 0})
    memory: dict[str, Any] = field(default_factory=dict)
    connected_at: float = 100.0
    stage: Any = None

    def __post_init__(self) -> None:
        self.about = SimpleNamespace(
            subprotocol="ocpp1.6", version="ocpp2.0.1", source="192.0.2.1", connected_at=self.connected_at
        )
        self.ledger = SimpleNamespace(memory=self.memory)

    def reports(self, connector: int, status: str) -> None:
        self.memory[f"station/status/{connector}"] = {"status": status, "errorCode": "NoError"}
        self.frames["station"] += 1


def listed(node: Node, name: str, **more: Any) -> Listed:
    """One more session of this node."""
    identity = identity_of(name)
    assert identity is not None
    one = Listed(identity, **more)
    node.sessions[identity.key] = cast(Bridge, one)
    return one
