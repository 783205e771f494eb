"""What would disconnect a station is an error to one that is not there."""

from gateway.patient import Patient
from translators.effects import ToStation
from translators.frames import Call, Error, NoAnswer
from translators.passthrough import Passthrough


def test_an_answer_withheld_is_an_error_that_says_why() -> None:
    stage = Patient(Passthrough("ocpp1.6"))
    stage.from_station(Call("a", "StartTransaction", {}), 0.0)
    assert not stage.idle()
    (effect,) = [one for one in stage.from_csms(NoAnswer("a", 25.0), 25.0) if isinstance(one, ToStation)]
    assert isinstance(effect.frame, Error)
    assert (effect.frame.message_id, effect.frame.code) == ("a", "InternalError")
    assert effect.frame.unheard == "backend did not take a transaction message"
    assert stage.idle()


def test_everything_else_passes() -> None:
    inner = Passthrough("ocpp1.6", epoch=5.0)
    stage = Patient(inner)
    assert stage.epoch == 5.0
    stage.epoch = 7.0
    assert inner.epoch == 7.0
    assert (stage.open(0), stage.away(0), stage.resumed(0), stage.tick(0), stage.deadline()) == ([], [], [], [], None)
    call = Call("a", "Reset", {"type": "Soft"})
    assert stage.from_csms(call, 0.0) == [ToStation(call)]
    stage.close()
    assert stage.idle()
