"""Whether the certificate files of a section can be used: pairs that fit, authorities that parse, dates to come."""

import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.config.document import Document, Mistake, Steps
from gateway.config.values import resolve

_SOON = timedelta(days=14)
# OpenSSL's words for a key of another certificate: of the same kind, of another kind.
_MISMATCHES = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}


def pairs(document: Document, here: Steps, certificates: list[str], keys: list[str]) -> Iterator[Mistake]:
    """Mistakes of the parallel values `certificate` and `key` under `here`. Files that cannot be read are left out."""
    if len(certificates) != len(keys):
        # A listener that lacks one of the two is told so by the model; for a backend both are optional.
        if certificates and keys:
            what = f"the lists should be parallel; certificate has {len(certificates)}, key has {len(keys)}"
            yield document.mistake((*here, "key"), what)
        elif here[0] == "backends":
            has, lacks = ("certificate", "key") if certificates else ("key", "certificate")
            yield document.mistake((*here, has), f"needs a {lacks} beside it")
        return
    is_list = isinstance(document.get(*here, "key"), list)
    for index, (certificate, key) in enumerate(zip(certificates, keys, strict=True)):
        names = resolve(certificate, document.base), resolve(key, document.base)
        if not all(name.is_file() for name in names):
            continue
        if (trouble := _cannot_load(*names)) is not None:
            yield document.mistake((*here, "key", index) if is_list else (*here, "key"), trouble)


def _cannot_load(certificate: Path, key: Path) -> str | None:
    def no_password() -> str:
        raise ValueError("encrypted")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, no_password)
    except ValueError:
        return f"{key} is encrypted; keys are read without a password"
    except ssl.SSLError as error:
        if error.reason in _MISMATCHES:
            return f"{key} is not the key of {certificate}"
        return f"{certificate} and {key} are not a certificate and key in PEM form ({error.reason or 'unreadable'})"
    except OSError as error:
        return f"{error.filename or key}: {error.strerror}"
    return None


def authorities(document: Document, steps: Steps) -> Iterator[Mistake]:
    """A mistake where the file at `steps` exists and holds no certificate."""
    name = document.get(*steps)
    if not isinstance(name, str) or not (path := resolve(name, document.base)).is_file():
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        yield document.mistake(steps, f"{path} holds no certificate in PEM form")
    except OSError:
        return


def revocations(document: Document, steps: Steps) -> Iterator[Mistake]:
    """A mistake for each file at `steps` that exists and holds no revocation list."""
    listed = isinstance(document.get(*steps), list)
    for place in document.steps(*steps) if listed else [steps]:
        name = document.get(*place)
        if not isinstance(name, str) or not (path := resolve(name, document.base)).is_file():
            continue
        try:
            if b"-----BEGIN X509 CRL-----" not in path.read_bytes():
                raise ssl.SSLError
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except ssl.SSLError:
            yield document.mistake(place, f"{path} holds no certificate revocation list in PEM form")
        except OSError:
            continue


def expiries(document: Document, steps: Steps, certificates: Sequence[Path]) -> Iterator[Mistake]:
    """A warning for each certificate that is not valid now or not much longer."""
    from cryptography import x509

    now = datetime.now(UTC)
    is_list = isinstance(document.get(*steps), list)
    for index, path in enumerate(certificates):
        try:
            found = x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError):
            continue  # OpenSSL, which serves it, has read it; a form only it knows has no date for us
        if now > found.not_valid_after_utc:
            what = f"{path} expired on {found.not_valid_after_utc:%Y-%m-%d}"
        elif now < found.not_valid_before_utc:
            what = f"{path} is not valid before {found.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        elif found.not_valid_after_utc - now < _SOON:
            what = f"{path} expires on {found.not_valid_after_utc:%Y-%m-%d}"
        else:
            continue
        yield document.mistake((*steps, index) if is_list else steps, what)
