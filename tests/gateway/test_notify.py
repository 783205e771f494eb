"""What the service manager is told."""

import socket
from pathlib import Path

from gateway.notify import READY, tell


def test_the_manager_hears_it_on_a_path_and_on_an_abstract_name(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    abstract = f"ocpp-gateway-test-{tmp_path.name}-{id(path)}"
    for bound, named in ((path, path), (f"\0{abstract}", f"@{abstract}")):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(bound)
            assert tell(READY, {"NOTIFY_SOCKET": named})
            assert manager.recv(100) == b"READY=1"


def test_without_a_manager_nothing_happens(tmp_path: Path) -> None:
    assert not tell(READY, {})
    assert not tell(READY, {"NOTIFY_SOCKET": "relative"})
    assert not tell(READY, {"NOTIFY_SOCKET": str(tmp_path / "nobody")})
