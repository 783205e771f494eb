"""The bench's own frames against the ones of the websockets package."""

import json
import random

import pytest
from websockets.frames import Frame, Opcode

from tests.bench.frames import PING, TEXT, Reader, build, mask, peek
from tests.bench.messages import FIRST_SEQUENCE_NUMBER, METER_16, METER_201, Readings, Script

KEY = b"\x01\x80\xfe\x7a"
LENGTHS = (0, 1, 3, 125, 126, 127, 128, 65535, 65536, 70001)


def text_of(length: int) -> bytes:
    return bytes(random.Random(length).choices(range(32, 127), k=length))


def test_a_mask_is_its_own_inverse() -> None:
    assert mask(b"", KEY) == b""
    assert mask(b"\0" * 6, KEY) == b"\x01\x80\xfe\x7a\x01\x80"
    assert mask(mask(b"OCPP!", KEY), KEY) == b"OCPP!"


@pytest.mark.parametrize("length", LENGTHS)
def test_frames_are_what_websockets_writes(length: int) -> None:
    payload = text_of(length)
    assert build(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    masked = build(payload, KEY)
    assert Reader().feed(masked) == [(TEXT, payload)]
    assert len(masked) == len(build(payload)) + 4


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("length", LENGTHS[:-2])
def test_the_reader_takes_what_it_gets_in_any_pieces(length: int, key: bytes | None) -> None:
    payload = text_of(length)
    stream = build(payload, key) + build(b"p", key, PING) + build(payload[::-1], key)
    expected = [(TEXT, payload), (PING, b"p"), (TEXT, payload[::-1])]
    step = 1 if length < 1000 else 997
    reader = Reader()
    pieces = [message for at in range(0, len(stream), step) for message in reader.feed(stream[at : at + step])]
    assert pieces == expected
    assert reader.idle
    assert Reader().feed(stream) == expected


def test_fragments_come_out_as_one_text_with_a_ping_between_them() -> None:
    first, last = Frame(Opcode.TEXT, b"half ", fin=False), Frame(Opcode.CONT, b"and half")
    reader = Reader()
    assert reader.feed(first.serialize(mask=True)) == []
    assert not reader.idle
    assert reader.feed(build(b"", KEY, PING)) == [(PING, b"")]
    assert reader.feed(last.serialize(mask=True)) == [(TEXT, b"half and half")]


def test_binary_has_no_place() -> None:
    with pytest.raises(ValueError, match="0x2"):
        Reader().feed(build(b"", opcode=2))


@pytest.mark.parametrize("length", [8, 125, 126, 700])
def test_a_peek_sees_the_beginning_of_one_whole_frame(length: int) -> None:
    payload = text_of(length)
    frame = build(payload, KEY)
    assert peek(frame, 50) == payload[:50]
    assert peek(frame[:-1], 50) is None
    assert peek(frame + frame, 50) is None
    assert peek(build(payload), 50) is None


@pytest.mark.parametrize("script", [METER_16, METER_201], ids=["1.6", "2.0.1"])
def test_readings_differ_from_call_to_call_in_number_and_time_and_in_nothing_else(script: Script) -> None:
    readings = Readings(script, "tx-1", KEY)
    assert 600 <= len(readings) <= 720
    seen = []
    for number in (4, 5):
        identifier, frame = readings.next(number)
        [(_, text)] = Reader().feed(frame)
        kind, given, action, payload = json.loads(text)
        assert (kind, given.encode(), action) == (2, identifier, script.action)
        assert payload.get("seqNo") in (None, FIRST_SEQUENCE_NUMBER + number)
        assert "tx-1" in json.dumps(payload)
        assert len(text) == len(readings)
        text = text.replace(identifier, b"########").replace(b"T00:00:0%dZ" % number, b"T@")
        seen.append(text.replace(b"%d" % (FIRST_SEQUENCE_NUMBER + number), b"#"))
    assert seen[0] == seen[1]
