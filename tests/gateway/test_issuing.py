"""Certificates that are signed here for a station's request, or looked at on their way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from gateway.certified import Expected, objection
from gateway.config import StationCa
from gateway.issuing import CsrError, distrust, fingerprint, issue
from tests.pki import Authority, rsa_key


def request(key: Any, digest: Any = None, o: str | None = "Operator") -> str:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, "whatever")]
    attributes += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, o)] if o else []
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes)).sign(key, digest)
    return made.public_bytes(serialization.Encoding.PEM).decode()


def ca(authority: Authority) -> StationCa:
    key = authority.folder / "ca.key"
    pkcs8 = serialization.PrivateFormat.PKCS8
    key.write_bytes(authority.key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()))
    return StationCa(certificate=authority.file, key=key, days=30)


def test_what_is_issued_proves_the_station(tmp_path: Path) -> None:
    root = Authority(tmp_path, "root")
    below = Authority(tmp_path, "below", root)
    for key in (ec.generate_private_key(ec.SECP256R1()), rsa_key()):
        issued = issue(ca(below), request(key, hashes.SHA256()), "CP-1", ["Operator"])
        made, above = x509.load_pem_x509_certificates(issued.chain.encode())
        assert above == below.certificate
        assert fingerprint(issued.chain) == issued.sha256 == made.fingerprint(hashes.SHA256()).hex()
        expected = Expected("cp-1", organisations=("Operator",))
        assert objection(made.public_bytes(serialization.Encoding.DER), expected, datetime.now(UTC)) is None
        assert distrust(issued.chain, expected, [root.file]) is None
        assert distrust(issued.leaf, expected, [root.file]) == "its authority is not in client_ca"
        assert distrust(issued.leaf, expected, [below.file]) is None
        assert made.not_valid_after_utc <= datetime.now(UTC) + timedelta(days=30)


@pytest.mark.parametrize(
    ("asked", "allowed", "given"),
    [
        ("Operator", [], ["Operator"]),
        (None, [], []),
        ("Other", ["Operator", "Second"], ["Operator"]),
        ("Second", ["Operator", "Second"], ["Second"]),
    ],
)
def test_whose_station_it_is(tmp_path: Path, asked: str | None, allowed: list[str], given: list[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    issued = issue(ca(Authority(tmp_path)), request(key, hashes.SHA256(), asked), "CP-1", allowed)
    subject = x509.load_pem_x509_certificate(issued.leaf.encode()).subject
    assert [one.value for one in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == given
    assert [one.value for one in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["CP-1"]


def test_requests_that_are_not_signed(tmp_path: Path) -> None:
    authority = ca(Authority(tmp_path))
    good = request(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    broken = x509.load_pem_x509_csr(good.encode()).public_bytes(serialization.Encoding.DER)
    forged = broken.replace(b"whatever", b"somebody")
    told = {
        "cannot be read": "nonsense",
        "1024 bits": request(rsa_key(1024), hashes.SHA256()),
        "192 bits": request(ec.generate_private_key(ec.SECP192R1()), hashes.SHA256()),
        "neither RSA nor EC": request(ed25519.Ed25519PrivateKey.generate()),
        "not signed with its key": x509.load_der_x509_csr(forged).public_bytes(serialization.Encoding.PEM).decode(),
    }
    for why, csr in told.items():
        with pytest.raises(CsrError, match=why):
            issue(authority, csr, "CP-1", [])
    with pytest.raises(CsrError, match="1 to 64 bytes"):
        issue(authority, good, "C" * 65, [])
    authority.key.unlink()
    with pytest.raises(FileNotFoundError):
        issue(authority, good, "CP-1", [])


def test_chains_that_are_none(tmp_path: Path) -> None:
    root = Authority(tmp_path)
    own = root.issue("own").certificate.read_text()
    assert fingerprint("nonsense") is None
    assert distrust("nonsense", Expected("cp-1"), [root.file]) == "it cannot be read"
    assert distrust(own, Expected("cp-2"), [root.file]) == "the certificate is another station's"
    assert distrust(own, Expected("cp-1"), []) == "its authority is not in client_ca"
    assert "cannot be read" in str(distrust(own, Expected("cp-1"), [tmp_path / "gone.crt"]))
