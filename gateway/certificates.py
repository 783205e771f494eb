"""A development CA and the certificates it issues: for trying things out and for tests, not a PKI.

Rules followed: OCPP security whitepaper A00.FR.401-514 (P-256 or RSA-2048, SHA-256, PEM, a serial number, CN of a station
is its identity, O the operator) and RFC 5280 (AKI, SKI, key usage). Server certificates carry their names in CN *and* SAN:
old stations read only the one, current TLS libraries only the other.
"""

import ipaddress
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.identity import read_identity

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

CA_DAYS, SERVER_DAYS, STATION_DAYS = 3650, 397, 1825
_NAME_BYTES = 64
_CLOCK_SKEW = timedelta(days=1)
_DNS = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*")


@dataclass(frozen=True, slots=True)
class Issued:
    """The two files that were written. The key is readable by its owner only."""

    certificate: Path
    key: Path


class Inspection(TypedDict):
    """What `inspect` tells. Times are ISO 8601 in UTC; `key_type` is `EC secp256r1` or `RSA`."""

    subject: str
    issuer: str
    names: list[str]
    not_before: str
    not_after: str
    key_type: str
    key_bits: int
    serial: str
    fingerprint_sha256: str
    is_ca: bool


def init_ca(
    directory: Path, *, name: str = "OCPP gateway development CA", days: int = CA_DAYS, force: bool = False
) -> Issued:
    """Makes `ca.crt` and `ca.key` in `directory`, which is created. Raises FileExistsError unless `force`."""
    issued = _files(directory, "ca", force)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = subject_name(name)
    builder = unsigned(subject, subject, key.public_key(), key, days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(key_usage(sign_certificates=True), critical=True)
    return _write(issued, key, builder.sign(key, hashes.SHA256()))


def issue_server(
    directory: Path,
    names: Sequence[str],
    *,
    rsa_key: bool = False,
    organisation: str | None = None,
    days: int = SERVER_DAYS,
    force: bool = False,
) -> Issued:
    """A server certificate for DNS names and IP addresses by the CA in `directory`: `server.crt` and `server.key`.

    With `rsa_key` RSA-2048 in `server-rsa.*`, to stand beside the P-256 one. The first name is the CN as well.
    Raises ValueError for a name that is none or too long, FileNotFoundError without a CA, FileExistsError unless `force`.
    """
    if not names:
        raise ValueError("a server certificate needs at least one name")
    subject = subject_name(names[0], organisation)
    alternatives = x509.SubjectAlternativeName([_general_name(name) for name in dict.fromkeys(names)])
    issued = _files(directory, "server-rsa" if rsa_key else "server", force)
    key: PrivateKey = _rsa() if rsa_key else ec.generate_private_key(ec.SECP256R1())
    usage = key_usage(encipher_keys=rsa_key)
    return _issue(directory, issued, subject, key, usage, ExtendedKeyUsageOID.SERVER_AUTH, days, alternatives)


def issue_station(
    directory: Path, identity: str, organisation: str, *, days: int = STATION_DAYS, force: bool = False
) -> Issued:
    """A station certificate by the CA in `directory`, CN the identity, O the operator: `station-IDENTITY.crt` and `.key`.

    Raises ValueError for an identity that is none, FileNotFoundError without a CA, FileExistsError unless `force`.
    """
    found = read_identity(identity)
    if found is None or found.spelt != identity:
        raise ValueError(f"{identity!r} is not a station identity: 1 to 48 of A-Z a-z 0-9 * - _ = + | @ .")
    subject = subject_name(identity, organisation)
    issued = _files(directory, f"station-{identity}", force)
    key = ec.generate_private_key(ec.SECP256R1())
    return _issue(directory, issued, subject, key, key_usage(), ExtendedKeyUsageOID.CLIENT_AUTH, days)


def inspect(path: Path) -> Inspection:
    """The first certificate of a PEM file. Raises OSError, and ValueError for a file that holds none."""
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        raise ValueError(f"{path} holds no certificate in PEM form") from None
    key_type, bits = _key_kind(found.public_key())
    return {
        "subject": found.subject.rfc4514_string(),
        "issuer": found.issuer.rfc4514_string(),
        "names": _names(found),
        "not_before": f"{found.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{found.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        "key_type": key_type,
        "key_bits": bits,
        "serial": f"{found.serial_number:x}",
        "fingerprint_sha256": found.fingerprint(hashes.SHA256()).hex(),
        "is_ca": _is_ca(found),
    }


def _issue(
    directory: Path,
    issued: Issued,
    subject: x509.Name,
    key: PrivateKey,
    usage: x509.KeyUsage,
    purpose: x509.ObjectIdentifier,
    days: int,
    alternatives: x509.SubjectAlternativeName | None = None,
) -> Issued:
    authority, authority_key = load_ca(directory / "ca.crt", directory / "ca.key")
    builder = unsigned(subject, authority.subject, key.public_key(), authority_key, days, authority.not_valid_after_utc)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if alternatives is not None:
        builder = builder.add_extension(alternatives, critical=False)
    return _write(issued, key, builder.sign(authority_key, hashes.SHA256()))


def unsigned(
    subject: x509.Name,
    issuer: x509.Name,
    key: PublicKey,
    issuer_key: PrivateKey,
    days: int,
    at_most: datetime | None = None,
) -> x509.CertificateBuilder:
    """A certificate but for its extensions of purpose and its signature; `at_most`: it ends no later."""
    # A station's clock may be behind before its first BootNotification; a day covers time zones taken for UTC.
    now = datetime.now(UTC).replace(microsecond=0)
    end = now + timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(min(end, at_most) if at_most else end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def key_usage(*, sign_certificates: bool = False, encipher_keys: bool = False) -> x509.KeyUsage:
    """For signatures, or an authority's."""
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_encipherment=encipher_keys,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def subject_name(common_name: str, organisation: str | None = None) -> x509.Name:
    """Raises ValueError for one that is empty or too long."""
    parts = {
        "common name": (NameOID.COMMON_NAME, common_name),
        "organisation": (NameOID.ORGANIZATION_NAME, organisation),
    }
    attributes = []
    for what, (oid, value) in parts.items():
        if value is None:
            continue
        size = len(value.encode())
        if not 1 <= size <= _NAME_BYTES:
            hint = "; put a shorter name first" if what == "common name" else ""
            raise ValueError(f"the {what} holds 1 to {_NAME_BYTES} bytes, {value!r} has {size}{hint}")
        attributes.append(x509.NameAttribute(oid, value))
    return x509.Name(attributes)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        if not _DNS.fullmatch(name) or len(name) > 253:
            raise ValueError(f"{name!r} is neither a DNS name nor an IP address") from None
        return x509.DNSName(name)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in found]


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _key_kind(key: CertificatePublicKeyTypes) -> tuple[str, int]:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}", key.key_size
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    return type(key).__name__.removesuffix("PublicKey"), getattr(key, "key_size", 256)


