"""What the outbox answers, and what it hands on. (Whole conversations: transcripts `*/outbox`; all weathers:
test_machine.)"""

from typing import Any

import pytest

from translators.effects import Close, Effect, Note, ToCsms, ToStation
from translators.frames import CALLRESULTERROR, Call, Error, NoAnswer, Result, Send, decode
from translators.outbox import Outbox
from translators.outbox import stage as module

STOP = {"transactionId": 1, "meterStop": 1, "timestamp": "2026-11-21T10:00:00Z"}


def outbox(version: str = "ocpp1.6", *, away: bool = True, **more: Any) -> Outbox:
    one = Outbox(version, {}, lambda: "own", **more)
    if away:
        assert one.away(0) == []
    return one


def frames(effects: list[Effect]) -> list[Any]:
    return [effect.frame for effect in effects if isinstance(effect, ToStation | ToCsms)]


def test_while_the_csms_is_there_every_frame_is_itself() -> None:
    one = outbox(away=False)
    for text in ('[2, "1", "Heartbeat", {}]', '[2, "2", "StopTransaction", {"transactionId": 1}]', '[2,"3","X",[]]'):
        call = decode(text)
        assert one.from_station(call, 0) == [ToCsms(call)]
        reply = decode(f'[3, "{call.message_id}",  {{}}]')
        assert one.from_csms(reply, 0) == [ToStation(reply)]  # type: ignore[arg-type]
    call = Call("c", "Reset", {"type": "Soft"})
    assert one.from_csms(call, 0) == [ToStation(call)]
    answer = Result("c", {"status": "Accepted"})
    assert one.from_station(answer, 0) == [ToCsms(answer)]
    error = Error("x", "InternalError", type=CALLRESULTERROR)
    assert one.from_csms(error, 0) == [ToStation(error)]
    assert one.idle()


def test_what_the_csms_refuses_is_its_own_word() -> None:
    one = outbox(away=False)
    one.from_station(Call("1", "StopTransaction", STOP), 0)
    error = Error("1", "InternalError", "busy")
    assert one.from_csms(error, 0) == [ToStation(error)]


def test_silence_of_a_csms_that_is_there() -> None:
    one = outbox(away=False)
    one.from_station(Call("1", "Heartbeat", {}), 0)
    (told,) = frames(one.from_csms(NoAnswer("1", 25.0), 25))
    assert told.unheard == "did not answer in 25 s"
    one.from_station(Call("2", "StopTransaction", STOP), 25)
    (kept,) = frames(one.from_csms(NoAnswer("2", 25.0), 50))
    assert kept.text == '[3,"2",{}]'
    # Not at once: it would not answer that either.
    assert one.deadline() == 55
    assert one.tick(54) == []
    (again,) = frames(one.tick(55))
    assert again.action == "StopTransaction"


@pytest.mark.parametrize(
    ("version", "action", "payload", "answer"),
    [
        ("ocpp1.6", "Heartbeat", {}, '{"currentTime":"1970-01-01T00:00:05.000Z"}'),
        ("ocpp1.6", "DataTransfer", {"vendorId": "X"}, '{"status":"Rejected"}'),
        ("ocpp2.0.1", "NotifyReport", {}, "{}"),
        ("ocpp2.0.1", "SignCertificate", {"csr": "x"}, '{"status":"Rejected"}'),
    ],
)
def test_answers(version: str, action: str, payload: dict[str, Any], answer: str) -> None:
    one = outbox(version, epoch=5.0)
    effects = one.from_station(Call("1", action, payload), 0)
    facts = {"from": version, "to": version, "action": action, "outcome": "answered"}
    assert Note("translated", facts) in effects
    assert frames(effects)[0].text == f'[3,"1",{answer}]'


def test_what_only_a_csms_can_answer_and_what_names_no_token() -> None:
    one = outbox("ocpp2.0.1")
    (unheard,) = frames(one.from_station(Call("1", "Get15118EVCertificate", {}), 0))
    assert (unheard.code, unheard.unheard) == ("InternalError", "is away")
    for action, payload in (("Authorize", "{}"), ("BootNotification", "[]"), ("TransactionEvent", "[]")):
        (refused,) = frames(one.from_station(decode(f'[2,"2","{action}",{payload}]'), 0))
        assert refused.code == "FormatViolation"


def test_one_way_messages_are_lost_while_it_is_away() -> None:
    send = Send("1", "NotifyPeriodicEventStream", {})
    assert frames(outbox("ocpp2.1").from_station(send, 0)) == []
    assert frames(outbox("ocpp2.1", away=False).from_station(send, 0)) == [send]


def test_the_size_is_bound_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 300)
    one = outbox()
    assert frames(one.from_station(Call("1", "StopTransaction", {**STOP, "idTag": "x" * 200}), 0))
    effects = one.from_station(Call("2", "StopTransaction", {**STOP, "idTag": "y" * 200}), 0)
    assert isinstance(effects[-1], Close)
    assert effects[-1].code == 1012
    assert frames(effects) == []


def test_answers_to_nobody() -> None:
    one = outbox(away=False)
    assert one.from_csms(Result("x", {}), 0) == [Note("unmatched", {"peer": "csms"})]
    (told,) = frames(one.from_station(NoAnswer("c", 25.0), 0))
    assert told.unheard == "did not answer in 25 s"


def test_close_ends_what_is_on_its_way() -> None:
    one = outbox(away=False)
    one.from_station(Call("1", "Heartbeat", {}), 0)
    assert not one.idle()
    one.close()
    assert one.idle()
