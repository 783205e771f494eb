"""permessage-deflate: which offers are taken and how they are answered, and messages there and back."""

import json
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.deflate import BadDataError, Deflate, TooBigError, agree

PLAIN = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
LIMIT = 100_000


def agreed(*headers: str) -> Deflate:
    found = agree(headers)
    assert found is not None
    return found


def written(payload: bytes, *, bits: int = 15, level: int = 6, flush: int = zlib.Z_SYNC_FLUSH) -> bytes:
    """As another implementation writes it."""
    stream = zlib.compressobj(level, zlib.DEFLATED, -bits)
    octets = stream.compress(payload) + stream.flush(flush)
    return octets[:-4] if flush == zlib.Z_SYNC_FLUSH else octets


@pytest.mark.parametrize(
    ("offer", "answer", "bits"),
    [
        ("permessage-deflate", PLAIN, 12),
        ("permessage-deflate; client_max_window_bits", f"{PLAIN}; client_max_window_bits=12", 12),
        ("permessage-deflate;client_max_window_bits=10", f"{PLAIN}; client_max_window_bits=10", 12),
        ('permessage-deflate; client_max_window_bits="9"', f"{PLAIN}; client_max_window_bits=9", 12),
        ("permessage-deflate; client_max_window_bits=8", f"{PLAIN}; client_max_window_bits=8", 12),
        ("permessage-deflate; server_max_window_bits=15", f"{PLAIN}; server_max_window_bits=12", 12),
        ("permessage-deflate; server_max_window_bits=9", f"{PLAIN}; server_max_window_bits=9", 9),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", PLAIN, 12),
        (
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
            f"{PLAIN}; server_max_window_bits=10; client_max_window_bits=12",
            10,
        ),
        ("x-webkit-deflate-frame, permessage-deflate", PLAIN, 12),
        (
            "permessage-deflate; server_max_window_bits=8, permessage-deflate; client_max_window_bits",
            f"{PLAIN}; client_max_window_bits=12",
            12,
        ),
    ],
)
def test_offers_that_are_taken(offer: str, answer: str, bits: int) -> None:
    assert agree([offer]) == Deflate(answer, bits)
    assert agree([offer]) is agree([offer]), "what was agreed upon costs a connection nothing"


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "permessage-bzip2",
        "permessage-deflate; unheard_of",
        "permessage-deflate;",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=+9",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; client_max_window_bits=16",
        'permessage-deflate; client_max_window_bits=""',
        'permessage-deflate; client_max_window_bits="10,11"',
        "permessage-deflate; client_max_window_bits=\u0661\u0660",
    ],
)
def test_offers_that_are_declined(offer: str) -> None:
    assert agree([offer]) is None
    assert agree([offer, "permessage-deflate"]) == Deflate(PLAIN, 12), "another offer may do"


@given(st.text(max_size=60))
def test_no_offer_is_too_strange(text: str) -> None:
    assert agree([text, f"permessage-deflate; {text}"]) in (None, agree(["permessage-deflate"]))


@given(payload=st.binary(max_size=3000), bits=st.integers(9, 15), level=st.integers(0, 9))
def test_what_others_write_is_read(payload: bytes, bits: int, level: int) -> None:
    assert agreed("permessage-deflate").inflate(written(payload, bits=bits, level=level), LIMIT) == payload


@pytest.mark.parametrize("bits", range(9, 16))
def test_what_is_written_can_be_read_with_the_window_agreed_upon(bits: int) -> None:
    one = agreed(f"permessage-deflate; server_max_window_bits={bits}")
    block = os.urandom(100)
    # The same octets again and again, farther apart than the window is wide.
    payload = (
        b"".join(block + os.urandom(distance) for distance in (10, 200, 300, 600, 5000, 9000)) + block + b" " * 9000
    )
    squeezed = one.squeeze(payload)
    assert squeezed is not None
    assert zlib.decompressobj(-min(bits, 12)).decompress(squeezed + b"\x00\x00\xff\xff") == payload
    assert one.inflate(squeezed, LIMIT) == payload


def test_only_what_gains_is_compressed() -> None:
    one = agreed("permessage-deflate")
    assert one.squeeze(b" " * 255) is None
    assert one.squeeze(os.urandom(1000)) is None
    meter = json.dumps([2, "a", "NotifyReport", {"reportData": [{"value": n} for n in range(50)]}]).encode()
    squeezed = one.squeeze(meter)
    assert squeezed is not None
    assert len(squeezed) < len(meter) / 2
    assert not squeezed.endswith(b"\x00\x00\xff\xff")


HELLO = b"Hello"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        # The examples of section 7.2.3.
        (bytes.fromhex("f248cdc9c90700"), HELLO),
        (bytes.fromhex("000500faff48656c6c6f00"), HELLO),
        (bytes.fromhex("f348cdc9c9070000"), HELLO),
        (bytes.fromhex("f24805000000ffffcac9c90700"), HELLO),
        (b"\x00", b""),
        # Several streams in one message (section 7.2.1).
        (written(b"Hel", flush=zlib.Z_FINISH) + written(b"lo"), HELLO),
    ],
)
def test_the_forms_that_a_message_may_have(octets: bytes, text: bytes) -> None:
    one = agreed("permessage-deflate")
    assert one.inflate(octets, LIMIT) == text
    assert one.inflate(bytearray(octets), LIMIT) == text


TEXT = b'[2,"a","Heartbeat",{}]' * 20
TAKEN_OVER = zlib.compressobj(wbits=-15)
TAKEN_OVER.compress(TEXT)
TAKEN_OVER.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff" * 20,
        written(TEXT)[:-1],
        written(TEXT)[:-9],
        written(TEXT) + b"garbage",
        written(TEXT) + b"\x00",
        written(TEXT, flush=zlib.Z_FINISH),
        written(TEXT, flush=zlib.Z_FINISH) + b"garbage",
        b"\x03\x00" * 10_000 + b"\x00",
        (TAKEN_OVER.compress(TEXT) + TAKEN_OVER.flush(zlib.Z_SYNC_FLUSH))[:-4],
    ],
    ids=["nothing", "noise", "cut", "cut-more", "garbage", "an-octet", "no-last-octet", "garbage-behind-the-last",
         "many-streams", "context-taken-over"],
)  # fmt: skip
def test_what_is_no_message(octets: bytes) -> None:
    with pytest.raises(BadDataError):
        agreed("permessage-deflate").inflate(octets, LIMIT)


def test_a_bomb_is_bounded() -> None:
    one = agreed("permessage-deflate")
    bomb = written(b"\0" * 10 * 2**20)
    assert len(bomb) < 11_000
    with pytest.raises(TooBigError):
        one.inflate(bomb, 2**20)
    last = written(b" " * 999, flush=zlib.Z_FINISH)
    assert one.inflate(last + written(b" " * 9), 1009) == b" " * 1008
    with pytest.raises(TooBigError):
        one.inflate(last + written(b" " * 10), 1009)
