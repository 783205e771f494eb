"""TLS towards stations and towards backends."""

import ssl
from pathlib import Path

from cryptography import x509

from gateway.config import BackendTls, ListenerTls

# The four suites a CSMS shall support (security whitepaper for 1.6-J A00.FR.317/421, 2.0.1 part 2 A00.FR.318) and
# their ECDHE-RSA and CHACHA20 kin; OpenSSL adds those of TLS 1.3. Forward secrecy first.
CIPHERS = ":".join(
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    )
)
# TLS 1.0 and 1.1 only exist with SHA-1, which OpenSSL's default security level refuses.
_LEGACY_CIPHERS = f"{CIPHERS}:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:AES128-SHA:@SECLEVEL=0"

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


def server_context(tls: ListenerTls) -> ssl.SSLContext:
    """The context of a listener. Raises OSError or ssl.SSLError for files that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version]
    context.set_ciphers(_LEGACY_CIPHERS if tls.min_version in ("1.0", "1.1") else CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    load_certificates(context, tls)
    return context


def check_certificates(tls: ListenerTls) -> None:
    """Whether the listener's files can be used, without using them. Raises OSError, SSLError, ValueError."""
    scratch = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for certificate, key in zip(tls.certificate, tls.key, strict=True):
        scratch.load_cert_chain(certificate, key)
        expiry(certificate)
    if tls.client_ca is not None:
        scratch.load_verify_locations(tls.client_ca)


def load_certificates(context: ssl.SSLContext, tls: ListenerTls) -> None:
    """Read the listener's files into a context; the next handshake uses them, live connections keep theirs. A bad file
    changes nothing. Raises OSError, SSLError, ValueError."""
    check_certificates(tls)
    for certificate, key in zip(tls.certificate, tls.key, strict=True):
        context.load_cert_chain(certificate, key)
    if tls.client_ca is not None:
        context.load_verify_locations(tls.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL


def client_context(tls: BackendTls) -> ssl.SSLContext:
    """The context for one backend: its chain and host name are always verified. Raises OSError, ssl.SSLError."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=tls.ca)
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


def expiry(certificate: Path) -> float:
    """When the first certificate of a PEM file expires, Unix time. Raises OSError, ValueError."""
    first = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    return first.not_valid_after_utc.timestamp()
