"""The stage nearest to the station, over a connection of one version."""

from typing import Any

from translators import adopted
from translators.effects import Effect, Note, Remember, ToCsms, ToStation, Work
from translators.frames import Call, NoAnswer, Result
from translators.links import between
from translators.options import Adoption, Options

KEY = {"key": "AuthorizationKey", "value": "00ff"}
RESULT = {"lines": ["hash"], "over": "o"}


def warden(memory: dict[str, Any], rule: str = "adopt", **adoption: Any) -> Any:
    numbers = iter(range(100))
    return between(
        "ocpp1.6",
        "ocpp1.6",
        options=Options(guard={"AuthorizationKey": rule}, adoption=Adoption(**{"verifies_password": True, **adoption})),
        memory=memory,
        new_id=lambda: f"g{next(numbers)}",
        connected_at=0,
        epoch=0,
    )


def work(effects: list[Effect]) -> Work:
    (found,) = effects
    assert isinstance(found, Work)
    return found


def test_remembered_before_the_station_is_told() -> None:
    memory: dict[str, Any] = {}
    stage = warden(memory)
    hashing = work(stage.from_csms(Call("c", "ChangeConfiguration", KEY), 1))
    assert (hashing.kind, hashing.value) == ("hash", "00ff")
    assert "00ff" not in repr(hashing)
    assert not stage.idle()
    first, second = hashing.done(RESULT, 2)
    assert first == Remember(adopted.SECRET, adopted.begun(None, "o", "g0", ["hash"]))
    assert isinstance(second, ToStation)
    assert second.frame.text == '[2,"c","ChangeConfiguration",{"key":"AuthorizationKey","value":"00ff"}]'
    told = stage.from_station(Result("c", {"status": "Rejected"}), 3)
    assert told[0] == Remember(adopted.SECRET, {"over": "o", "now": None, "next": []})
    assert told[1] == Note(
        "guarded",
        {"action": "ChangeConfiguration", "call": "AuthorizationKey", "rule": "adopt", "outcome": "rejected"},
    )
    assert isinstance(told[2], ToCsms)
    assert stage.idle()


def test_silence_leaves_both() -> None:
    memory: dict[str, Any] = {}
    stage = warden(memory)
    work(stage.from_csms(Call("c", "ChangeConfiguration", KEY), 1)).done(RESULT, 2)
    effects = stage.from_station(NoAnswer("c", 25.0), 30)
    assert not any(isinstance(effect, Remember) for effect in effects)
    assert len(memory[adopted.SECRET]["next"]) == 1


def test_forward_follows_nothing_and_is_told() -> None:
    memory: dict[str, Any] = {}
    stage = warden(memory, "forward")
    call = Call("c", "ChangeConfiguration", KEY)
    assert stage.from_csms(call, 1) == [ToStation(call)]
    note = stage.from_station(Result("c", {"status": "Accepted"}), 2)[0]
    assert note.facts | {"rule": "forward", "outcome": "accepted"} == note.facts
    assert memory == {}


def test_one_certificate_at_a_time() -> None:
    stage = warden({}, signs=True)
    signing = work(stage.from_station(Call("s", "SignCertificate", {"csr": "x"}), 1))
    again = stage.from_station(Call("t", "SignCertificate", {"csr": "x"}), 1)
    assert [type(effect) for effect in again] == [Note, ToStation]
    assert again[1].frame.payload == {"status": "Rejected"}
    effects = signing.done({"leaf": "l", "chain": "lc", "lines": [], "over": ""}, 2)
    assert [effect.frame.text[:4] for effect in effects if isinstance(effect, ToStation)] == ['[3,"', '[2,"']
    question = effects[1].frame  # type: ignore[union-attr]
    (signed,) = stage.from_station(Result(question.key, {}), 3)
    assert signed.frame.payload == {"certificateChain": "lc"}
    (note,) = stage.from_station(Result(signed.frame.key, {"status": "Accepted"}), 4)
    assert note.facts["outcome"] == "accepted"
    assert stage.idle()


def test_what_the_authority_does_not_sign_is_rejected() -> None:
    stage = warden({}, signs=True)
    note, answer = work(stage.from_station(Call("s", "SignCertificate", {"csr": "x"}), 1)).done({"why": "weak"}, 2)
    assert isinstance(note, Note)
    assert note.facts["why"] == "weak"
    assert isinstance(answer, ToStation)
    assert stage.idle()
    assert [type(one) for one in stage.from_station(Call("s", "SignCertificate", {}), 1)] == [Note, ToStation]


def test_it_ends_with_the_session() -> None:
    stage = warden({})
    stage.epoch = 5.0
    assert stage.inner.epoch == 5.0
    assert (stage.open(1), stage.resumed(1), stage.tick(1), stage.deadline()) == ([], [], [], None)
    work(stage.from_csms(Call("c", "ChangeConfiguration", KEY), 1)).done(RESULT, 2)
    stage.close()
    assert stage.idle()
