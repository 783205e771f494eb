"""A station's numbers and a CSMS's, one to one; what has none passes as it came."""

from collections.abc import Callable
from typing import Any

import pytest

from translators.aliases import Aliases
from translators.effects import Effect, Forget, Remember, ToCsms, ToStation
from translators.frames import Call, Error, NoAnswer, Result, decode
from translators.pairs import KEPT_AFTER_END, MOST_OF_A_KIND, Kind, Pairs
from translators.passthrough import Passthrough

START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-11-21T10:00:00Z"}
STOP = {"meterStop": 1, "timestamp": "2026-11-21T10:00:00Z"}


class Wire:
    """A station and a CSMS around `Aliases`."""

    def __init__(
        self, memory: dict[str, Any] | None = None, taken: Callable[[Kind, int], bool] = lambda kind, number: False
    ) -> None:
        self.memory = {} if memory is None else memory
        self.pairs = Pairs(self.memory, taken)
        self.stage = Aliases(Passthrough("ocpp1.6"), self.pairs)
        self.ids = 0
        self.stored: list[Effect] = []

    def frames(self, effects: list[Effect]) -> list[Any]:
        self.stored += [effect for effect in effects if isinstance(effect, Remember | Forget)]
        return [effect.frame for effect in effects if isinstance(effect, ToStation | ToCsms)]

    def station_calls(self, action: str, payload: dict[str, Any], answer: dict[str, Any], now: float = 0.0) -> Any:
        """What the CSMS gets, and what the station gets back."""
        self.ids += 1
        (call,) = self.frames(self.stage.from_station(Call(f"s{self.ids}", action, payload), now))
        (result,) = self.frames(self.stage.from_csms(Result(call.message_id, answer), now))
        return call.payload, result.payload

    def starts(self, number: int, now: float = 0.0) -> int:
        _, answer = self.station_calls("StartTransaction", START, {"transactionId": number, "idTagInfo": {}}, now)
        return int(answer["transactionId"])

    def stops(self, number: int, now: float = 0.0) -> int:
        call, _ = self.station_calls("StopTransaction", {**STOP, "transactionId": number}, {}, now)
        return int(call["transactionId"])

    def csms_calls(self, action: str, payload: dict[str, Any]) -> Any:
        """What comes of it: the station's call, or the answer of this stage."""
        self.ids += 1
        (frame,) = self.frames(self.stage.from_csms(Call(f"c{self.ids}", action, payload), 0.0))
        return frame.payload


def test_two_csmss_that_both_count_from_one() -> None:
    one, other = Wire(), Wire()
    for wire, elsewhere in ((one, other), (other, one)):
        wire.pairs._taken = lambda kind, number, elsewhere=elsewhere: (
            number
            in {  # type: ignore[misc]
                int(key.rsplit("/", 1)[1]) for key in elsewhere.memory if key.startswith(f"number/{kind}/")
            }
        )
    assert (one.starts(1), other.starts(1), one.starts(2), other.starts(3)) == (1, 2, 3, 4)
    assert (one.stops(1), other.stops(2), one.stops(3), other.stops(4)) == (1, 1, 2, 3)
    assert one.csms_calls("RemoteStopTransaction", {"transactionId": 2}) == {"transactionId": 3}
    assert other.csms_calls("RemoteStopTransaction", {"transactionId": 3}) == {"transactionId": 4}


def test_a_promised_number_is_the_stations() -> None:
    wire = Wire()
    assert [*wire.pairs.owed(900)] == [Remember("number/transactionId/900", {"csms": None})]
    assert wire.pairs.is_owed(900)
    wire.pairs.promise("s1", 900)
    assert wire.starts(7) == 900
    assert not wire.pairs.is_owed(900)
    meter = {"connectorId": 1, "transactionId": 900, "meterValue": []}
    assert wire.station_calls("MeterValues", meter, {})[0]["transactionId"] == 7
    # The CSMS's own 900 is another transaction, and so is one that it has not named yet.
    assert wire.csms_calls("RemoteStopTransaction", {"transactionId": 900}) == {"status": "Rejected"}
    assert wire.starts(900) == 901
    assert wire.stops(901) == 900


def test_numbers_survive_in_memory() -> None:
    memory: dict[str, Any] = {}
    wire = Wire(memory)
    wire.pairs.owed(900)
    wire.pairs.promise("s1", 900)
    wire.starts(7)
    later = Wire(memory)
    assert later.csms_calls("RemoteStopTransaction", {"transactionId": 7}) == {"transactionId": 900}
    assert later.stops(900) == 7


