"""The session's words, on a link made up for it: 1.6 towards the station, 2.0.1 towards the CSMS."""

import json
from itertools import count
from typing import Any

import pytest

from translators.effects import (
    Answer,
    Ask,
    Close,
    Effect,
    Expect,
    Forget,
    Note,
    PeerError,
    PeerSilent,
    Remember,
    ToCsms,
    ToStation,
    Unanswerable,
)
from translators.frames import Call, Error, NoAnswer, Payload, Result, decode
from translators.options import Options
from translators.session import Session
from translators.tables import Conversation, Link, MappingFunction, answered, mapped, refused, unsupported

HEARTBEAT = {"currentTime": "2026-11-21T10:00:00.000Z"}


def session(options: Options | None = None, memory: dict[str, Any] | None = None, **rows: Any) -> Session:
    """Rows: `station_Action` and `csms_Action`, a mapping function or a row."""
    tables: dict[str, dict[str, Any]] = {"station": {}, "csms": {}}
    for name, row in rows.items():
        side, action = name.split("_")
        tables[side][action] = mapped(row) if callable(row) else row
    link = Link("ocpp1.6", "ocpp2.0.1", tables["station"], tables["csms"])
    ids = count(1)
    return Session(link, options or Options(), {} if memory is None else memory, lambda: f"g{next(ids)}")


def told(effects: list[Effect]) -> list[Any]:
    """Effects in short: frames as `>side text`, notes by kind, the rest as they are."""
    out: list[Any] = []
    for effect in effects:
        if isinstance(effect, ToStation | ToCsms):
            side = "station" if isinstance(effect, ToStation) else "csms"
            out.append(f">{side} {effect.frame.text}")
        elif isinstance(effect, Note):
            out.append(effect.kind)
        else:
            out.append(effect)
    return out


def heartbeat(call: Payload, session: Session) -> Conversation:
    """Heartbeat -> Heartbeat."""
    answer = yield Ask("Heartbeat", {})
    return {"currentTime": answer["currentTime"]}


def test_question_and_answer_stand_in_one_function() -> None:
    one = session(station_Heartbeat=heartbeat)
    assert told(one.from_station(decode('[2,"a","Heartbeat",{}]'), 1)) == ['>csms [2,"g1","Heartbeat",{}]']
    assert not one.idle()
    effects = one.from_csms(Result("g1", HEARTBEAT), 2)
    assert told(effects) == ["translated", '>station [3,"a",{"currentTime":"2026-11-21T10:00:00.000Z"}]']
    assert effects[0] == Note(
        "translated", {"from": "ocpp1.6", "to": "ocpp2.0.1", "action": "Heartbeat", "outcome": "translated"}
    )
    assert one.idle()


def test_effects_keep_their_order() -> None:
    def row(call: Payload, session: Session) -> Conversation:
        yield Remember("tx/1", {"seqNo": 1})
        yield Ask("Heartbeat", {})
        yield Forget("tx/1")
        yield Forget("never")
        return dict(HEARTBEAT)

    one = session(station_Heartbeat=row)
    assert told(one.from_station(Call("a", "Heartbeat", {}), 1)) == [
        Remember("tx/1", {"seqNo": 1}),
        '>csms [2,"g1","Heartbeat",{}]',
    ]
    assert one.memory == {"tx/1": {"seqNo": 1}}
    effects = told(one.from_csms(Result("g1", HEARTBEAT), 2))
    assert effects[0] == Forget("tx/1")
    assert effects[-1].startswith(">station [3")
    assert one.memory == {}


def test_an_early_answer_and_what_follows_on_both_sides() -> None:
    def row(call: Payload, session: Session) -> Conversation:
        yield Answer({"status": "Accepted"})
        yield Ask("ClearCache", {})
        yield Ask("Heartbeat", {}, back=True)
        return None

    one = session(csms_ClearCache=row)
    first = told(one.from_csms(Call("c", "ClearCache", {}), 1))
    assert first == ["translated", '>csms [3,"c",{"status":"Accepted"}]', '>station [2,"g1","ClearCache",{}]']
    assert told(one.from_station(Result("g1", {"status": "Accepted"}), 2)) == ['>csms [2,"g2","Heartbeat",{}]']
    assert told(one.from_csms(Result("g2", HEARTBEAT), 3)) == []
    assert one.idle()


