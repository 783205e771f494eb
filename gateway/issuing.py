"""Certificates of stations that change over OCPP: signed here for a request, or looked at on their way from a CSMS.

Rules followed: OCPP 1.6 security whitepaper and 2.0.1 A00.FR.5xx (112 bits of security, SHA-256, the common name is the
station's, the organisation the operator's), A02 and A03.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.certificates import key_usage, load_ca, subject_name, unsigned
from gateway.certified import Expected, objection
from gateway.config import StationCa

_LEAST_RSA_BITS, _MOST_RSA_BITS, _LEAST_EC_BITS = 2048, 8192, 224
_WEAK_HASHES = (hashes.SHA1, hashes.MD5)
_LONGEST_CHAIN = 10


class CsrError(Exception):
    """A request that is not to be signed. The text says why."""


class Issued(NamedTuple):
    """PEM: the certificate alone, and with the authorities between it and the root. `sha256` is its fingerprint."""

    leaf: str
    chain: str
    sha256: str


def issue(authority: StationCa, csr: str, name: str, organisations: Sequence[str]) -> Issued:
    """A certificate for a station's request (PEM), whatever name the request has: `name` is its common name, and its
    organisation one of `organisations`, the request's own where there are none. Raises CsrError, and OSError or ValueError
    when the authority cannot be used."""
    request = _checked(csr)
    asked = [str(one.value) for one in request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    organisation = next((one for one in asked if not organisations or one in organisations), None)
    if organisation is None and organisations:
        organisation = organisations[0]
    certificate, key = load_ca(authority.certificate, authority.key)
    try:
        subject = subject_name(name, organisation)
    except ValueError as error:
        raise CsrError(str(error)) from None
    public = request.public_key()
    assert isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    builder = unsigned(subject, certificate.subject, public, key, authority.days, certificate.not_valid_after_utc)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    made = builder.sign(key, hashes.SHA256())
    above = [one for one in _all(authority.certificate.read_bytes()) if one.issuer != one.subject]
    leaf = _pem(made)
    return Issued(leaf, leaf + "".join(map(_pem, above)), made.fingerprint(hashes.SHA256()).hex())


def fingerprint(chain: str) -> str | None:
    """SHA-256 of the first certificate of a chain in PEM; None when there is none."""
    try:
        return _all(chain.encode())[0].fingerprint(hashes.SHA256()).hex()
    except (ValueError, IndexError):
        return None


def distrust(chain: str, expected: Expected, authorities: Collection[Path]) -> str | None:
    """Why a station could not come in with this chain (PEM) where these files name the authorities; None: it could. The
    dates, strengths and signatures along the chain are TLS's to judge."""
    try:
        first, *others = _all(chain.encode())
    except ValueError:
        return "it cannot be read"
    why = objection(first.public_bytes(serialization.Encoding.DER), expected, datetime.now(UTC))
    if why is not None:
        return why
    try:
        roots = [one for path in authorities for one in _all(path.read_bytes())]
    except (OSError, ValueError) as error:
        return f"client_ca cannot be read: {error}"
    below = first
    for _ in range(_LONGEST_CHAIN):
        if any(_issued(below, root) for root in roots):
            return None
        above = next((one for one in others if _issued(below, one)), None)
        if above is None:
            break
        others.remove(above)
        below = above
    return "its authority is not in client_ca"


def _checked(csr: str) -> x509.CertificateSigningRequest:
    try:
        request = x509.load_pem_x509_csr(csr.encode())
        key = request.public_key()
        is_signed = request.is_signature_valid
        weak = isinstance(request.signature_hash_algorithm, _WEAK_HASHES)
    except (ValueError, TypeError, x509.UnsupportedGeneralNameType) as error:
        raise CsrError(f"the request cannot be read: {type(error).__name__}") from None
    except Exception as error:  # keys of kinds that the library does not know have an error of their own
        raise CsrError(f"the request cannot be used: {type(error).__name__}") from None
    if not is_signed:
        raise CsrError("the request is not signed with its key")
    if weak:
        raise CsrError("the request is signed with a weak hash")
    if isinstance(key, rsa.RSAPublicKey):
        fits = _LEAST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS
    elif isinstance(key, ec.EllipticCurvePublicKey):
        fits = key.key_size >= _LEAST_EC_BITS
    else:
        raise CsrError("the request's key is neither RSA nor EC")
    if not fits:
        raise CsrError(f"the request's key has {key.key_size} bits")
    return request


def _issued(below: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _all(pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")
