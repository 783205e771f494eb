"""Whether a station's certificate proves its identity. PURE.

The TLS library has judged the chain, revocation, purpose and the strength of keys and signatures along it (OpenSSL's
security level 2), and ended the handshake where they would not do. Here the certificate itself is looked at once more, on
every listener, and its subject is bound to the identity (OCPP 1.6 security whitepaper and 2.0.1 A00.FR.4xx and 5xx).
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_WEAK_HASHES = (hashes.SHA1, hashes.MD5)
_LEAST_RSA_BITS, _LEAST_EC_BITS = 2048, 224
"""112 bits of security (A00.FR.502)."""


class Expected(NamedTuple):
    """What a station's certificate must be. Without `cn` and `sha256` its common name is the identity; `organisations`
    empty: any. Fingerprints are lower-case hex."""

    key: str
    cn: str | None = None
    sha256: tuple[str, ...] = ()
    organisations: Collection[str] = ()


def objection(der: bytes, expected: Expected, now: datetime) -> str | None:
    """Why this certificate (DER) does not prove the identity; None: it does. `now` is aware of its zone."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        weak = _weakness(certificate)
        names = _values(certificate.subject, NameOID.COMMON_NAME)
        organisations = _values(certificate.subject, NameOID.ORGANIZATION_NAME)
    except (ValueError, x509.DuplicateExtension):
        return "the certificate cannot be read"
    if weak is not None:
        return weak
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return "the certificate is not valid now"
    if expected.organisations and not set(organisations) & set(expected.organisations):
        return "the certificate is of another organisation"
    if expected.sha256 and certificate.fingerprint(hashes.SHA256()).hex() not in expected.sha256:
        return "the certificate is not the one of this station"
    if expected.cn is None and expected.sha256:
        return None
    wanted = expected.cn if expected.cn is not None else expected.key
    # Two common names could be read as one station here and as another elsewhere.
    if len(names) != 1 or names[0].casefold() != wanted.casefold():
        return "the certificate is another station's"
    return None


def _weakness(certificate: x509.Certificate) -> str | None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        return f"the certificate's key has {key.key_size} bits"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _LEAST_EC_BITS:
        return f"the certificate's key has {key.key_size} bits"
    if isinstance(certificate.signature_hash_algorithm, _WEAK_HASHES):
        return f"the certificate is signed with {certificate.signature_hash_algorithm.name}"
    try:
        if certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return "the certificate is an authority's"
    except x509.ExtensionNotFound:
        pass
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        # RFC 5280 section 4.2.1.12: without the extension it is good for any purpose.
        return None
    return None if ExtendedKeyUsageOID.CLIENT_AUTH in purposes else "the certificate is not for TLS clients"


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    return [str(attribute.value) for attribute in name.get_attributes_for_oid(oid)]
