"""A payload is made to fit the other version, or refused as a whole."""

import math
from typing import Any

import pytest

from translators.fitting import Misfit, Rules, fit
from translators.words.v21 import RULES

OLD, NEW = "ocpp2.0.1", "ocpp2.1"
TOKEN = {"idToken": "AA", "type": "Central"}


def schedule(**period: Any) -> dict[str, Any]:
    return {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16, **period}]}


def limit(**schedule: Any) -> dict[str, Any]:
    return {"chargingLimit": {"chargingLimitSource": "EMS"}, "chargingSchedule": [schedule]}


def test_what_fits_is_the_same_object() -> None:
    call = {"idToken": TOKEN}
    assert fit(RULES, OLD, "Authorize", call) == (call, [])
    assert fit(RULES, OLD, "Authorize", call)[0] is call


def test_what_is_given_is_not_changed() -> None:
    call = {"type": "ImmediateAndResume"}
    assert fit(RULES, OLD, "Reset", call) == ({"type": "Immediate"}, ["type"])
    assert call == {"type": "ImmediateAndResume"}


def test_custom_data_of_a_vendor_is_carried() -> None:
    custom = {"vendorId": "x", "more": {"deep": [1, None, "x" * 9000]}}
    call = {"type": "ImmediateAndResume", "customData": custom}
    assert fit(RULES, OLD, "Reset", call)[0]["customData"] == custom


def test_any_json_is_carried() -> None:
    for data in ([1, [None]], {"deep": {}}, 1.5, True, "x" * 9000):
        answer = {"status": "Rejected", "data": data, "statusInfo": {"reasonCode": "x", "additionalInfo": "y" * 600}}
        fitted, lost = fit(RULES, OLD, "DataTransfer", answer, answer=True)
        assert (fitted["data"], lost) == (data, ["statusInfo.additionalInfo"])


def test_the_longer_place_goes_first() -> None:
    rules = Rules(words={"type": {"ImmediateAndResume": "OnIdle"}, "Reset.type": {"ImmediateAndResume": "Immediate"}})
    assert fit(rules, OLD, "Reset", {"type": "ImmediateAndResume"})[0] == {"type": "Immediate"}


def test_a_rule_is_needed_for_everything() -> None:
    for call, why in (
        ({"type": "ImmediateAndResume"}, "unknown word"),
        ({"type": "Immediate", "more": 1}, "unknown field"),
        ({"type": "Immediate", "evseId": 1.5}, "not a whole number"),
        ({}, "missing"),
    ):
        with pytest.raises(Misfit) as misfit:
            fit(Rules(), OLD, "Reset", call)
        assert misfit.value.keyword == why


def test_a_default_is_left_out_and_anything_else_is_refused() -> None:
    fitted, lost = fit(RULES, OLD, "NotifyChargingLimit", limit(**schedule(operationMode="ChargingOnly")))
    assert (fitted, lost) == (limit(**schedule()), [])
    fitted, lost = fit(RULES, OLD, "NotifyChargingLimit", limit(**schedule(operationMode="Idle")))
    assert (fitted, lost) == ({"chargingLimit": {"chargingLimitSource": "EMS"}}, ["chargingSchedule"])


def test_a_list_of_which_nothing_is_left_says_why() -> None:
    with pytest.raises(Misfit) as misfit:
        fit(RULES, OLD, "GetInstalledCertificateIds", {"certificateType": ["OEMRootCertificate"]})
    assert str(misfit.value) == "certificateType: unknown word in OCPP 2.0.1"
    assert (misfit.value.reason, misfit.value.code) == ("UnsupportedParam", "NotSupported")


def test_what_a_station_was_forgiven_is_not_written() -> None:
    """Reading tolerates texts that are too long; the other side gets none."""
    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "v" * 60, "model": "m" * 30}}
    fitted, lost = fit(RULES, NEW, "BootNotification", boot)
    assert fitted["chargingStation"] == {"vendorName": "v" * 50, "model": "m" * 20}
    assert lost == ["chargingStation.vendorName", "chargingStation.model"]


def test_numbers() -> None:
    needs = {"requestedEnergyTransfer": "DC", "dcChargingParameters": {"evMaxCurrent": 9.9, "evMaxVoltage": 400.0}}
    fitted, _ = fit(RULES, OLD, "NotifyEVChargingNeeds", {"evseId": 1, "chargingNeeds": needs})
    assert fitted["chargingNeeds"]["dcChargingParameters"] == {"evMaxCurrent": 9, "evMaxVoltage": 400}
    assert RULES.rounded["acChargingParameters.evMinCurrent"] is math.ceil
    with pytest.raises(Misfit, match="evseId: out of range"):
        fit(RULES, NEW, "NotifyEVChargingNeeds", {"evseId": 0, "chargingNeeds": needs})
    too_many = {"evseId": 1, "chargingNeeds": needs, "timeBase": "x"}
    with pytest.raises(Misfit, match="unknown field"):
        fit(RULES, OLD, "NotifyEVChargingNeeds", too_many)


def test_an_answer_has_places_of_its_own() -> None:
    answer = {"status": "Rejected"}
    assert fit(RULES, OLD, "ClearDisplayMessage", answer, answer=True)[0] == {"status": "Unknown"}
