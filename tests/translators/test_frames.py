"""The envelope: what is read, what is refused, and that the text survives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators import mend, schemas
from translators.frames import DEEPEST, BadFrame, Call, Error, Result, Send, decode


@pytest.mark.parametrize(
    "text",
    [
        '[2,"a1","Heartbeat",{}]',
        ' [ 2 ,\n\t"a1" , "Heartbeat" , { "x" : 21.40 , "x" : 1 } ] ',
        '[3,"a1",{"limit":21.40,"é":"\\u00e9"}]',
        '[4,"a1","InternalError","",{}]',
        '[4,"a1","InternalError"]',
        '[5,"a1","InternalError","late",{}]',
        '[6,"a1","NotifyPeriodicEventStream",{}]',
        '\ufeff[2,"a1","Heartbeat",{}]',
    ],
)
def test_a_received_frame_is_written_as_it_came(text: str) -> None:
    assert decode(text).text == text


def test_frames_of_our_own_are_compact() -> None:
    assert Call("g1", "Heartbeat", {}).text == '[2,"g1","Heartbeat",{}]'
    assert Result("g1", {"a": 1.5}).text == '[3,"g1",{"a":1.5}]'
    assert Error("g1", "InternalError", "x" * 300).text == '[4,"g1","InternalError","' + "x" * 255 + '",{}]'
    assert Send("g1", "NotifyPeriodicEventStream", {}).text == '[6,"g1","NotifyPeriodicEventStream",{}]'


def test_a_call_with_a_number_for_an_id_is_given_it_back_as_it_came() -> None:
    frame = decode('[2,7,"Heartbeat",{}]')
    assert isinstance(frame, Call)
    assert (frame.key, Result(frame.message_id, {}).text) == ("7", "[3,7,{}]")


def test_an_answer_with_a_number_for_an_id_is_matched_by_its_text() -> None:
    frame = decode('[ 4, 0, "InternalError", "the handler failed", null]')
    assert isinstance(frame, Error)
    assert (frame.key, frame.details) == ("0", {})


@pytest.mark.parametrize(
    ("text", "kind", "message_type", "message_id"),
    [
        ("", "not_json", None, None),
        ("hello", "not_json", None, None),
        ("{}", "not_json", None, None),
        ("[]", "envelope", None, None),
        ('[true,"x","Heartbeat",{}]', "envelope", None, None),
        ('["2","x","Heartbeat",{}]', "envelope", None, None),
        ('[2,"a","Heartbeat",{"x":NaN}]', "not_json", 2, "a"),
        ('[2,"a","Heartbeat",{"x":"\\ud800"}]', "not_json", 2, "a"),
        ('[2,"a","MeterValues",{"sampledValue":[,{}]}]', "not_json", 2, "a"),
        ('[3,"a",{"x":', "not_json", 3, "a"),
        ('[2,"a","Heartbeat",' + "[" * 100_000, "not_json", 2, "a"),
        ('[2,"a","Heartbeat",' + "[" * 100_000 + "]" * 100_000 + "]", "not_json", 2, "a"),
        ("[" * 100_000, "not_json", None, None),
        ('[2,"a","Heartbeat"]', "envelope", 2, "a"),
        ('[2,"a","Heartbeat",{},{}]', "envelope", 2, "a"),
        ('[2,"a",["x"],{}]', "envelope", 2, "a"),
        ('[2,"a","",{}]', "envelope", 2, "a"),
        ('[2,"","Heartbeat",{}]', "message_id", 2, None),
        ('[2,null,"Heartbeat",{}]', "message_id", 2, None),
        ('[2,{"a":1},"Heartbeat",{}]', "message_id", 2, None),
        ('[2,7.5,"Heartbeat",{}]', "message_id", 2, None),
        ('[2,true,"Heartbeat",{}]', "message_id", 2, None),
        ('[2,"\\ud800","Heartbeat",{}]', "not_json", None, None),
        ('[3,"a"]', "envelope", 3, "a"),
        ('[3,"a",{},{}]', "envelope", 3, "a"),
        ('[9,"a","Heartbeat",{}]', "message_type", 9, "a"),
        ('[1,"a","Heartbeat",{}]', "message_type", 1, "a"),
        ('[2,"a","Heartbeat",{}] trailing', "not_json", 2, "a"),
        ('[2,"\ud800","Heartbeat",{}]', "not_json", 2, "\ud800"),
    ],
)
def test_what_is_no_frame(text: str, kind: str, message_type: int | None, message_id: object) -> None:
    with pytest.raises(BadFrame) as caught:
        decode(text)
    bad = caught.value
    assert (bad.kind, bad.message_type) == (kind, message_type)
    assert bad.message_id == message_id


@pytest.mark.parametrize("payload", ["[]", '"x"', "null", "1", '{"x":1e400}'])
def test_a_payload_that_cannot_be_used_is_told_when_it_is_read(payload: str) -> None:
    frame = decode(f'[2,"a","Heartbeat",{payload}]')
    assert isinstance(frame, Call)
    with pytest.raises(BadFrame) as caught:
        _ = frame.payload
    assert (caught.value.kind, caught.value.message_id) == ("payload", "a")


@given(st.one_of(st.text(), st.text(alphabet='[]{},:"\\ 0123456789ntfue.-').map(lambda tail: f'[2,"a",{tail}')))
def test_nothing_but_bad_frame_is_raised(text: str) -> None:
    try:
        frame = decode(text)
        if isinstance(frame, Call | Result):
            _ = frame.payload
    except BadFrame:
        pass


def nested(levels: int) -> str:
    """A call whose payload has so many objects and lists in each other."""
    inner = "[" * (levels // 2) + "]" * (levels // 2)
    for _ in range(levels - levels // 2):
        inner = f'{{"a":{inner}}}' if inner else "{}"
    return f'[2,"a","Heartbeat",{inner}]'


def test_a_payload_that_is_nested_too_deeply_is_refused_before_anything_walks_over_it() -> None:
    frame = decode(nested(DEEPEST))
    assert isinstance(frame, Call)
    assert schemas.offences("ocpp2.0.1", "Heartbeat", frame.payload, answer=False)
    assert mend.read("ocpp2.0.1", "Heartbeat", frame.payload)[0] == {}
    for levels in (DEEPEST + 1, 256, 900, 100_000):
        with pytest.raises(BadFrame) as caught:
            assert decode(nested(levels)).payload is None
        assert (caught.value.why, caught.value.message_id) == ("nested too deeply", "a")
    wide = decode('[2,"a","Heartbeat",{"a":[' + ",".join(["{}"] * 1000) + "]}]")
    assert isinstance(wide, Call)
    assert len(wide.payload["a"]) == 1000


@pytest.mark.parametrize("text", ['[2,"a","Heartbeat",{"n":{"m":1}}]', '[3,"a",{"n":{"m":1}}]'])
def test_a_light_frame_is_the_same(text: str) -> None:
    frame = decode(text)
    assert isinstance(frame, Call | Result)
    before = frame.payload
    frame.lighten()
    assert frame.payload == before
    assert frame.payload is not before
    assert frame.text == text


def test_what_was_made_here_has_nothing_to_let_go_of() -> None:
    made = Call("a", "Heartbeat", {"n": 1})
    made.lighten()
    assert made.payload == {"n": 1}
    error = decode('[4,"a","GenericError","no",{"n":1}]')
    error.lighten()
    assert isinstance(error, Error)
    assert error.details == {"n": 1}
