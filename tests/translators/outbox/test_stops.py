"""The station is asked to stop once, over a crash as well."""

from typing import Any

from translators.effects import Forget, Note, Remember, ToStation
from translators.frames import Error, Result, decode
from translators.outbox.stops import Stops


def test_asked_once_remembered_and_forgotten() -> None:
    memory: dict[str, Any] = {}
    stops = Stops("ocpp1.6", memory, lambda: "own")
    remembered, asked = stops.ask(5)
    assert remembered == Remember("outbox/refused/5", 5)
    assert isinstance(asked, ToStation)
    assert asked.frame.text == '[2,"own","RemoteStopTransaction",{"transactionId":5}]'
    assert stops.ask(5) == []
    again = Stops("ocpp1.6", memory, lambda: "own")
    (asked,) = again.again()
    assert asked.frame.text == '[2,"own","RemoteStopTransaction",{"transactionId":5}]'  # type: ignore[union-attr]
    assert again.is_own(Result("own", {}))
    assert again.answered(Result("own", {"status": "Accepted"})) == [Forget("outbox/refused/5")]
    assert memory == {}
    assert not again.is_own(Result("own", {}))


def test_a_station_that_does_not_stop() -> None:
    for reply in (Result("own", {"status": "Rejected"}), Error("own", "NotSupported"), decode('[3,"own",[]]')):
        stops = Stops("ocpp2.0.1", {}, lambda: "own")
        stops.ask("t")
        (*_, note) = stops.answered(reply)  # type: ignore[arg-type]
        assert isinstance(note, Note)
        assert note.kind == "refused_start_goes_on"


def test_an_end_of_its_own() -> None:
    memory: dict[str, Any] = {}
    stops = Stops("ocpp2.0.1", memory, lambda: "own")
    stops.ask("t")
    assert stops.ended("t") == [Forget("outbox/refused/t")]
    assert stops.ended("t") == []
    stops.close()
    assert len(stops) == 0
