"""A 1.6 CSMS and a 1.6 station with 2.0.1 between them: what the CSMS asks for is what the station hears."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.translators.both16 import BEGAN, MOMENTS, SOME, TAGS, V, answered, drawn, meant, same, wire
from tests.translators.generate import answers
from translators.times import iso, normalise

SIMPLE = "CancelReservation ChangeAvailability ClearCache ClearChargingProfile GetLocalListVersion ReserveNow".split()


@pytest.mark.parametrize("action", SIMPLE)
def test_commands(action: str) -> None:
    @SOME
    @given(st.data(), MOMENTS, TAGS)
    def holds(data: st.DataObject, at: str, tag: str) -> None:
        both = wire()
        call, answer = drawn(data, action), answered(data, action)
        if "connectorId" in call:
            call["connectorId"] = data.draw(st.integers(0, 2))
        if action == "ReserveNow":
            call |= {"expiryDate": at, "idTag": tag}
            if "parentIdTag" in call:
                call["parentIdTag"] = data.draw(TAGS)
        if action == "ClearChargingProfile" and ("id" in call or not call):
            call = {"id": call.get("id", 1)}  # nothing beside an id counts; without anything 1.6 clears all, 2.0.1 none
        if action == "GetLocalListVersion":
            answer["listVersion"] = max(0, answer["listVersion"])  # 2.0.1 has no word for a station without a list
        told = both.csms(action, call, answer)
        assert [same(payload) for name, payload in both.heard["station"] if name == action] == [meant(action, call)]
        assert told == answer
        assert not both.lost

    holds()


@pytest.mark.parametrize("kind", ["Hard", "Soft"])
@pytest.mark.parametrize("status", ["Accepted", "Rejected"])
def test_reset(kind: str, status: str) -> None:
    """2.0.1 has one reset that ends transactions, and so has the way back: the harder one."""
    both = wire()
    assert both.csms("Reset", {"type": kind}, {"status": status}) == {"status": status}
    assert both.last("station", "Reset") == {"type": "Hard"}


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    ("status", "told"), [("Unlocked",) * 2, ("UnlockFailed",) * 2, ("NotSupported", "UnlockFailed")]
)
def test_unlock(number: int, status: str, told: str) -> None:
    both = wire()
    answer = both.csms("UnlockConnector", {"connectorId": number}, {"status": status})
    assert both.last("station", "UnlockConnector") == {"connectorId": number}
    assert answer == {"status": told}


@pytest.mark.parametrize("status", ["Accepted", "Rejected", "NotImplemented"])
@pytest.mark.parametrize("wanted", ["Heartbeat", "MeterValues", "FirmwareStatusNotification", "StatusNotification"])
def test_trigger(wanted: str, status: str) -> None:
    both = wire()
    call = {
        "requestedMessage": wanted,
        **({"connectorId": 1} if wanted in ("MeterValues", "StatusNotification") else {}),
    }
    assert both.csms("TriggerMessage", call, {"status": status}) == {"status": status}
    assert both.last("station", "TriggerMessage") == call


@SOME
@given(st.data(), st.lists(TAGS, unique_by=str.lower, max_size=4), st.integers(1, 1000))
def test_local_list(data: st.DataObject, tags: list[str], version: int) -> None:
    both = wire()
    (infos,) = (data.draw(st.lists(answers(V, "Authorize"), min_size=len(tags), max_size=len(tags))),)
    entries = [{"idTag": tag, "idTagInfo": info["idTagInfo"]} for tag, info in zip(tags, infos, strict=True)]
    kind = data.draw(st.sampled_from(["Full", "Differential"]))
    call = {"listVersion": version, "updateType": kind, "localAuthorizationList": entries}
    status = data.draw(st.sampled_from(["Accepted", "Failed", "VersionMismatch"]))
    assert both.csms("SendLocalList", call, {"status": status}) == {"status": status}
    expected = meant("SendLocalList", call)
    for entry in expected.get("localAuthorizationList", []):
        info = entry["idTagInfo"]
        info["status"] = "Blocked" if info["status"] == "ConcurrentTx" else info["status"]  # 1.6 section 7.2
    assert same(both.last("station", "SendLocalList")) == expected
    assert not both.lost


@SOME
@given(st.data(), st.sampled_from([0, 1, 2]), st.sampled_from(["ChargePointMaxProfile", "TxDefaultProfile"]))
def test_charging_profile(data: st.DataObject, number: int, purpose: str) -> None:
    """All that both take. What one of them refuses is in `test_profiles`."""
    both = wire()
    call = drawn(data, "SetChargingProfile", connectorId=0 if purpose == "ChargePointMaxProfile" else number)
    profile = call["csChargingProfiles"]
    profile |= {"chargingProfilePurpose": purpose}
    profile.pop("transactionId", None)
    schedule = profile["chargingSchedule"]
    if profile["chargingProfileKind"] == "Relative":
        schedule.pop("startSchedule", None)
    else:
        schedule.setdefault("startSchedule", iso(BEGAN))  # 2.0.1 wants one: it is assumed to be now
    schedule["chargingSchedulePeriod"].sort(key=lambda period: period["startPeriod"])
    for first in schedule["chargingSchedulePeriod"][:1]:
        first["startPeriod"] = 0
    status = data.draw(st.sampled_from(["Accepted", "Rejected"]))
    told = both.csms("SetChargingProfile", call, {"status": status})
    heard = [payload for name, payload in both.heard["station"] if name == "SetChargingProfile"]
    if heard:
        assert told == {"status": status}
        assert [same(payload) for payload in heard] == [meant("SetChargingProfile", call)]
    else:
        assert told == {"status": "Rejected"}


@SOME
@given(TAGS, st.one_of(st.none(), st.integers(1, 2)), st.sampled_from(["Accepted", "Rejected"]))
def test_remote_start(tag: str, number: int | None, status: str) -> None:
    both = wire()
    call = {"idTag": tag, **({"connectorId": number} if number else {})}
    assert both.csms("RemoteStartTransaction", call, {"status": status}) == {"status": status}
    # 2.0.1 stations choose a free EVSE themselves, 1.6 stations may want to be told one.
    heard = both.last("station", "RemoteStartTransaction")
    assert heard["idTag"] == tag
    assert heard.get("connectorId") == number
    assert not both.lost


@SOME
@given(MOMENTS, st.sampled_from(["Idle", "Uploaded", "UploadFailure", "Uploading", "BadMessage", "PermissionDenied"]))
def test_a_log(oldest: str, status: str) -> None:
    both = wire()
    call = {
        "logType": "SecurityLog",
        "requestId": 5,
        "retries": 2,
        "retryInterval": 30,
        "log": {"remoteLocation": "ftp://logs.example/up", "oldestTimestamp": oldest},
    }
    answer = {"status": "Accepted", "filename": "log.txt"}
    assert both.csms("GetLog", call, answer) == answer
    expected = {**call, "log": {**call["log"], "oldestTimestamp": normalise(oldest)}}  # type: ignore[dict-item]
    assert both.heard["station"] == [("GetLog", expected)]
    said = {"status": status, "requestId": 5}
    assert both.station("LogStatusNotification", said, {}) == {}
    assert both.heard["csms"] == [("LogStatusNotification", said)]
    assert not both.lost


@SOME
@given(MOMENTS, st.booleans())
def test_an_update(at: str, is_bare: bool) -> None:
    both = wire()
    call = {
        "location": "ftp://firmware.example/1.bin",
        "retrieveDate": at,
        **({} if is_bare else {"retries": 2, "retryInterval": 30}),
    }
    assert both.csms("UpdateFirmware", call, {}) == {}
    assert [(name, same(payload)) for name, payload in both.heard["station"]] == [("UpdateFirmware", same(call))]
    for status in ("Downloading", "Downloaded", "Installing", "Installed"):
        assert both.station("FirmwareStatusNotification", {"status": status}, {}) == {}
    assert [payload["status"] for _, payload in both.heard["csms"]] == [
        "Downloading",
        "Downloaded",
        "Installing",
        "Installed",
    ]
    assert not both.lost
