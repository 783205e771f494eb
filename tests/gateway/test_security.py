"""TLS contexts: what is offered, what a bad file does."""

import socket
import ssl
import threading
from pathlib import Path

import pytest

from gateway import certificates, security
from gateway.config import BackendTls, ListenerTls


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("certs")
    certificates.init_ca(directory)
    certificates.issue_server(directory, ["localhost"])
    certificates.issue_server(directory, ["localhost"], rsa_key=True)
    return directory


def both(folder: Path) -> ListenerTls:
    return ListenerTls(
        certificate=(folder / "server.crt", folder / "server-rsa.crt"),
        key=(folder / "server.key", folder / "server-rsa.key"),
    )


def shake(server: ssl.SSLContext, client: ssl.SSLContext) -> tuple[str, str]:
    """Version and cipher of a real handshake. Raises ssl.SSLError."""
    one, other = socket.socketpair()
    one.settimeout(5)
    other.settimeout(5)

    def serve() -> None:
        try:
            with server.wrap_socket(one, server_side=True) as tls:
                tls.recv(1)
        except (ssl.SSLError, OSError):
            one.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(other, server_hostname="localhost") as tls:
            cipher = tls.cipher()
            assert cipher is not None
            return tls.version() or "", cipher[0]
    finally:
        other.close()
        thread.join()


@pytest.mark.parametrize(
    "suite",
    ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "AES128-GCM-SHA256", "AES256-GCM-SHA384"],
)
def test_the_four_suites_ocpp_demands_with_both_chains(folder: Path, suite: str) -> None:
    client = ssl.create_default_context(cafile=folder / "ca.crt")
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(suite)
    assert shake(security.server_context(both(folder)), client) == ("TLSv1.2", suite)


def test_tls_1_3(folder: Path) -> None:
    client = ssl.create_default_context(cafile=folder / "ca.crt")
    assert shake(security.server_context(both(folder)), client)[0] == "TLSv1.3"


def test_a_listener_may_ask_for_more(folder: Path) -> None:
    tls = both(folder).model_copy(update={"min_version": "1.3"})
    client = ssl.create_default_context(cafile=folder / "ca.crt")
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake(security.server_context(tls), client)


def test_no_compression_no_renegotiation(folder: Path) -> None:
    options = security.server_context(both(folder)).options
    assert options & ssl.OP_NO_COMPRESSION
    assert options & ssl.OP_NO_RENEGOTIATION


def test_certificates_are_changed_under_a_live_context_and_a_bad_file_changes_nothing(
    folder: Path, tmp_path: Path
) -> None:
    tls = both(folder)
    context = security.server_context(tls)
    certificates.init_ca(tmp_path)
    certificates.issue_server(tmp_path, ["localhost"])
    broken = tmp_path / "broken.crt"
    broken.write_text("no certificate")
    with pytest.raises(ssl.SSLError):
        security.load_certificates(
            context, ListenerTls(certificate=(tmp_path / "server.crt", broken), key=(tmp_path / "server.key",) * 2)
        )
    assert shake(context, ssl.create_default_context(cafile=folder / "ca.crt"))[0] == "TLSv1.3"
    security.load_certificates(
        context, ListenerTls(certificate=(tmp_path / "server.crt",), key=(tmp_path / "server.key",))
    )
    new = ssl.create_default_context(cafile=tmp_path / "ca.crt")
    new.maximum_version = ssl.TLSVersion.TLSv1_2
    new.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    assert shake(context, new)[0] == "TLSv1.2"


def test_a_backend_is_always_verified(folder: Path) -> None:
    context = security.client_context(BackendTls(ca=folder / "ca.crt"))
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(ssl.SSLError):
        shake(security.server_context(both(folder)), security.client_context(BackendTls()))


def test_expiry(folder: Path) -> None:
    assert security.expiry(folder / "server.crt") > 1_795_000_000
