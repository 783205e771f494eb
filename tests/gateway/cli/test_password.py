"""`password hash`: a line in, a line out, the password nowhere."""

import pytest

from gateway.passwords import verify_password
from tests.gateway.cli.run_command import ocpp_gateway


@pytest.mark.parametrize(
    ("stdin", "password"),
    [
        (b"geheim\n", b"geheim"),
        (b"geheim", b"geheim"),
        (b"geheim\r\nnext\n", b"geheim"),
        (b" two words \n", b" two words "),
        (b"\xff\x00\n", b"\xff\x00"),
    ],
)
def test_a_line_is_hashed(stdin: bytes, password: bytes) -> None:
    code, out, err = ocpp_gateway("password", "hash", stdin=stdin)
    assert (code, err) == (0, "")
    assert out.endswith("\n")
    assert len(out.splitlines()) == 1
    assert "geheim" not in out
    assert verify_password(password, out.rstrip("\n"))


def test_hex_digits_are_octets() -> None:
    code, out, _ = ocpp_gateway("password", "hash", "--hex", stdin=b"0aFF0d0A\n")
    assert code == 0
    assert verify_password(b"\x0a\xff\x0d\x0a", out.rstrip("\n"))


@pytest.mark.parametrize(
    ("arguments", "stdin", "why"),
    [
        ([], b"", "the password is empty"),
        ([], b"\n", "the password is empty"),
        (["--hex"], b"0g\n", "--hex wants pairs of hex digits"),
    ],
)
def test_nothing_to_hash(arguments: list[str], stdin: bytes, why: str) -> None:
    assert ocpp_gateway("password", "hash", *arguments, stdin=stdin) == (2, "", f"ocpp-gateway: {why}\n")