def test_a_number_that_comes_again_means_the_newer_transaction() -> None:
    wire = Wire()
    wire.pairs.owed(900)
    wire.pairs.promise("s1", 900)
    wire.starts(7)
    wire.stops(900)
    assert wire.starts(7) == 7
    assert wire.csms_calls("RemoteStopTransaction", {"transactionId": 7}) == {"transactionId": 7}
    # Still known for what may come late.
    assert wire.stops(900) == 7
    wire.stops(7, now=KEPT_AFTER_END + 1)
    assert "number/transactionId/900" not in wire.memory
    assert Forget("number/transactionId/900") in wire.stored


def test_reservations_and_profiles() -> None:
    wire = Wire(taken=lambda kind, number: number == 1)
    profile = {"chargingProfileId": 1, "transactionId": 5, "stackLevel": 0}
    set_to = wire.csms_calls("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})
    assert set_to["csChargingProfiles"] == {**profile, "chargingProfileId": 2}
    started = wire.csms_calls("RemoteStartTransaction", {"idTag": "A", "chargingProfile": {"chargingProfileId": 1}})
    assert started == {"idTag": "A", "chargingProfile": {"chargingProfileId": 2}}
    assert wire.csms_calls("ClearChargingProfile", {"id": 1}) == {"id": 2}
    assert wire.csms_calls("ClearChargingProfile", {"id": 2}) == {"status": "Unknown"}
    assert wire.csms_calls("ClearChargingProfile", {"stackLevel": 1}) == {"stackLevel": 1}
    assert wire.csms_calls("ReserveNow", {"reservationId": 1})["reservationId"] == 2
    assert wire.csms_calls("CancelReservation", {"reservationId": 1}) == {"reservationId": 2}
    call, _ = wire.station_calls("StartTransaction", {**START, "reservationId": 2}, {"transactionId": 9})
    assert call["reservationId"] == 1


def test_only_the_kinds_that_are_asked_for() -> None:
    stage = Aliases(Passthrough("ocpp1.6"), Pairs({}, lambda kind, number: kind == "reservationId"), ("transactionId",))
    call = Call("c", "ReserveNow", {"reservationId": 1})
    assert stage.from_csms(call, 0)[-1] == ToStation(call)


@pytest.mark.parametrize(
    "text",
    [
        '[2, "1", "StopTransaction", {"transactionId": 3}]',
        '[2, "1", "StopTransaction", {"transactionId": "3"}]',
        '[2, "1", "StopTransaction", []]',
        '[2, "1", "Heartbeat",  {}]',
        '[2, "1", "DataTransfer", {"vendorId":"org.openchargealliance.costmsg","data":"{\\"transactionId\\":900}"}]',
    ],
)
def test_frames_without_such_numbers_are_untouched(text: str) -> None:
    wire = Wire()
    wire.pairs.met("transactionId", 7, 900)
    frame = decode(text)
    (sent,) = [effect for effect in wire.stage.from_station(frame, 0) if isinstance(effect, ToCsms)]
    assert sent.frame is frame
    other = decode(text.replace("StopTransaction", "RemoteStopTransaction").replace('"1"', '"2"'))
    (heard,) = [effect for effect in wire.stage.from_csms(other, 0) if isinstance(effect, ToStation)]
    assert heard.frame is other


@pytest.mark.parametrize("reply", [Error("s1", "InternalError"), NoAnswer("s1", 25.0), Result("s1", {})])
def test_a_start_without_a_number_leaves_no_trace(reply: Any) -> None:
    wire = Wire()
    wire.frames(wire.stage.from_station(Call("s1", "StartTransaction", START), 0))
    wire.frames(wire.stage.from_csms(reply, 1))
    assert wire.memory == {}


def test_too_many_of_a_kind() -> None:
    wire = Wire()
    for number in range(MOST_OF_A_KIND + 3):
        wire.csms_calls("ReserveNow", {"reservationId": number})
    assert len(wire.memory) == MOST_OF_A_KIND
    assert "number/reservationId/2" not in wire.memory


def test_the_rest_is_the_inner_stages() -> None:
    wire = Wire()
    wire.stage.epoch = 5.0
    assert wire.stage.inner.epoch == wire.stage.epoch == 5.0
    assert wire.stage.open(0) == wire.stage.away(0) == wire.stage.resumed(0) == wire.stage.tick(0) == []
    assert wire.stage.deadline() is None
    wire.frames(wire.stage.from_station(Call("s1", "StartTransaction", START), 0))
    assert not wire.stage.idle()
    wire.stage.close()
    assert wire.stage.idle()
