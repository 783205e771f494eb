"""Password hashes of the stations file: scrypt (RFC 7914) in one line of text."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets

_N, _R, _P = 16384, 8, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
_MOST_MEMORY = 64 * 1024 * 1024
_HEX = re.compile(rb"[0-9A-Fa-f]+")


def hash_password(password: bytes) -> str:
    """`scrypt$n$r$p$salt$hash`, salt and hash in base64. The same password gives another line each time.

    `password` is what a station sends in HTTP Basic: for 1.6 the octets of its AuthorizationKey, not their hex digits.
    Takes some 50 ms and 16 MiB. Raises ValueError for an empty password.
    """
    if not password:
        raise ValueError("the password is empty")
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _scrypt(password, salt, _N, _R, _P, _HASH_BYTES)
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(digest)}"


def verify_password(password: bytes, line: str) -> bool:
    """Whether `line` was made from `password`; compared in constant time. Raises ValueError for a line of another form."""
    n, r, p, salt, digest = read_hash(line)
    return hmac.compare_digest(_scrypt(password, salt, n, r, p, len(digest)), digest)


def decoy() -> str:
    """A line that no password fits: verifying against it is the work of verifying against a real one."""
    return f"scrypt${_N}${_R}${_P}${_text(secrets.token_bytes(_SALT_BYTES))}${_text(secrets.token_bytes(_HASH_BYTES))}"


def spellings(password: bytes) -> tuple[bytes, ...]:
    """What the password of HTTP Basic may mean, as sent first.

    A 1.6 AuthorizationKey is 16 to 20 octets, written as 32 to 40 hex digits in OCPP and sent as octets in HTTP Basic
    (OCPP 1.6 security whitepaper A00.FR.205, A00.FR.304). Stations in the field send the digits, in either letter case.
    """
    found = [password]
    if 32 <= len(password) <= 40 and len(password) % 2 == 0 and _HEX.fullmatch(password):
        found.append(bytes.fromhex(password.decode("ascii")))
    elif 16 <= len(password) <= 20:
        found += [password.hex().encode(), password.hex().upper().encode()]
    return tuple(dict.fromkeys(found))


def forms(subprotocol: str, value: str) -> tuple[bytes, ...]:
    """What a station may send in HTTP Basic that a CSMS gave this password to, so that each is a `spelling` of one.

    A 1.6 AuthorizationKey is octets in hex digits; a text that is not, and one that is too short or too long to be known
    for one, may be sent as it is. A BasicAuthPassword is the password itself, in UTF-8.
    """
    text = value.encode("utf-8", "surrogatepass")
    if subprotocol != "ocpp1.6" or len(text) % 2 or not _HEX.fullmatch(text):
        return (text,)
    octets = bytes.fromhex(value)
    return (octets,) if 32 <= len(text) <= 40 else (octets, text)


def read_hash(line: str) -> tuple[int, int, int, bytes, bytes]:
    """n, r, p, salt and hash of a line. Raises ValueError; its text never repeats the line."""
    name, *rest = line.split("$")
    if name != "scrypt" or len(rest) != 5:
        raise ValueError("should be scrypt$n$r$p$salt$hash, as `ocpp-gateway password hash` prints it")
    try:
        n, r, p = (int(number) for number in rest[:3])
        salt, digest = (base64.b64decode(part, validate=True) for part in rest[3:])
    except (ValueError, binascii.Error):
        raise ValueError("scrypt$n$r$p$salt$hash needs three numbers and two base64 texts") from None
    if n < 2 or n & (n - 1) or r < 1 or p < 1 or 128 * r * (n + p + 2) > _MOST_MEMORY:
        raise ValueError("the scrypt numbers are out of range")
    if len(salt) < 8 or len(digest) < 16:
        raise ValueError("the salt or the hash is too short")
    return n, r, p, salt, digest


def _scrypt(password: bytes, salt: bytes, n: int, r: int, p: int, size: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=size)


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
