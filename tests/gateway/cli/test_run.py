"""`run`: what stops it from starting, in one line each."""

import socket
from pathlib import Path

import pytest
import yaml

from tests.gateway.cli.run_command import ocpp_gateway
from tests.support import free_port


def configuration(folder: Path, **more: object) -> Path:
    config = {
        "listeners": [{"bind": f"127.0.0.1:{free_port()}", "auth": "none"}],
        "backends": {"b": {"url": "ws://127.0.0.1:9", "auth": "none", "subprotocols": ["ocpp1.6"]}},
        "routes": [{"backend": "b"}],
        "store": "memory:",
        "admin": {"bind": f"127.0.0.1:{free_port()}"},
        **more,
    }
    path = folder / "gateway.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def test_mistakes_in_the_configuration_are_exit_2(tmp_path: Path) -> None:
    path = configuration(tmp_path, storee="x", validation="maybe")
    code, out, err = ocpp_gateway("run", "-c", str(path))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 2
    assert all(line.startswith(f"{path}:") for line in err.splitlines())


def test_an_address_in_use_is_exit_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        path = configuration(tmp_path, listeners=[{"bind": f"127.0.0.1:{port}", "auth": "none"}])
        code, _, err = ocpp_gateway("run", "-c", str(path))
    assert code == 1
    last = err.strip().splitlines()[-1]
    assert last.startswith(f"listener 127.0.0.1:{port}: ")


@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_every_address_in_use_is_named(tmp_path: Path, workers: tuple[str, ...]) -> None:
    with socket.socket() as one, socket.socket() as two:
        addresses = []
        for taken in (one, two):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            addresses.append(f"127.0.0.1:{taken.getsockname()[1]}")
        path = configuration(
            tmp_path,
            listeners=[{"bind": bind, "auth": "none"} for bind in (f"127.0.0.1:{free_port()}", addresses[0])],
            admin={"bind": addresses[1]},
            store="redis://127.0.0.1:1/0" if workers else "memory:",
        )
        code, _, err = ocpp_gateway("run", "-c", str(path), *workers)
    assert code == 1
    lines = [line for line in err.splitlines() if "in use" in line]
    assert [line.split(": ")[0] for line in lines] == [f"admin {addresses[1]}", f"listener {addresses[0]}"]


@pytest.mark.parametrize("content", [b"this is no database" * 100])
def test_a_store_that_cannot_be_read_is_exit_1(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.db").write_bytes(content)
    path = configuration(tmp_path, store="sqlite:bad.db")
    code, _, err = ocpp_gateway("run", "-c", str(path))
    assert code == 1
    assert err.strip().splitlines()[-1].startswith("store: ")


def test_a_missing_file_and_a_missing_option(tmp_path: Path) -> None:
    assert ocpp_gateway("run", "-c", str(tmp_path / "nothing.yaml"))[0] == 2
    assert ocpp_gateway("run", cwd=tmp_path)[0] == 2
