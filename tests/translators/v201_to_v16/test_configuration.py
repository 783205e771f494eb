"""Keys asked of and changed on a 2.0.1 station, and what is kept of its device model."""

from hypothesis import given
from hypothesis import strategies as st

from tests.translators.echo import KEY_NAMES, VALUES, VARIABLES, Echo
from tests.translators.wire import SLOW
from translators.frames import Result
from translators.keys import LIMITS, ROWS, key_named
from translators.options import Options

STATION, CSMS = "ocpp2.0.1", "ocpp1.6"
OPTIONS = st.sampled_from(
    [Options(connectors={1: (1, 1), 2: (2, 1)}), Options(), Options(guard={"ChangeConfiguration": "forward"})]
)
BOOT = {"chargingStation": {"model": "M1", "vendorName": "V"}, "reason": "PowerUp"}


@SLOW
@given(st.data(), OPTIONS)
def test_every_key_is_told_or_unknown(data: st.DataObject, options: Options) -> None:
    wire = Echo(data, STATION, CSMS, options)
    names = data.draw(st.lists(KEY_NAMES, max_size=20))
    answer = wire.call("csms", "GetConfiguration", {"key": names}, "c1")
    if isinstance(answer, Result):
        found = [entry["key"].casefold() for entry in answer.payload["configurationKey"]]
        unknown = [name.casefold() for name in answer.payload["unknownKey"]]
        assert len(set(found)) == len(found)
        assert "authorizationkey" not in found
        assert all(len(entry["value"]) <= 500 for entry in answer.payload["configurationKey"])
        if names:
            assert {*found, *unknown} == {(key.name if (key := key_named(name)) else name).casefold() for name in names}
        else:
            assert not unknown


@SLOW
@given(st.data(), OPTIONS)
def test_every_change_is_answered(data: st.DataObject, options: Options) -> None:
    wire = Echo(data, STATION, CSMS, options)
    for number in range(5):
        key, value = data.draw(KEY_NAMES), data.draw(VALUES)[:500]
        wire.call("csms", "ChangeConfiguration", {"key": key, "value": value}, f"c{number}")
        if not options.guard and key.casefold() in ("authorizationkey", "securityprofile"):
            assert wire.answers[-1][1].payload == {"status": "Rejected"}  # type: ignore[union-attr]


@SLOW
@given(st.data())
def test_what_is_kept_of_a_model_is_bounded(data: st.DataObject) -> None:
    wire = Echo(data, STATION, CSMS)
    memory = wire.stage.inner.memory  # type: ignore[attr-defined]
    wire.call("station", "BootNotification", BOOT, "s1")
    report = memory.get("station/model/asked", 1)
    drawn = data.draw(st.lists(VARIABLES, min_size=1, max_size=40))
    for number in range(3):
        rows = [
            {
                **one.written(),
                "variableAttribute": [{"mutability": data.draw(st.sampled_from(["ReadOnly", "ReadWrite"]))}],
                "variableCharacteristics": {"dataType": "integer", "maxLimit": 5.0, "supportsMonitoring": False},
            }
            for one in drawn
        ]
        part = {"requestId": report, "generatedAt": "2026-11-21T10:00:00Z", "seqNo": 3, "tbc": number < 2}
        answer = wire.call("station", "NotifyReport", {**part, "reportData": rows}, f"s{number + 2}")
        assert answer is None or isinstance(answer, Result)
    names = {str(one) for key in ROWS for one in key.variables} | {str(one) for one in LIMITS}
    names |= {name.casefold() for name in names}
    kept = memory.get("station/model", {}).get("variables", {})
    assert {name.partition("[")[0] for name in kept} <= {name.partition("[")[0] for name in names}
    assert len(kept) < 100
    assert len(memory.get("station/model", {}).get("connectors", [])) <= 128
    wire.call("csms", "GetConfiguration", {"key": ["LocalAuthListMaxLength", "HeartbeatInterval"]}, "c1")
