"""TLS towards stations and towards backends."""

import re
import ssl
import sys
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import NameOID

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

_CRL = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


_RESUMED_SECONDS = 600.0
"""A session that is resumed shows no certificate: for this long the one that was seen is believed."""


class ResumingContext(ssl.SSLContext):
    """For connections to one backend: the next goes on with the TLS session of one before, which spares both sides the
    certificates and their signatures (RFC 8446 section 2.2)."""

    _session: ssl.SSLSession | None = None
    _seen_at = 0.0

    def remember(self, connection: ssl.SSLObject, now: float) -> None:
        """A connection has been read from: its session may be gone on with. `now`: seconds, that never go back."""
        session = connection.session
        if session is None or not session.has_ticket:
            return
        if not connection.session_reused:
            self._seen_at = now
        elif now - self._seen_at >= _RESUMED_SECONDS:
            return
        self._session = session

    def forget(self, now: float) -> None:
        """To be called before each connection: what is too old is not gone on with."""
        if now - self._seen_at >= _RESUMED_SECONDS:
            self._session = None

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session or self._session)


class _Chain(NamedTuple):
    """One certificate file with its key. `kind` is the key's type: a context holds one chain of each."""

    certificate: Path
    key: Path
    names: frozenset[str]
    kind: str


def server_context(tls: ListenerTls) -> ssl.SSLContext:
    """The context of a listener's handshakes, which chooses among its certificates by SNI: those that carry the name
    asked for, one of each key type; without a name, or for one that none carries, those that share a name with the first.

    Raises OSError, ssl.SSLError, ValueError for files that cannot be used.
    """
    chains = [_chain(certificate, key) for certificate, key in zip(tls.certificate, tls.key, strict=True)]
    made: dict[tuple[_Chain, ...], ssl.SSLContext] = {}

    def context_for(names: frozenset[str]) -> ssl.SSLContext:
        kinds: dict[str, _Chain] = {}
        for chain in chains:
            if (chain is chains[0] and names == chain.names) or names & chain.names:
                kinds.setdefault(chain.kind, chain)
        group = tuple(kinds.values())
        if group not in made:
            made[group] = _server_context(tls, group)
        return made[group]

    default = context_for(chains[0].names)
    by_name = {name: context_for(frozenset([name])) for chain in chains for name in chain.names}
    if len(made) > 1:

        def choose(connection: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            asked = (name or "").casefold().rstrip(".")
            found = by_name.get(asked) or by_name.get("*." + asked.partition(".")[2])
            if found is not None:
                connection.context = found

        default.sni_callback = choose
    return default


def client_context(tls: BackendTls) -> ResumingContext:
    """The context for one backend: its chain and host name are always verified. Raises OSError, ssl.SSLError."""
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    # As `ssl.create_default_context` does.
    if sys.version_info >= (3, 13):
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | ssl.VERIFY_X509_STRICT
    if tls.ca is not None:
        context.load_verify_locations(tls.ca)
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


def files_of(tls: ListenerTls | BackendTls) -> tuple[Path, ...]:
    """Every file these settings name, keys included."""
    if isinstance(tls, ListenerTls):
        named = (*tls.certificate, *tls.key, tls.client_ca, *tls.client_crl)
    else:
        named = (tls.ca, tls.certificate, tls.key)
    return tuple(path for path in named if path is not None)


def expiries(tls: ListenerTls | BackendTls) -> dict[Path, float]:
    """When the first thing in each file ends to be valid, Unix time: a certificate, or a CRL, which no certificate is
    accepted after. Raises OSError, ValueError."""
    keys = tls.key if isinstance(tls, ListenerTls) else (tls.key,)
    return {path: expiry(path) for path in files_of(tls) if path not in keys}


def expiry(path: Path) -> float:
    """When the first certificate or CRL of a PEM file expires, Unix time; infinity for a CRL that names no time. Raises
    OSError, ValueError."""
    text = path.read_bytes()
    ends = [crl.next_update_utc for crl in _crls(text)]
    if not ends:
        ends = [certificate.not_valid_after_utc for certificate in x509.load_pem_x509_certificates(text)]
    return min(end.timestamp() if end is not None else float("inf") for end in ends)


def described(tls: ListenerTls | BackendTls) -> dict[Path, dict[str, object]]:
    """Of every file that is no key: its `use` (certificate, authority, revocations), `subject`, `issuer`, `names` of the
    first certificate in it, `expires` (Unix time, None for never). Raises OSError, ValueError."""
    keys = tls.key if isinstance(tls, ListenerTls) else (tls.key,)
    authority = tls.client_ca if isinstance(tls, ListenerTls) else tls.ca
    found: dict[Path, dict[str, object]] = {}
    for path in files_of(tls):
        if path in keys:
            continue
        end = expiry(path)
        told: dict[str, object] = {"use": "revocations", "subject": None, "issuer": None, "names": []}
        text = path.read_bytes()
        if not _crls(text):
            first = x509.load_pem_x509_certificates(text)[0]
            told = {
                "use": "authority" if path == authority else "certificate",
                "subject": first.subject.rfc4514_string(),
                "issuer": first.issuer.rfc4514_string(),
                "names": sorted(_names(first)),
            }
        found[path] = {**told, "expires": end if isfinite(end) else None}
    return found


def failure(error: BaseException) -> str:
    """What a handshake of a station failed of, as a metric's reason: `tls_version`, `tls_cipher`, `tls_certificate` (the
    station's), `tls_alert` (the station did not like ours), `tls_plaintext`, `tls_timeout`, `tls_gone`, `tls_other`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls_certificate"
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "reason", None) or ""
        if why in _REASONS:
            return _REASONS[why]
        if "_ALERT_" in why:
            return "tls_alert"
        return "tls_gone" if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) else "tls_other"
    # Both event loops say so when the time for a handshake is over.
    if isinstance(error, ConnectionAbortedError | TimeoutError):
        return "tls_timeout"
    return "tls_gone" if isinstance(error, OSError) else "tls_other"


_REASONS = {
    "UNSUPPORTED_PROTOCOL": "tls_version",
    "INAPPROPRIATE_FALLBACK": "tls_version",
    "VERSION_TOO_LOW": "tls_version",
    "UNKNOWN_PROTOCOL": "tls_version",
    "TLSV1_ALERT_PROTOCOL_VERSION": "tls_version",
    "NO_SHARED_CIPHER": "tls_cipher",
    "NO_SUITABLE_KEY_SHARE": "tls_cipher",
    "NO_SUITABLE_SIGNATURE_ALGORITHM": "tls_cipher",
    "NO_SHARED_SIGNATURE_ALGORITHMS": "tls_cipher",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "tls_certificate",
    "CERTIFICATE_VERIFY_FAILED": "tls_certificate",
    "HTTP_REQUEST": "tls_plaintext",
    "HTTPS_PROXY_REQUEST": "tls_plaintext",
    "WRONG_VERSION_NUMBER": "tls_plaintext",
}


def _server_context(tls: ListenerTls, chains: Iterable[_Chain]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version]
    context.set_ciphers(_LEGACY_CIPHERS if tls.min_version in ("1.0", "1.1") else f"{CIPHERS}:@SECLEVEL=2")
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    context.num_tickets = 1  # a station comes back on one connection
    for chain in chains:
        context.load_cert_chain(chain.certificate, chain.key)
    if tls.client_ca is not None:
        context.load_verify_locations(tls.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
    for path in tls.client_crl:
        if not _crls(path.read_bytes()):
            raise ValueError(f"{path} holds no certificate revocation list in PEM form")
        context.load_verify_locations(path)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _chain(certificate: Path, key: Path) -> _Chain:
    try:
        found = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except ValueError:
        # A form that only OpenSSL knows is served as the only one of its kind, or refused there with OpenSSL's reason.
        return _Chain(certificate, key, frozenset(), str(certificate))
    return _Chain(certificate, key, _names(found), type(found.public_key()).__name__)


def _names(certificate: x509.Certificate) -> frozenset[str]:
    """The DNS names of a certificate in lower case; its common name where it has no others."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = found.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    if not names:
        names = [str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return frozenset(name.casefold() for name in names)


def _crls(text: bytes) -> list[x509.CertificateRevocationList]:
    return [x509.load_pem_x509_crl(found) for found in _CRL.findall(text)]
