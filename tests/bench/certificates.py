"""A P-256 certificate for 127.0.0.1, and the CA it hangs from, for one run of the bench."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM: the CA, the server's certificate, its key, and the two in one file as HAProxy wants them."""

    ca: Path
    certificate: Path
    key: Path
    both: Path


def make(directory: Path) -> Certificates:
    """Write them into `directory`; valid for a day."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = _name("ocpp-gateway bench CA")
    authority = x509.BasicConstraints(ca=True, path_length=0)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
    ca = _builder(ca_name, ca_name, ca_key).add_extension(authority, critical=True).sign(ca_key, hashes.SHA256())
    leaf = _builder(_name("127.0.0.1"), ca_name, key).add_extension(names, critical=False).sign(ca_key, hashes.SHA256())
    files = Certificates(*(directory / name for name in ("ca.crt", "server.crt", "server.key", "server.pem")))
    chain = leaf.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    files.certificate.write_bytes(chain)
    files.key.write_bytes(secret)
    files.key.chmod(0o600)
    files.both.write_bytes(chain + secret)
    files.both.chmod(0o600)
    return files


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
