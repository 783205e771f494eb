"""What is told of one connection: calls that came back, calls that are too many, texts that are no frames."""

from gateway.pacing import Settled
from gateway.peers import Peer
from translators.effects import Answered, Effect, Note, ToStation
from translators.frames import BadFrame, Call, Error, Frame, NoAnswer, Result, decode


def feed(frame: Frame | NoAnswer, now: float) -> list[Effect]:
    return []


def peer(version: str = "ocpp2.0.1") -> Peer:
    return Peer("station", version, 30.0, 1, feed, ToStation)


def test_a_call_that_came_back_is_told_by_its_answer() -> None:
    call = Call("1", "Reset", {})
    assert peer().told(Settled(call, Result("1", {}), 1.5)) == Answered("station", "Reset", 1.5)
    notes = [peer().told(Settled(call, answer, 1.5)) for answer in (Error("1", "NotSupported"), NoAnswer("1", 30.0))]
    assert [note.kind for note in notes if isinstance(note, Note)] == ["call_error", "call_timeout"]
    assert all(
        isinstance(note, Note) and note.facts.items() >= {"peer": "station", "action": "Reset", "seconds": 1.5}.items()
        for note in notes
    )
    assert isinstance(notes[0], Note)
    assert notes[0].facts["code"] == "NotSupported"


def test_a_call_too_many_is_refused_and_noted() -> None:
    note, refusal = peer().busy(Call("7", "Reset", {}))
    assert isinstance(note, Note)
    assert note.kind == "queue_full"
    assert isinstance(refusal, ToStation)
    assert isinstance(refusal.frame, Error)
    assert (refusal.frame.message_id, refusal.frame.code) == ("7", "InternalError")


def refused(version: str, text: str) -> list[str]:
    try:
        decode(text)
    except BadFrame as bad:
        return [effect.frame.text for effect in peer(version).refusal_of(bad) if isinstance(effect, ToStation)]
    raise AssertionError(text)


def test_a_text_that_is_no_frame_is_answered_under_its_id_or_under_none() -> None:
    assert refused("ocpp2.0.1", "nothing")[0].startswith('[4,"-1","RpcFrameworkError"')
    assert refused("ocpp2.0.1", '[2,"5","Reset"]')[0].startswith('[4,"5","RpcFrameworkError"')
    assert refused("ocpp1.6", '[2,"5","Reset"]')[0].startswith('[4,"5","FormationViolation"')
    assert refused("ocpp2.0.1", '[9,"5",{}]')[0].startswith('[4,"5","MessageTypeNotSupported"')


def test_an_answer_and_a_type_that_the_version_ignores_are_never_answered() -> None:
    assert refused("ocpp2.0.1", '[3,"5"]') == []
    assert refused("ocpp1.6", '[9,"5",{}]') == refused("ocpp2.1", '[9,"5",{}]') == []


def test_it_is_quiet_while_nothing_is_at_work_either_way() -> None:
    one = peer()
    assert one.quiet
    one.lane.send(Call("1", "Reset", {}), 0.0)
    assert not one.quiet
    other = peer()
    other.turnstile.arrive(Call("1", "Heartbeat", {}))
    assert not other.quiet
