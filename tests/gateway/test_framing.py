"""The gate before the WebSocket parser: what it lets through, what it answers, what it refuses, however it is cut."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.framing import CLOSE, PING, POLICY, PONG, PROTOCOL_ERROR, Gate, apply_mask, control_frame
from tests.integration.websocket.raw import BINARY, CONTINUATION, TEXT, Frames

BAD_HEADER = b"\xf0\x00"


class Pen:
    """In the parser's place: keeps what it is fed."""

    def __init__(self) -> None:
        self.fed = b""
        self.ended = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.fed += data
        return False, b""

    def feed_eof(self) -> None:
        self.ended = True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def gate(masked: bool = True) -> tuple[Gate, Pen, list[bytes], Clock]:
    pen, pongs, clock = Pen(), [], Clock()
    made = Gate(pen, clock, masked=masked)
    made.answer_with(pongs.append)
    return made, pen, pongs, clock


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
    stream = b"".join(frames.frame(opcode, os.urandom(size), fin=fin) for opcode, size, fin in pieces)
    whole, whole_pen, _, _ = gate(masked)
    whole.feed_data(stream)
    piecewise, pen, _, _ = gate(masked)
    place, turn = 0, 0
    while place < len(stream):
        step = cuts[turn % len(cuts)] * (100 if len(stream) > 100_000 else 1)
        piecewise.feed_data(stream[place : place + step])
        place, turn = place + step, turn + 1
    assert pen.fed == whole_pen.fed
    assert piecewise.refusal == whole.refusal


@given(octets=st.binary(max_size=500), masked=st.booleans())
@settings(deadline=None, max_examples=300)
def test_it_never_raises(octets: bytes, masked: bool) -> None:
    made, pen, _, _ = gate(masked)
    made.feed_data(octets)
    # Nothing is invented but the header that the parser refuses, and nothing is changed.
    fed = pen.fed.removesuffix(BAD_HEADER) if made.refusal is not None else pen.fed
    assert len(fed) <= len(octets)


def test_pings_are_answered_and_kept_from_the_parser() -> None:
    made, pen, pongs, _ = gate()
    text = FRAMES.text("[2,1]" * 5)
    made.feed_data(FRAMES.frame(PING, b"a") + text + FRAMES.frame(PONG, b"?") + FRAMES.frame(PING, b"b"))
    assert (pen.fed, pongs) == (text, [b"b"])
    made.feed_data(FRAMES.frame(PING, b"") + text[:7])
    made.feed_data(text[7:])
    assert (pen.fed, pongs) == (text * 2, [b"b", b""])


def test_a_ping_before_there_is_a_writer_is_answered_when_there_is_one() -> None:
    pen, pongs = Pen(), []
    made = Gate(pen, Clock(), masked=False)
    made.feed_data(Frames(masked=False).frame(PING, b"early"))
    made.answer_with(pongs.append)
    assert pongs == [b"early"]
    made.answer_with(None)
    made.feed_data(Frames(masked=False).frame(PING, b"late"))
    assert pongs == [b"early"]


@pytest.mark.parametrize("masked", [True, False])
def test_the_wrong_mask_is_refused_where_it_stands(masked: bool) -> None:
    made, pen, _, _ = gate(masked)
    good = Frames(masked).text("a text of ours")
    made.feed_data(good + Frames(not masked).text("another"))
    assert made.refusal is not None
    assert made.refusal.code == PROTOCOL_ERROR
    assert pen.fed == good + BAD_HEADER
    assert made.feed_data(good) == (True, b"")
    assert pen.fed == good + BAD_HEADER


def test_frames_that_carry_nothing_have_a_limit_and_texts_have_none() -> None:
    made, _, _, clock = gate()
    for _ in range(100):
        clock.now += 0.1
        made.feed_data(FRAMES.frame(PING) * 20)  # 200 a second
        made.feed_data(FRAMES.text('[3,"1",{}]') * 500)
    assert made.refusal is None
    made.feed_data(FRAMES.frame(PING) * 2000)
    assert made.refusal is not None
    assert made.refusal.code == POLICY


def test_when_it_heard_the_peer() -> None:
    made, _, _, clock = gate()
    frame = FRAMES.text("x" * 300)
    clock.now = 1.0
    made.feed_data(frame[:20])
    assert made.heard_at == 1.0
    clock.now = 2.0
    made.feed_data(frame[20:40])
    assert made.heard_at == 1.0, "octets that end nothing are no sign of life"
    made.feed_data(frame[40:])
    assert made.heard_at == 2.0


def test_control_frames() -> None:
    assert control_frame(PING, b"", None) == b"\x89\x00"
    assert control_frame(PONG, b"ab", b"\x01\x02\x03\x04") == b"\x8a\x82\x01\x02\x03\x04" + bytes([0x60, 0x60])
    assert apply_mask(b"abcd", apply_mask(b"abcd", b"seven..")) == b"seven.."
    assert apply_mask(b"abcd", b"") == b""


def test_the_end_reaches_the_parser() -> None:
    made, pen, _, _ = gate()
    made.feed_eof()
    assert pen.ended
