"""The reader of WebSocket frames: what it makes of octets, what it refuses, however they are cut; and the writer."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.deflate import agree
from gateway.framing import CLOSE, PING, POLICY, PONG, PROTOCOL_ERROR, TEXT, TOO_BIG, Gone, Reader, frame, xor
from gateway.writing import masking
from tests.integration.websocket.raw import BINARY, CONTINUATION, Frames

LIMIT = 100_000


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def reader(masked: bool = True) -> tuple[Reader, Clock]:
    clock = Clock()
    return Reader(LIMIT, clock, masking, masked=masked), clock


FRAMES = Frames(masked=True)
SIZES = st.sampled_from([0, 1, 9, 10, 125, 126, 127, 300, 65535, 65536])
PIECES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([TEXT, BINARY]), SIZES, st.just(True)),
        st.tuples(st.sampled_from([PING, PONG]), st.integers(0, 125), st.just(True)),
        st.tuples(st.sampled_from([TEXT, CONTINUATION, CLOSE, PING, 3, 11]), st.integers(0, 140), st.booleans()),
    ),
    max_size=8,
)


@given(pieces=PIECES, masked=st.booleans(), cuts=st.lists(st.integers(1, 400), min_size=1, max_size=50))
@settings(deadline=None, max_examples=200)
def test_however_it_is_cut_it_comes_to_the_same(
    pieces: list[tuple[int, int, bool]], masked: bool, cuts: list[int]
) -> None:
    frames = Frames(masked)
    stream = b"".join(frames.frame(opcode, b"x" * size, fin=fin) for opcode, size, fin in pieces)
    whole, _ = reader(masked)
    at_once = whole.feed(stream)
    piecewise, _ = reader(masked)
    place, turn, texts = 0, 0, []
    while place < len(stream):
        step = cuts[turn % len(cuts)] * (100 if len(stream) > 100_000 else 1)
        texts += piecewise.feed(stream[place : place + step])
        place, turn = place + step, turn + 1
    assert texts == at_once
    assert (piecewise.gone, piecewise.ping) == (whole.gone, whole.ping)


@given(octets=st.binary(max_size=500), masked=st.booleans())
@settings(deadline=None, max_examples=300)
def test_it_never_raises(octets: bytes, masked: bool) -> None:
    one, _ = reader(masked)
    assert sum(len(text) for text in one.feed(octets)) <= len(octets)


def test_the_latest_ping_waits_for_its_answer() -> None:
    one, _ = reader()
    text = FRAMES.text("[2,1]" * 5)
    pings = FRAMES.frame(PING, b"a") + text + FRAMES.frame(PONG, b"?") + FRAMES.frame(PING, b"b")
    assert (one.feed(pings), one.ping) == (["[2,1]" * 5], b"b")
    one.ping = None
    assert (one.feed(FRAMES.frame(PING, b"") + text[:7]), one.ping) == ([], b"")
    assert one.feed(text[7:]) == ["[2,1]" * 5]


@pytest.mark.parametrize("masked", [True, False])
def test_the_wrong_mask_is_refused_where_it_stands(masked: bool) -> None:
    one, _ = reader(masked)
    good = Frames(masked).text("a text of ours")
    assert one.feed(good + Frames(not masked).text("another")) == ["a text of ours"]
    why = "frames have to be masked" if masked else "frames must not be masked"
    assert one.gone == Gone(PROTOCOL_ERROR, why, refused=True)
    assert one.feed(good) == []


def test_fragments_are_one_message() -> None:
    one, _ = reader()
    text = "Gr\u00fc\u00dfe".encode()
    parts = [FRAMES.text(text[:3], fin=False), FRAMES.frame(PING, b"p"), FRAMES.frame(CONTINUATION, text[3:])]
    assert [one.feed(part) for part in parts] == [[], [], [text.decode()]]
    assert one.feed(FRAMES.text("next")) == ["next"]


@pytest.mark.parametrize("announced", [LIMIT, 2**40, 2**64 - 1])
def test_a_message_too_big_is_refused_by_its_header(announced: int) -> None:
    one, _ = reader()
    assert one.feed(FRAMES.text(b"", length=announced, octets=8)) == []
    assert one.gone == Gone(TOO_BIG, "a message too big", refused=True)


def test_fragments_are_measured_together() -> None:
    one, _ = reader()
    half = b"x" * (LIMIT // 2)
    one.feed(FRAMES.text(half, fin=False))
    assert one.gone is None
    one.feed(FRAMES.frame(CONTINUATION, half))
    assert one.gone is not None
    assert one.gone.code == TOO_BIG


def test_frames_that_carry_nothing_have_a_limit_and_texts_have_none() -> None:
    one, clock = reader()
    for _ in range(100):
        clock.now += 0.1
        one.feed(FRAMES.frame(PING) * 20)  # 200 a second
        one.feed(FRAMES.text('[3,"1",{}]') * 500)
    assert one.gone is None
    one.feed(FRAMES.frame(PING) * 2000)
    assert one.gone is not None
    assert one.gone.code == POLICY


def test_when_it_heard_the_peer() -> None:
    one, clock = reader()
    octets = FRAMES.text("x" * 300)
    clock.now = 1.0
    one.feed(octets[:20])
    assert one.heard_at == 1.0
    clock.now = 2.0
    one.feed(octets[20:40])
    assert one.heard_at == 1.0, "octets that end nothing are no sign of life"
    one.feed(octets[40:])
    assert one.heard_at == 2.0


def test_what_is_written_is_read() -> None:
    assert frame(PING, b"", None, xor) == b"\x89\x00"
    assert frame(PONG, b"ab", b"\x01\x02\x03\x04", xor) == b"\x8a\x82\x01\x02\x03\x04" + bytes([0x60, 0x60])
    for size in (0, 1, 125, 126, 65535, 65536):
        for mask in (None, os.urandom(4)):
            one, _ = reader(masked=mask is not None)
            assert one.feed(frame(TEXT, b"x" * size, mask, masking)) == ["x" * size]


@given(payload=st.binary(max_size=50), mask=st.binary(min_size=4, max_size=4))
def test_the_quick_masking_is_the_plain_one(payload: bytes, mask: bytes) -> None:
    quick, plain = bytearray(payload), bytearray(payload)
    masking(mask, quick)
    xor(mask, plain)
    assert quick == plain


RSV1 = 4
DEFLATE = agree(["permessage-deflate"])


def squeezing() -> tuple[Reader, Clock]:
    clock = Clock()
    return Reader(LIMIT, clock, masking, masked=True, deflate=DEFLATE), clock


def squeezed(text: str) -> bytes:
    assert DEFLATE is not None
    octets = DEFLATE.squeeze(text.encode())
    assert octets is not None
    return octets


LONG = '[2,"a","Heartbeat",{}]' * 100


def test_compressed_and_plain_messages_mix() -> None:
    one, _ = squeezing()
    octets = squeezed(LONG)
    parts = [
        FRAMES.text(octets, reserved=RSV1),
        FRAMES.text("plain"),
        FRAMES.text(octets[:9], fin=False, reserved=RSV1),
        FRAMES.frame(PING, b"p"),
        FRAMES.frame(CONTINUATION, octets[9:]),
        FRAMES.text("pl", fin=False),
        FRAMES.frame(CONTINUATION, b"ain"),
    ]
    assert [one.feed(part) for part in parts] == [[LONG], ["plain"], [], [], [LONG], [], ["plain"]]
    assert squeezing()[0].feed(b"".join(parts)) == [LONG, "plain", LONG, "plain"]


@pytest.mark.parametrize(
    "octets",
    [
        FRAMES.frame(PING, b"x", reserved=RSV1),
        FRAMES.close(1000)[:1].replace(b"\x88", b"\xc8") + FRAMES.close(1000)[1:],
        FRAMES.frame(CONTINUATION, b"x", reserved=RSV1),
        FRAMES.text(b"x", fin=False) + FRAMES.frame(CONTINUATION, b"x", reserved=RSV1),
        FRAMES.text(b"\x00", fin=False, reserved=RSV1) + FRAMES.text(b"\x00", reserved=RSV1),
        FRAMES.text(b"\x00", reserved=RSV1 | 2),
        FRAMES.text(b"\x00", reserved=1),
    ],
    ids=["ping", "close", "continuation-of-nothing", "continuation", "within-another", "two-bits", "another-bit"],
)
def test_the_bit_stands_on_the_first_frame_of_a_message_and_nowhere_else(octets: bytes) -> None:
    one, _ = squeezing()
    assert one.feed(octets) == []
    assert one.gone is not None
    assert one.gone.code == PROTOCOL_ERROR


def test_the_bit_means_nothing_where_nothing_was_agreed_upon() -> None:
    one, _ = reader()
    assert one.feed(FRAMES.text(squeezed(LONG), reserved=RSV1)) == []
    assert one.gone == Gone(PROTOCOL_ERROR, "reserved bits", refused=True)


@pytest.mark.parametrize(("size", "code"), [(LIMIT - 1, None), (LIMIT, TOO_BIG), (100 * LIMIT, TOO_BIG)])
def test_a_message_is_measured_when_it_is_inflated(size: int, code: int | None) -> None:
    one, _ = squeezing()
    texts = one.feed(FRAMES.text(squeezed("x" * size), reserved=RSV1))
    assert [len(text) for text in texts] == ([size] if code is None else [])
    assert (one.gone and one.gone.code) == code


def test_what_is_made_of_next_to_nothing_has_a_limit_and_json_has_none() -> None:
    one, clock = squeezing()
    report = FRAMES.text(
        squeezed('{"component":{"name":"Connector"},"variable":{"name":"Enabled"}},' * 20), reserved=RSV1
    )
    for _ in range(2000):
        clock.now += 0.02
        assert len(one.feed(report)) == 1
    blown_up, received = FRAMES.text(squeezed(" " * (LIMIT - 1)), reserved=RSV1), 0
    while one.gone is None:
        received += len(one.feed(blown_up))
    assert one.gone == Gone(POLICY, "too much for what it came in", refused=True)
    assert received < 50


@given(sizes=st.lists(st.integers(0, 3000), max_size=6), cuts=st.lists(st.integers(1, 40), min_size=1, max_size=9))
@settings(deadline=None, max_examples=100)
def test_compressed_or_not_however_it_is_cut_it_comes_to_the_same(sizes: list[int], cuts: list[int]) -> None:
    stream, expected = b"", []
    for number, size in enumerate(sizes):
        text = f"{number}," * size
        octets = DEFLATE.squeeze(text.encode()) if DEFLATE is not None else None
        stream += FRAMES.text(text) if octets is None else FRAMES.text(octets, reserved=RSV1)
        expected.append(text)
    one, _ = squeezing()
    place, turn, texts = 0, 0, []
    while place < len(stream):
        step = cuts[turn % len(cuts)]
        texts += one.feed(stream[place : place + step])
        place, turn = place + step, turn + 1
    assert (texts, one.gone) == (expected, None)
