"""The official schemas, all of them, and who may call what."""

import pytest

from translators import schemas


@pytest.mark.parametrize(
    ("version", "known", "of_station"), [("ocpp1.6", 39, 14), ("ocpp2.0.1", 64, 25), ("ocpp2.1", 91, 37)]
)
def test_every_action_has_both_schemas_and_a_side(version: str, known: int, of_station: int) -> None:
    actions = schemas.actions(version)
    assert len(actions) == known
    assert len(schemas.STATION_ACTIONS[version]) == of_station
    assert schemas.STATION_ACTIONS[version] <= actions
    assert schemas.STATION_ACTIONS[version] | schemas.csms_actions(version) == actions
    assert schemas.STATION_ACTIONS[version] & schemas.csms_actions(version) == {"DataTransfer"}
    for action in actions:
        assert isinstance(schemas.valid(version, action, {}, answer=False), bool)
        if action != "NotifyPeriodicEventStream":  # 2.1: a SEND has no answer
            assert isinstance(schemas.valid(version, action, {}, answer=True), bool)


@pytest.mark.parametrize("action", ["NoSuch", "../../v201/schemas/HeartbeatRequest", "HeartbeatResponse", ""])
def test_what_is_no_action_has_no_schema(action: str) -> None:
    with pytest.raises(KeyError):
        schemas.valid("ocpp1.6", action, {}, answer=False)


def test_offences_say_what_and_where() -> None:
    payload = {"connectorId": "1", "extra": 1, "meterValue": [{"timestamp": "x", "sampledValue": [{"value": 5}]}]}
    found = {
        str(offence): schemas.error_code(offence)
        for offence in schemas.offences("ocpp1.6", "MeterValues", payload, answer=False)
    }
    assert found == {
        "payload: unknown extra": "FormatViolation",
        "connectorId: type": "TypeConstraintViolation",
        "meterValue[0].sampledValue[0].value: type": "TypeConstraintViolation",
    }
    missing = schemas.offences("ocpp1.6", "Authorize", {}, answer=False)
    assert [str(offence) for offence in missing] == ["idTag: required"]
    assert schemas.error_code(missing[0]) == "OccurrenceConstraintViolation"


def test_one_decimal_place_is_read_as_one_decimal_place() -> None:
    period = {"startPeriod": 0, "limit": 21.4}
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    }
    payload = {"connectorId": 1, "csChargingProfiles": profile}
    assert schemas.valid("ocpp1.6", "SetChargingProfile", payload, answer=False)
    period["limit"] = 4.11
    assert not schemas.valid("ocpp1.6", "SetChargingProfile", payload, answer=False)


def test_a_payload_too_deep_to_tell_what_is_wrong_with_it_is_wrong_all_the_same() -> None:
    deep: dict[str, object] = {}
    for _ in range(900):
        deep = {"a": deep}
    assert not schemas.valid("ocpp1.6", "Heartbeat", deep, answer=False)
    (offence,) = schemas.offences("ocpp1.6", "Heartbeat", deep, answer=False)
    assert schemas.error_code(offence) == "FormatViolation"