def test_expect_wakes_when_memory_says_so_or_when_time_is_up() -> None:
    def waiter(call: Payload, session: Session) -> Conversation:
        found = yield Expect(lambda: "ready" in session.memory, 30)
        return {"status": "Accepted" if found else "Rejected"}

    def setter(call: Payload, session: Session) -> Conversation:
        yield Remember("ready", True)
        return dict(HEARTBEAT)

    one = session(csms_ClearCache=waiter, station_Heartbeat=setter)
    assert told(one.from_csms(Call("c", "ClearCache", {}), 1)) == []
    assert one.deadline() == 31
    assert told(one.tick(30.9)) == []
    woken = told(one.from_station(Call("a", "Heartbeat", {}), 5))
    assert woken[0] == Remember("ready", True)
    assert woken[-1] == '>csms [3,"c",{"status":"Accepted"}]'
    assert one.deadline() is None

    two = session(csms_ClearCache=waiter)
    two.from_csms(Call("c", "ClearCache", {}), 1)
    assert told(two.tick(31)) == ["translated", '>csms [3,"c",{"status":"Rejected"}]']
    three = session(csms_ClearCache=waiter, memory={"ready": True})
    assert told(three.from_csms(Call("c", "ClearCache", {}), 1))[-1] == '>csms [3,"c",{"status":"Accepted"}]'


def test_an_error_of_the_far_side_is_spelt_for_this_side() -> None:
    one = session(station_Heartbeat=heartbeat)
    one.from_station(Call("a", "Heartbeat", {}), 1)
    effects = told(one.from_csms(Error("g1", "FormatViolation", "bad token"), 2))
    assert effects == [
        "translated",
        '>station [4,"a","FormationViolation","bad token",{"gateway":"upstream CALLERROR FormatViolation"}]',
    ]


def test_a_mapping_may_take_errors_and_silence_itself() -> None:
    def row(call: Payload, session: Session) -> Conversation:
        try:
            yield Ask("Heartbeat", {})
        except PeerError as error:
            return {"currentTime": error.code}
        except PeerSilent as silence:
            return {"currentTime": str(silence)}

    one = session(station_Heartbeat=row)
    one.from_station(Call("a", "Heartbeat", {}), 1)
    assert told(one.from_csms(Error("g1", "NotSupported"), 2))[-1] == '>station [3,"a",{"currentTime":"NotSupported"}]'
    one.from_station(Call("b", "Heartbeat", {}), 1)
    silence = told(one.from_csms(NoAnswer("g2", 25), 2))[-1]
    assert silence == '>station [3,"b",{"currentTime":"did not answer in 25 s"}]'


START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-11-21T10:00:00Z"}


def start(call: Payload, session: Session) -> Conversation:
    """StartTransaction -> Heartbeat, for the test."""
    yield Ask("Heartbeat", {})
    return {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}


@pytest.mark.parametrize(
    "reply",
    [
        NoAnswer("g1", 25),
        Error("g1", "InternalError", "overloaded"),
        Error("g1", "GenericError"),
        Error("g1", "RpcFrameworkError", "Call already in progress"),
        Error("g1", "SecurityError", "not accepted yet"),
        Result("g1", {"currentTime": None}),
    ],
    ids=["silence", "InternalError", "GenericError", "RpcFrameworkError", "SecurityError", "invalid answer"],
)
def test_weather_never_becomes_a_callerror_to_a_transaction_message(reply: Any) -> None:
    one = session(station_StartTransaction=start)
    one.from_station(Call("a", "StartTransaction", dict(START)), 1)
    effects = one.from_csms(reply, 2)
    assert isinstance(effects[-1], Close)
    assert effects[-1].code == 1012
    assert not any(isinstance(effect, ToStation) for effect in effects)


def test_what_is_wrong_with_the_message_itself_is_told() -> None:
    one = session(station_StartTransaction=start)
    one.from_station(Call("a", "StartTransaction", dict(START)), 1)
    told_back = told(one.from_csms(Error("g1", "PropertyConstraintViolation", "idToken"), 2))
    assert told_back[-1].startswith('>station [4,"a","PropertyConstraintViolation","idToken"')


def test_unanswerable_closes() -> None:
    def row(call: Payload, session: Session) -> Conversation:
        raise Unanswerable("not now")
        yield

    one = session(station_StartTransaction=row)
    assert isinstance(one.from_station(Call("a", "StartTransaction", dict(START)), 1)[-1], Close)


