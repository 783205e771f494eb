"""Profiles and reservations that several CSMSs give the same number."""

from typing import Any

import pytest

from gateway.namesakes import FIRST, MOST_OF_A_KIND, Namesakes
from translators.effects import Forget, Remember
from translators.frames import Call, Send

SET_16 = {"connectorId": 1, "csChargingProfiles": {"chargingProfileId": 1, "stackLevel": 0, "transactionId": 1}}
SET_201 = {"evseId": 1, "chargingProfile": {"id": 1, "stackLevel": 0}}


def called(one: Namesakes, action: str, payload: dict[str, Any]) -> Any:
    return one.called(Call("x", action, payload))[0].payload


def test_the_same_number_of_two_followers_is_two_at_the_station() -> None:
    memory: dict[str, Any] = {}
    north, south = Namesakes("north", memory), Namesakes("south", {})
    profile = called(north, "SetChargingProfile", SET_16)["csChargingProfiles"]["chargingProfileId"]
    other = called(south, "SetChargingProfile", SET_16)["csChargingProfiles"]["chargingProfileId"]
    assert profile != other
    assert min(profile, other) >= FIRST
    assert max(profile, other) < 2**31
    # One kind of thing is not the other, and the number of the transaction is another matter.
    reservation = called(north, "ReserveNow", {"reservationId": 1})["reservationId"]
    assert reservation != profile
    assert called(north, "SetChargingProfile", SET_16)["csChargingProfiles"]["transactionId"] == 1
    # The same after a crash that has forgotten everything.
    assert called(Namesakes("north", {}), "ClearChargingProfile", {"id": 1}) == {"id": profile}
    assert Namesakes("north", memory).called(Call("x", "SetChargingProfile", SET_16))[1] == []


@pytest.mark.parametrize(
    ("action", "payload", "steps"),
    [
        ("SetChargingProfile", SET_201, ("chargingProfile", "id")),
        ("RequestStartTransaction", {"idToken": {}, "chargingProfile": {"id": 1}}, ("chargingProfile", "id")),
        (
            "RemoteStartTransaction",
            {"chargingProfile": {"chargingProfileId": 1}},
            ("chargingProfile", "chargingProfileId"),
        ),
        ("ClearChargingProfile", {"chargingProfileId": 1}, ("chargingProfileId",)),
        (
            "GetChargingProfiles",
            {"requestId": 1, "chargingProfile": {"chargingProfileId": [1]}},
            ("chargingProfile", "chargingProfileId", 0),
        ),
        ("UpdateDynamicSchedule", {"chargingProfileId": 1}, ("chargingProfileId",)),
    ],
)
def test_every_call_that_names_a_profile_names_the_same(
    action: str, payload: dict[str, Any], steps: tuple[Any, ...]
) -> None:
    one = Namesakes("north", {})
    profile = called(one, "ClearChargingProfile", {"id": 1})["id"]
    found = called(one, action, payload)
    for step in steps:
        found = found[step]
    assert found == profile


def test_what_the_station_reports_is_in_the_followers_numbers() -> None:
    one = Namesakes("north", {})
    profile = called(one, "SetChargingProfile", SET_201)["chargingProfile"]["id"]
    reservation = called(one, "ReserveNow", {"id": 4})["id"]
    report = {"requestId": 1, "chargingProfile": [{"id": profile}, {"id": 7}]}
    told = one.copied(Call("x", "ReportChargingProfiles", report))
    assert told is not None
    assert told.payload == {"requestId": 1, "chargingProfile": [{"id": 1}, {"id": 7}]}
    told = one.copied(Call("x", "StartTransaction", {"reservationId": reservation, "idTag": "T"}))
    assert told is not None
    assert told.payload == {"reservationId": 4, "idTag": "T"}
    told = one.copied(Call("x", "TransactionEvent", {"reservationId": 4, "seqNo": 0}))
    assert told is not None
    assert told.payload == {"seqNo": 0}
    assert one.copied(Call("x", "ReservationStatusUpdate", {"reservationId": 4})) is None
    told = one.copied(Call("x", "ReservationStatusUpdate", {"reservationId": reservation}))
    assert told is not None
    assert told.payload == {"reservationId": 4}


def test_what_names_nothing_goes_on_as_it_came() -> None:
    one = Namesakes("north", {})
    for call in (
        Call("x", "Heartbeat", {}),
        Call("x", "ClearChargingProfile", {"connectorId": 1}),
        Call("x", "SetChargingProfile", {"csChargingProfiles": "odd"}),
        Call("x", "CancelReservation", {"reservationId": True}),
        Send("x", "NotifyPeriodicEventStream", {"id": 1}),
    ):
        assert one.called(call) == (call, [])
        assert one.copied(call) is call


def test_the_oldest_are_forgotten() -> None:
    memory: dict[str, Any] = {}
    one = Namesakes("north", memory)
    first = one.called(Call("x", "ClearChargingProfile", {"id": 0}))[1]
    assert isinstance(first[0], Remember)
    for number in range(1, MOST_OF_A_KIND):
        one.called(Call("x", "ClearChargingProfile", {"id": number}))
    _, effects = one.called(Call("x", "ClearChargingProfile", {"id": MOST_OF_A_KIND}))
    assert effects[1:] == [Forget(first[0].key)]
    assert len(memory) == MOST_OF_A_KIND
