"""TLS contexts: what is offered, what a bad file does."""

import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from gateway import certificates, security
from gateway.config import BackendTls, ListenerTls
from tests.pki import SERVER, Authority, rsa_key


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


def serves(context: ssl.SSLContext, authority: Authority, name: str | None, suite: str = "ECDSA") -> str:
    """The common name of the certificate a client is shown that asks for this name."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(authority.file)
    client.check_hostname = False
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(f"ECDHE-{suite}-AES128-GCM-SHA256")
    return shown(context, client, name)


def shown(server: ssl.SSLContext, client: ssl.SSLContext, name: str | None) -> str:
    one, other = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(one, server_side=True) as tls:
                tls.recv(1)
        except OSError:
            one.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(other, server_hostname=name) as tls:
            subject = tls.getpeercert()["subject"]  # type: ignore[index]
            return str(dict(item[0] for item in subject)["commonName"])  # type: ignore[misc, index]
    finally:
        other.close()
        thread.join()


def test_the_name_asked_for_chooses_the_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    options: dict[str, Any] = {"purposes": (SERVER,)}
    made = [
        authority.issue("a", "a-ec", names=["a.example", "old.example"], **options),
        authority.issue("b", "b-ec", names=["b.example"], **options),
        authority.issue("b2", "b-rsa", names=["B.example"], key=rsa_key(), **options),
        authority.issue("wild", "wild-ec", names=["*.sites.example"], **options),
        authority.issue("cn", "c.example", **options),
        authority.issue("a2", "a-rsa", names=["a.example"], key=rsa_key(), **options),
    ]
    tls = ListenerTls(certificate=tuple(f.certificate for f in made), key=tuple(f.key for f in made))
    context = security.server_context(tls)
    asked = ["a.example", "old.example", "B.Example", "x.sites.example", "c.example", "other.example", None]
    found = [serves(context, authority, name) for name in asked]
    assert found == ["a-ec", "a-ec", "b-ec", "wild-ec", "c.example", "a-ec", "a-ec"]
    assert [serves(context, authority, name, "RSA") for name in ("a.example", "b.example", None)] == [
        "a-rsa",
        "b-rsa",
        "a-rsa",
    ]
    with pytest.raises((ssl.SSLError, ConnectionError)):
        serves(context, authority, "x.sites.example", "RSA")


def test_authorities_that_were_taken_out_are_trusted_no_more(tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path / "ours", "ours"), Authority(tmp_path / "theirs", "theirs")
    server = ours.issue("server", "localhost", names=["localhost"], purposes=(SERVER,))
    station = theirs.issue("station")
    both = tmp_path / "both.crt"
    both.write_bytes(ours.file.read_bytes() + theirs.file.read_bytes())

    def comes_in(authorities: Path) -> bool:
        tls = ListenerTls(certificate=(server.certificate,), key=(server.key,), client_ca=authorities)
        client = ssl.create_default_context(cafile=ours.file)
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        client.load_cert_chain(*station.pair)
        try:
            shake(security.server_context(tls), client)
        except (ssl.SSLError, ConnectionError):
            return False
        return True

    assert comes_in(both)
    assert not comes_in(ours.file)


def test_files_and_when_they_expire(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.issue("server", "localhost", names=["localhost"], purposes=(SERVER,), above=[authority], ends=7)
    crl = authority.revoke(ends=3)
    tls = ListenerTls(certificate=(server.certificate,), key=(server.key,), client_ca=authority.file, client_crl=(crl,))
    assert set(security.files_of(tls)) == {server.certificate, server.key, authority.file, crl}
    days = {path.name: round((end - time.time()) / 86400) for path, end in security.expiries(tls).items()}
    assert days == {"server.crt": 7, "root.crt": 365, "revoked.crl": 3}
    with pytest.raises(ValueError, match="no certificate revocation list"):
        security.server_context(tls.model_copy(update={"client_crl": (authority.file,)}))


def test_what_a_handshake_failed_of() -> None:
    assert security.failure(ssl.SSLCertVerificationError()) == "tls_certificate"
    assert security.failure(ssl.SSLEOFError()) == "tls_gone"
    assert security.failure(ssl.SSLError()) == "tls_other"
    assert security.failure(ConnectionResetError()) == "tls_gone"
    assert security.failure(ConnectionAbortedError()) == "tls_timeout"
    assert security.failure(ValueError()) == "tls_other"


def test_a_backend_is_always_verified(folder: Path) -> None:
    context = security.client_context(BackendTls(ca=folder / "ca.crt"))
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(ssl.SSLError):
        shake(security.server_context(both(folder)), security.client_context(BackendTls()))


def test_expiry(folder: Path) -> None:
    assert security.expiry(folder / "server.crt") > 1_795_000_000