def test_rows_that_answer_or_refuse_alone() -> None:
    one = session(
        csms_ClearCache=unsupported({"status": "Rejected"}, "no cache"),
        csms_GetLocalListVersion=answered(lambda call, session: {"versionNumber": 3}, "kept here"),
        csms_PublishFirmware=refused("NotSupported", "1.6 has none"),
    )
    assert told(one.from_csms(Call("1", "ClearCache", {}), 1)) == ["translated", '>csms [3,"1",{"status":"Rejected"}]']
    assert told(one.from_csms(Call("2", "GetLocalListVersion", {}), 1))[-1] == '>csms [3,"2",{"versionNumber":3}]'
    publish = {"location": "x", "checksum": "y", "requestId": 1}
    assert told(one.from_csms(Call("3", "PublishFirmware", publish), 1))[-1] == (
        '>csms [4,"3","NotSupported","1.6 has none",{}]'
    )


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('[2,"a","NoSuchAction",{}]', "NotImplemented"),
        ('[2,"a","../../v201/schemas/HeartbeatRequest",{}]', "NotImplemented"),
        ('[2,"a","Reset",{"type":"Soft"}]', "NotSupported"),
        ('[2,"a","StartTransaction",{"connectorId":1}]', "OccurenceConstraintViolation"),
        (
            '[2,"a","StartTransaction",{"connectorId":"one","idTag":"A","meterStart":0,"timestamp":"x"}]',
            "TypeConstraintViolation",
        ),
        ('[2,"a","StartTransaction",[]]', "FormationViolation"),
        ('[2,"a","StartTransaction",{"x":1e400}]', "FormationViolation"),
    ],
)
def test_what_cannot_be_used_is_refused_in_the_stations_spelling(frame: str, code: str) -> None:
    one = session(station_StartTransaction=start)
    effects = told(one.from_station(decode(frame), 1))
    assert json.loads(effects[-1].removeprefix(">station "))[:3] == [4, "a", code]


def test_a_mapping_that_fails_ends_one_call_and_no_session() -> None:
    def broken(call: Payload, session: Session) -> Conversation:
        yield Note("lost", {"field": "x"})
        raise KeyError("idTag")

    one = session(station_Heartbeat=broken, station_Authorize=heartbeat)
    effects = one.from_station(Call("a", "Heartbeat", {}), 1)
    assert told(effects)[:2] == ["lost", "mapping_failed"]
    assert told(effects)[-1].startswith('>station [4,"a","InternalError"')
    failure = effects[1]
    assert isinstance(failure, Note)
    assert failure.facts["at"].startswith("broken:")
    assert told(one.from_station(Call("b", "Authorize", {"idTag": "A"}), 2)) == ['>csms [2,"g1","Heartbeat",{}]']


def test_nothing_invalid_is_written() -> None:
    def bad_call(call: Payload, session: Session) -> Conversation:
        yield Ask("Heartbeat", {"surprise": 1})
        return dict(HEARTBEAT)

    def bad_answer(call: Payload, session: Session) -> Conversation:
        return {}
        yield

    one = session(station_Heartbeat=bad_call, station_Authorize=bad_answer)
    for call in (Call("a", "Heartbeat", {}), Call("a", "Authorize", {"idTag": "A"})):
        effects = told(one.from_station(call, 1))
        assert effects[0] == "invalid_output"
        assert effects[-1].startswith('>station [4,"a","InternalError"')
        assert one.idle()


def test_answer_locally_stands_in_for_the_csms_on_either_end() -> None:
    def row(call: Payload, session: Session) -> Conversation:
        yield Ask("SecurityEventNotification", {"type": "x", "timestamp": "2026-11-21T10:00:00Z"})
        return {}

    event = {"type": "x", "timestamp": "2026-11-21T10:00:00Z"}
    options = Options(answer_locally=frozenset({"SecurityEventNotification"}))
    one = session(options, station_SecurityEventNotification=row, station_FirmwareStatusNotification=row)
    assert told(one.from_station(Call("a", "SecurityEventNotification", event), 1)) == [
        "translated",
        '>station [3,"a",{}]',
    ]
    # Its own action is another, but what it asks of the CSMS is not to be asked.
    assert (
        told(one.from_station(Call("b", "FirmwareStatusNotification", {"status": "Idle"}), 1))[-1]
        == '>station [3,"b",{}]'
    )


def test_tolerated_offences_are_counted() -> None:
    one = session(station_Heartbeat=heartbeat)
    effects = one.from_station(decode('[2,"a","Heartbeat",{"extra":null}]'), 1)
    assert told(effects)[0] == "mended"


def test_close_ends_conversations_where_they_are() -> None:
    ended = []

    def row(call: Payload, session: Session) -> Conversation:
        try:
            yield Ask("Heartbeat", {})
        finally:
            ended.append(True)
        return dict(HEARTBEAT)

    one = session(station_Heartbeat=row)
    one.from_station(Call("a", "Heartbeat", {}), 1)
    one.close()
    assert ended == [True]
    assert one.idle()


def test_replies_to_nobody_are_dropped() -> None:
    one = session()
    assert told(one.from_csms(Result("zzz", {}), 1)) == ["unmatched"]


def test_time_is_given_from_outside() -> None:
    one = session()
    one.epoch = 1_795_255_200.0
    one.from_csms(Result("zzz", {}), 0.5)
    assert one.time == "2026-11-21T10:00:00.500Z"


def test_a_row_prints_its_first_sentence() -> None:
    row: MappingFunction = heartbeat
    assert mapped(row, "Heartbeat").summary == "Heartbeat -> Heartbeat"
