"""Certificates of every kind for tests, right and wrong ones."""

import ipaddress
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
CLIENT, SERVER = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True)
class Files:
    certificate: Path
    key: Path
    serial: int = 0

    @property
    def pair(self) -> tuple[Path, Path]:
        return self.certificate, self.key

    @property
    def der(self) -> bytes:
        found = x509.load_pem_x509_certificates(self.certificate.read_bytes())[0]
        return found.public_bytes(serialization.Encoding.DER)


@cache
def rsa_key(bits: int = 2048, number: int = 0) -> rsa.RSAPrivateKey:
    """One key of each size for the whole run: making them is slow. Another `number` is another key."""
    return rsa.generate_private_key(65537, bits)


class Authority:
    """A CA, or one below another, in a folder."""

    def __init__(self, folder: Path, name: str = "root", parent: "Authority | None" = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.parent = parent
        issuer, issuer_key = (parent.name, parent.key) if parent else (self.name, self.key)
        builder = _builder(self.name, issuer, self.key, issuer_key, datetime.now(UTC), 0, 365)
        builder = builder.add_extension(x509.BasicConstraints(True, None), True).add_extension(_usage(True), True)
        self.certificate = builder.sign(issuer_key, hashes.SHA256())
        self.file = folder / f"{name}.crt"
        self.file.write_bytes(_pem(self.certificate))

    def issue(
        self,
        stem: str,
        cn: str | Sequence[str] = "CP-1",
        *,
        o: str | None = "Operator",
        names: Sequence[str] = (),
        key: Key | None = None,
        purposes: Sequence[x509.ObjectIdentifier] | None = (CLIENT,),
        begins: int = -1,
        ends: int = 30,
        ca: bool = False,
        above: Sequence["Authority"] = (),
    ) -> Files:
        """A certificate by this authority with its key; days from now; `above`: authorities put behind it in the file."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, one) for one in ([cn] if isinstance(cn, str) else cn)]
        attributes += [x509.NameAttribute(NameOID.ORGANIZATION_NAME, o)] if o else []
        builder = _builder(x509.Name(attributes), self.name, key, self.key, datetime.now(UTC), begins, ends)
        builder = builder.add_extension(x509.BasicConstraints(ca, None), True).add_extension(_usage(ca), True)
        if purposes is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), False)
        made = builder.sign(self.key, hashes.SHA256())
        files = Files(self.folder / f"{stem}.crt", self.folder / f"{stem}.key", made.serial_number)
        pkcs8 = serialization.PrivateFormat.PKCS8
        files.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()))
        files.certificate.write_bytes(b"".join(map(_pem, (made, *(one.certificate for one in above)))))
        return files

    def issue_with_sha1(self, stem: str, cn: str = "CP-1") -> Files:
        """Only OpenSSL's own tool still signs with SHA-1."""
        files = self.issue(stem, cn)
        request, key = self.folder / f"{stem}.csr", self.folder / "authority.key"
        pkcs8 = serialization.PrivateFormat.PKCS8
        key.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()))
        for command in (
            ["req", "-new", "-key", files.key, "-subj", f"/CN={cn}", "-out", request],
            ["x509", "-req", "-in", request, "-CA", self.file, "-CAkey", key, "-sha1", "-out", files.certificate],
        ):
            subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True, timeout=30)
        return files

    def revoke(self, *serials: int, ends: int = 30) -> Path:
        """This authority's revocation list, written anew."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.name)
        builder = builder.last_update(now - timedelta(days=60)).next_update(now + timedelta(days=ends))
        for serial in serials:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - timedelta(days=1))
            builder = builder.add_revoked_certificate(one.build())
        path = self.folder / "revoked.crl"
        replace(path, builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return path


def replace(path: Path, octets: bytes) -> None:
    """In one step, as it should be."""
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(octets)
    beside.replace(path)


def _builder(
    name: x509.Name, issuer: x509.Name, key: Key, issuer_key: Key, now: datetime, begins: int, ends: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins, minutes=-5))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
    )


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
