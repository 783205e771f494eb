"""What the service manager is told."""

import socket
from pathlib import Path

import pytest

from gateway.notify import READY, tell
from tests.support import Csms, configuration, gateway


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


async def test_a_gateway_tells_when_it_is_ready_and_when_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        async with gateway(tmp_path, configuration(("cloud", Csms()))):
            assert manager.recv(100) == b"READY=1"
        assert manager.recv(100) == b"STOPPING=1"