def load_ca(certificate: Path, key: Path) -> tuple[x509.Certificate, PrivateKey]:
    """An authority's certificate (the first in its file) with its key. Raises OSError, and ValueError for files that are
    none or do not belong together."""
    for path in (certificate, key):
        if not path.is_file():
            raise FileNotFoundError(f"{path} does not exist; `certs init` makes it")
    authority = x509.load_pem_x509_certificate(certificate.read_bytes())
    authority_key = serialization.load_pem_private_key(key.read_bytes(), password=None)
    if not isinstance(authority_key, PrivateKey) or authority_key.public_key() != authority.public_key():
        raise ValueError(f"{key} is not the key of {certificate}")
    return authority, authority_key


def _files(directory: Path, stem: str, force: bool) -> Issued:
    issued = Issued(directory / f"{stem}.crt", directory / f"{stem}.key")
    there = [str(path) for path in (issued.certificate, issued.key) if path.exists()]
    if there and not force:
        raise FileExistsError(f"{' and '.join(there)} exist{'s' if len(there) == 1 else ''}; --force overwrites")
    return issued


def _write(issued: Issued, key: PrivateKey, certificate: x509.Certificate) -> Issued:
    issued.key.parent.mkdir(parents=True, exist_ok=True)
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    _write_file(issued.key, key.private_bytes(serialization.Encoding.PEM, pkcs8, plain), 0o600)
    _write_file(issued.certificate, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return issued


def _write_file(path: Path, octets: bytes, mode: int) -> None:
    # Written beside and renamed, so that nobody ever reads half a key; made with its mode, so that nobody reads it early.
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
