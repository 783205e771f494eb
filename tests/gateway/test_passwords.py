"""Password hashes: one line, one way, and no other form is taken."""

import base64
import hashlib

import pytest

from gateway.passwords import hash_password, read_hash, verify_password


@pytest.mark.parametrize("password", [b"geheim", bytes(range(256)), "pässword".encode(), b"x" * 1000])
def test_a_password_fits_its_line_only(password: bytes) -> None:
    line = hash_password(password)
    assert line.startswith("scrypt$16384$8$1$")
    assert line.count("$") == 5
    assert verify_password(password, line)
    assert not verify_password(password + b" ", line)
    assert not verify_password(b"", line)
    assert hash_password(password) != line


def test_it_is_plain_scrypt() -> None:
    n, r, p, salt, digest = read_hash(hash_password(b"geheim"))
    assert hashlib.scrypt(b"geheim", salt=salt, n=n, r=r, p=p, dklen=32) == digest
    # RFC 7914 section 12, third vector.
    known = bytes.fromhex(
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    )
    line = f"scrypt$16384$8$1${base64.b64encode(b'SodiumChloride').decode()}${base64.b64encode(known).decode()}"
    assert verify_password(b"pleaseletmein", line)


def test_no_empty_password() -> None:
    with pytest.raises(ValueError, match="empty"):
        hash_password(b"")


SALT, HASH = base64.b64encode(b"s" * 16).decode(), base64.b64encode(b"h" * 32).decode()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "geheim",
        f"bcrypt$16384$8$1${SALT}${HASH}",
        f"scrypt$16384$8$1${SALT}",
        f"scrypt$16384$8$x${SALT}${HASH}",
        f"scrypt$16384$8$1$?${HASH}",
        f"scrypt$1000$8$1${SALT}${HASH}",
        f"scrypt$0$8$1${SALT}${HASH}",
        f"scrypt$1073741824$8$1${SALT}${HASH}",
        f"scrypt$16384$8$1${SALT}$aGg=",
        f"scrypt$16384$8$1$$${HASH}",
    ],
)
def test_lines_of_another_form(line: str) -> None:
    with pytest.raises(ValueError, match=r"scrypt|salt") as caught:
        verify_password(b"x", line)
    assert not line or line not in str(caught.value)
