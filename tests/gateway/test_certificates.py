"""Issued certificates: what stands in them, that a real TLS handshake takes them, and that files are safe."""

import contextlib
import socket
import ssl
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.certificates import Issued, init_ca, inspect, issue_server, issue_station


def handshake(server: ssl.SSLContext, station: ssl.SSLContext, name: str) -> tuple[str, dict[str, object]]:
    """Connects over real sockets. Returns the TLS version and the station certificate that the server saw."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)
    seen: list[dict[str, object]] = []

    def serve() -> None:
        plain, _ = listening.accept()
        # What goes wrong here goes wrong at the station too, which tells.
        with contextlib.suppress(OSError), plain, server.wrap_socket(plain, server_side=True) as secured:
            seen.append(dict(secured.getpeercert() or {}))
            secured.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with (
            socket.create_connection(listening.getsockname(), timeout=10) as plain,
            station.wrap_socket(plain, server_hostname=name) as secured,
        ):
            # With TLS 1.3 a refused client certificate shows only when something is read.
            assert secured.recv(5) == b"hello"
            return str(secured.version()), seen[0]
    finally:
        thread.join()
        listening.close()


def contexts(directory: Path, server: Issued, station: Issued | None) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(server.certificate, server.key)
    serving.load_verify_locations(directory / "ca.crt")
    serving.verify_mode = ssl.CERT_REQUIRED
    connecting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    connecting.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    connecting.load_verify_locations(directory / "ca.crt")
    if station is not None:
        connecting.load_cert_chain(station.certificate, station.key)
    return serving, connecting


@pytest.mark.parametrize("rsa_key", [False, True])
@pytest.mark.parametrize("name", ["gateway.example.org", "a.chargers.example.org", "127.0.0.1", "::1"])
def test_a_station_and_the_gateway_trust_each_other(tmp_path: Path, name: str, rsa_key: bool) -> None:
    init_ca(tmp_path)
    names = ["gateway.example.org", "*.chargers.example.org", "127.0.0.1", "::1"]
    server = issue_server(tmp_path, names, rsa_key=rsa_key)
    station = issue_station(tmp_path, "CP-1", "Example Charging")
    version, peer = handshake(*contexts(tmp_path, server, station), name)
    assert version == "TLSv1.3"
    assert peer["subject"] == ((("commonName", "CP-1"),), (("organizationName", "Example Charging"),))


def test_a_name_that_was_not_issued_is_refused(tmp_path: Path) -> None:
    init_ca(tmp_path)
    server, station = issue_server(tmp_path, ["localhost"]), issue_station(tmp_path, "CP-1", "O")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(*contexts(tmp_path, server, station), "other.example.org")


def test_a_station_without_or_with_a_foreign_certificate_is_refused(tmp_path: Path) -> None:
    init_ca(tmp_path / "ours")
    init_ca(tmp_path / "theirs")
    server = issue_server(tmp_path / "ours", ["localhost"])
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(*contexts(tmp_path / "ours", server, None), "localhost")
    foreign = issue_station(tmp_path / "theirs", "CP-1", "O")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(*contexts(tmp_path / "ours", server, foreign), "localhost")
    # Nor may the gateway's own certificate pass for a station's: it is for servers only.
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(*contexts(tmp_path / "ours", server, server), "localhost")


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_what_stands_in_them(tmp_path: Path) -> None:
    authority = load(init_ca(tmp_path, name="My CA").certificate)
    server = load(
        issue_server(tmp_path, ["gw.example.org", "10.0.0.1", "gw.example.org"], organisation="Op").certificate
    )
    station = load(issue_station(tmp_path, "CP*1@x", "Op").certificate)

    assert authority.subject.rfc4514_string() == "CN=My CA"
    constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, True, 0)
    assert authority.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign

    key_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.key_identifier
    for leaf, purpose in ((server, ExtendedKeyUsageOID.SERVER_AUTH), (station, ExtendedKeyUsageOID.CLIENT_AUTH)):
        leaf.verify_directly_issued_by(authority)
        assert leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier == key_id
        assert leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.key_identifier != key_id
        assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [purpose]
        assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert leaf.not_valid_before_utc < datetime.now(UTC) < leaf.not_valid_after_utc
    assert len({certificate.serial_number for certificate in (authority, server, station)}) == 3
    assert [name.value for name in station.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["CP*1@x"]
    alternatives = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in alternatives] == ["gw.example.org", "10.0.0.1"]


def test_inspect(tmp_path: Path) -> None:
    init_ca(tmp_path)
    server = issue_server(tmp_path, ["gw.example.org", "::1"], rsa_key=True, organisation="Op", days=10)
    assert server.certificate == tmp_path / "server-rsa.crt"
    found, certificate = inspect(server.certificate), load(server.certificate)
    assert found == {
        "subject": "O=Op,CN=gw.example.org",
        "issuer": "CN=OCPP gateway development CA",
        "names": ["gw.example.org", "::1"],
        "not_before": certificate.not_valid_before_utc.isoformat().replace("+00:00", "Z"),
        "not_after": certificate.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        "key_type": "RSA",
        "key_bits": 2048,
        "serial": f"{certificate.serial_number:x}",
        "fingerprint_sha256": found["fingerprint_sha256"],
        "is_ca": False,
    }
    assert len(found["fingerprint_sha256"]) == 64
    authority = inspect(tmp_path / "ca.crt")
    assert (authority["is_ca"], authority["key_type"], authority["key_bits"]) == (True, "EC secp256r1", 256)
    with pytest.raises(ValueError, match="holds no certificate"):
        inspect(server.key)
    with pytest.raises(FileNotFoundError):
        inspect(tmp_path / "none.crt")


def test_nothing_outlives_its_ca(tmp_path: Path) -> None:
    init_ca(tmp_path, days=5)
    station = issue_station(tmp_path, "CP-1", "O", days=100)
    assert inspect(station.certificate)["not_after"] == inspect(tmp_path / "ca.crt")["not_after"]


def test_keys_are_private_and_files_are_kept(tmp_path: Path) -> None:
    authority = init_ca(tmp_path / "a" / "b")
    before = authority.key.read_bytes()
    assert stat.S_IMODE(authority.key.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError, match=r"ca\.crt and .*ca\.key exist; --force overwrites"):
        init_ca(tmp_path / "a" / "b")
    assert authority.key.read_bytes() == before

    authority.key.chmod(0o644)
    init_ca(tmp_path / "a" / "b", force=True)
    assert authority.key.read_bytes() != before
    assert stat.S_IMODE(authority.key.stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == ["ca.crt", "ca.key"]

    station = issue_station(tmp_path / "a" / "b", "CP-1", "O")
    station.certificate.unlink()
    with pytest.raises(FileExistsError, match=r"station-CP-1\.key exists"):
        issue_station(tmp_path / "a" / "b", "CP-1", "O")


def test_a_ca_that_is_missing_or_torn(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"ca\.crt does not exist; `certs init` makes it"):
        issue_server(tmp_path, ["localhost"])
    init_ca(tmp_path / "x")
    init_ca(tmp_path / "y")
    (tmp_path / "x" / "ca.key").write_bytes((tmp_path / "y" / "ca.key").read_bytes())
    with pytest.raises(ValueError, match=r"ca\.key is not the key of .*ca\.crt"):
        issue_server(tmp_path / "x", ["localhost"])
    assert not (tmp_path / "x" / "server.key").exists()


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([], "at least one name"),
        (["a" * 40 + "." + "b" * 24], "the common name holds 1 to 64 bytes, .* has 65; put a shorter name first"),
        (["ok.example.org", "a b"], "'a b' is neither a DNS name nor an IP address"),
        (["wss://x"], "neither a DNS name"),
    ],
)
def test_names_that_cannot_be(tmp_path: Path, names: list[str], why: str) -> None:
    init_ca(tmp_path)
    with pytest.raises(ValueError, match=why):
        issue_server(tmp_path, names)
    assert not (tmp_path / "server.crt").exists()


def test_a_long_name_may_stand_behind_a_short_one(tmp_path: Path) -> None:
    init_ca(tmp_path)
    long = "a" * 40 + "." + "b" * 40
    assert inspect(issue_server(tmp_path, ["gw", long]).certificate)["names"] == ["gw", long]


@pytest.mark.parametrize("identity", ["", "a/b", "..", "ä", "a b", "%41", "x" * 49])
def test_identities_that_cannot_be(tmp_path: Path, identity: str) -> None:
    init_ca(tmp_path)
    with pytest.raises(ValueError, match="is not a station identity"):
        issue_station(tmp_path, identity, "O")
    with pytest.raises(ValueError, match="the organisation holds 1 to 64 bytes"):
        issue_station(tmp_path, "CP-1", "ö" * 33)
