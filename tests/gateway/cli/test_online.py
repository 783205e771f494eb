"""`check --online`: backends and a real Redis, there or not."""

import json
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

from gateway import certificates
from tests.gateway.cli.run_command import ocpp_gateway
from tests.redis_support import RedisServer
from tests.support import free_port

CONFIG = """\
listeners: [{{bind: "127.0.0.1:8180", auth: none}}]
backends:
  legacy: {{url: "ws://127.0.0.1:{backend}/ocpp/{{identity}}", subprotocols: [ocpp1.6], auth: none}}
routes: [{{backend: legacy}}]
store: "{store}"
limits: {{max_connections: 100}}
"""


def test_all_there_with_what_an_operator_should_know(tmp_path: Path, redis: RedisServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as backend:
        text = CONFIG.format(backend=backend.getsockname()[1], store=redis.url)
        (tmp_path / "gateway.yaml").write_text(text)
        code, out, err = ocpp_gateway("check", "--online", cwd=tmp_path)
        assert (code, err) == (0, "")
        assert "warning   store: Redis keeps nothing on disk" in out
        code, out, _ = ocpp_gateway("check", "--online", "--json", cwd=tmp_path)
        # Whether the machine has descriptors enough for the default number of stations is the machine's affair.
        about = [line for line in json.loads(out)["warnings"] if not line.startswith("limits.max_connections")]
        assert [line[:27] for line in about] == ["store: Redis keeps nothing "]
    code, out, err = ocpp_gateway("check", cwd=tmp_path)
    assert (code, err) == (0, "")


def test_a_backend_with_a_certificate_of_nobody_we_trust(tmp_path: Path, redis: RedisServer) -> None:
    certificates.init_ca(tmp_path / "certs")
    certificates.issue_server(tmp_path / "certs", ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certs/server.crt", tmp_path / "certs/server.key")

    def shake() -> None:
        with suppress(OSError):
            context.wrap_socket(listening.accept()[0], server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"wss://localhost:{listening.getsockname()[1]}/"
        text = CONFIG.format(backend=1, store=redis.url).replace("ws://127.0.0.1:1/", url)
        (tmp_path / "gateway.yaml").write_text(text)
        peer = threading.Thread(target=shake, daemon=True)
        peer.start()
        code, out, err = ocpp_gateway("check", "--online", cwd=tmp_path)
        peer.join(10)
    assert (code, out) == (2, "")
    assert err.startswith("backends.legacy: its certificate: ")


def test_what_is_not_there_is_one_line_each_without_the_password(tmp_path: Path) -> None:
    backend, store = free_port(), free_port()
    text = CONFIG.format(backend=backend, store=f"redis://:geheim@127.0.0.1:{store}/0")
    (tmp_path / "gateway.yaml").write_text(text)
    code, out, err = ocpp_gateway("check", "--online", cwd=tmp_path)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert lines[0].startswith("backends.legacy: cannot be reached: ")
    assert lines[1].startswith(f"store: redis://***@127.0.0.1:{store}/0: ")
    assert len(lines) == 2
    assert "geheim" not in err
