"""The table of keys: every row reads both ways, no name stands twice."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators import keys, schemas
from translators.keys import CONSTANTS, KEYS, LIMITS, ROWS, Key, UnfitValueError, Variable, variable
from translators.keys.parts import PROFILES
from translators.keys.values import KINDS, RATE_UNIT_WORDS, read, written
from translators.words import MEASURAND

HERE = {1: (1, 1), 2: (1, 2), 3: (2, 1)}

SAMPLES = {
    "boolean": [("true", "true"), (" FALSE ", "false")],
    "integer": [("3", "3"), (" 3.0 ", "3")],
    "seconds": [("60", "60")],
    "Wh": [("1000", "1000")],
    "percent": [("50", "50")],
    "text": [("some text", "some text")],
    "date": [("2026-10-25T01:00:00Z", "2026-10-25T01:00:00Z")],
    "list": [("de, en", "de,en")],
    "measurands": [
        ("Voltage.L1, Voltage.L2,Power.Active.Import.L1-N", "Voltage,Power.Active.Import"),
        ("current.import", "Current.Import"),
        ("", ""),
    ],
    "rate units": [("Current,Power", "A,W"), ("power", "W")],
    "protocols": [("https,FTP", "HTTPS,FTP")],
    "password": [("30313233343536373839616263646566", "0123456789abcdef")],
}
"""Of every kind: 1.6 values, and what 2.0.1 says for them."""

UNFIT = {
    "boolean": ["1", "", "yes"],
    "integer": ["", "1.5", "x", "1" * 30, "١"],
    "seconds": ["1s"],
    "Wh": ["1kWh"],
    "percent": ["5%"],
    "measurands": ["SoC,Temperature", "Energy.Apparent.Net", "Voltage.L9", "L1"],
    "rate units": ["A"],
    "protocols": ["SCP"],
    "password": ["", "zz", "00" * 16, "30" * 15, "30" * 41, "é"],
}


def test_all_of_1_6_is_there() -> None:
    numbered = 58
    # Four of the numbered rows stand for two or three keys; CustomIdleFeeAfterStop is of the pricing note alone.
    assert len(ROWS) == numbered + 6
    assert set(SAMPLES) | {"phases", "profiles", "price"} == set(KINDS) == {key.kind.name for key in ROWS}


def test_no_name_stands_twice() -> None:
    assert max(Counter(key.name.casefold() for key in ROWS).values()) == 1
    plain = [one for key in ROWS if key.characteristic is None for one in key.variables]
    assert max(Counter(plain).values()) == 1
    limits = [(one, key.characteristic) for key in ROWS if key.characteristic for one in key.variables]
    assert max(Counter(limits).values()) == 1


def test_every_data_type_and_access_is_one() -> None:
    definitions = schemas.schema("ocpp2.0.1", "NotifyReport", False)["definitions"]
    types = set(definitions["DataEnumType"]["enum"])
    assert {kind.data_type for kind in KINDS.values()} <= types
    assert {one.data_type for one in CONSTANTS.values()} <= types
    assert {key.access for key in ROWS} == {"R", "RW", "W"}
    longest = definitions["VariableCharacteristicsType"]["properties"]
    for kind in KINDS.values():
        assert len(kind.unit or "") <= longest["unit"]["maxLength"]
        assert len(keys.values_list(kind) or "") <= longest["valuesList"]["maxLength"]


def test_every_name_fits_its_schema() -> None:
    for key in ROWS:
        assert len(key.name) <= 50
        for one in (*key.variables, *CONSTANTS):
            items = [one.written()]
            assert schemas.valid("ocpp2.0.1", "GetVariables", {"getVariableData": items}, answer=False)


@pytest.mark.parametrize("key", ROWS, ids=lambda key: key.name)
def test_every_row_is_found_from_both_sides(key: Key) -> None:
    named = keys.key_named(f" {key.name.swapcase()} ")
    assert named is not None
    assert named.kind == key.kind
    for one in keys.variables_of(key, HERE):
        other = replace(one, component=one.component.upper(), name=one.name.lower())
        if key.characteristic is None:
            found = keys.key_behind(other)
            assert found is not None
            assert found.name == key.name
        else:
            assert key in LIMITS[other]


@pytest.mark.parametrize("key", [key for key in ROWS if key.variables and not key.in_parts], ids=lambda key: key.name)
def test_every_row_converts_and_inverts(key: Key) -> None:
    for text, expected in SAMPLES[key.kind.name]:
        values = keys.split(key, text, {})
        assert set(values.values()) <= {expected}
        assert set(values) == set(key.variables)
        if key.access == "W":
            continue
        assert keys.seen(key, text, {}) == (values, [])
        back, strangers = keys.joined(key, values, {})
        assert not strangers
        assert back is not None
        assert keys.split(key, back, {}) == values
        assert keys.changed(key, "", key.variables[0], expected, {}) == back
    for text in UNFIT.get(key.kind.name, []):
        with pytest.raises(UnfitValueError):
            keys.split(key, text, {})


def test_limits() -> None:
    for name, text, code in (
        ("HeartbeatInterval", "0", "ValueTooLow"),
        ("WebSocketPingInterval", "-1", "ValueTooLow"),
        ("SecurityProfile", "4", "ValueTooHigh"),
        ("CertificateSignedMaxChainSize", "10001", "ValueTooHigh"),
    ):
        key = KEYS[name.casefold()]
        with pytest.raises(UnfitValueError) as refusal:
            keys.split(key, text, {})
        assert refusal.value.code == code
        # What a station says is told, whatever it is.
        assert keys.joined(key, {key.variables[0]: text}, {}) == (text, [])


def test_what_has_no_word_is_named_when_read_and_refused_when_written() -> None:
    measurands = KINDS["measurands"]
    assert read(measurands, "Energy.Apparent.Net,SoC", "1.6") == ("SoC", ["Energy.Apparent.Net"])
    assert read(measurands, "Temperature, SoC.L1", "2.0.1") == ("SoC", ["Temperature"])
    with pytest.raises(UnfitValueError, match=r"measurand not available in OCPP 1.6: Energy.Apparent.Net"):
        written(measurands, "SoC,Energy.Apparent.Net", "1.6")
    # 2.0.1 knows no phases in a list, so there is none to strip.
    assert read(measurands, "Voltage.L1", "1.6") == ("", ["Voltage.L1"])
    assert set(RATE_UNIT_WORDS.to_16) == {"A", "W"}
    assert not {word.rpartition(".")[2] for word in MEASURAND.to_201} & {"L1", "L2", "L3", "N"}


def test_phase_rotation_is_split_by_connector() -> None:
    key = KEYS["connectorphaserotation"]
    station, first, second, third = keys.variables_of(key, HERE)
    assert keys.split(key, "0.RST, 1.srt,2.Unknown,3.NotApplicable", HERE) == {station: "RST", first: "SRT"}
    for text in ("RST", "4.RST", "1.XYZ", "1.Maybe", "-1.RST"):
        with pytest.raises(UnfitValueError):
            keys.split(key, text, HERE)
    assert keys.seen(key, "nonsense,9.RST,3.TSR", HERE) == ({third: "TSR"}, [])
    assert keys.joined(key, {second: "", third: "TSR"}, HERE) == ("2.Unknown,3.TSR", [])
    assert keys.changed(key, "3.TSR,1.Unknown,0.RST", first, "sTr", HERE) == "0.RST,1.STR,3.TSR"
    assert keys.key_behind(Variable("Connector", "PhaseRotation")) is None
    assert keys.key_behind(Variable("ChargingStation", "PhaseRotation", evse=1, connector=1)) is None


def test_feature_profiles_are_what_is_available() -> None:
    key = KEYS["supportedfeatureprofiles"]
    known = {
        variable("SmartChargingCtrlr.Available"): "TRUE",
        variable("ReservationCtrlr.Available"): "false",
        variable("ReservationCtrlr.Enabled"): "true",
    }
    assert keys.joined(key, known, {}) == ("Core,FirmwareManagement,RemoteTrigger,SmartCharging", [])
    told, _ = keys.seen(key, "core,localauthlistmanagement", {})
    assert {str(one): value for one, value in told.items() if value == "true"} == {
        "LocalAuthListCtrlr.Available": "true"
    }
    assert set(PROFILES) == set(key.variables)


def test_a_price_is_split_into_its_members() -> None:
    key = KEYS["defaultprice"]
    text = '{"priceText":"0,35 €/kWh","chargingPrice":{"kWhPrice":0.35,"flatFee":1}}'
    told, offline, per_kwh, per_hour = key.variables
    assert keys.split(key, text, {}) == {told: "0,35 €/kWh", per_kwh: "0.35"}
    assert keys.joined(key, {told: "x", per_kwh: "0.35"}, {}) == (
        '{"priceText":"x","chargingPrice":{"kWhPrice":0.35}}',
        [],
    )
    assert keys.joined(key, {per_kwh: "", per_hour: "free"}, {}) == ("", [])
    assert keys.changed(key, text, per_hour, "2", {}).endswith('{"kWhPrice":0.35,"flatFee":1,"hourPrice":2}}')
    assert keys.changed(key, "no JSON", offline, "x", {}) == '{"priceTextOffline":"x"}'
    for bad in ("free", "true", "NaN", "[1]", "1e99", "[" * 5000):
        with pytest.raises(UnfitValueError):
            keys.changed(key, "", per_kwh, bad, {})
    for bad in ("", "[]", "0,35", "{}", '{"priceText":null}', '{"a":NaN}', "[" * 5000):
        with pytest.raises(UnfitValueError):
            keys.split(key, bad, {})
        assert keys.seen(key, bad, {}) == ({}, [])
    assert keys.split(key, '{"priceText":"\\ud800"}', {}) == {told: "?"}


def test_a_price_has_a_key_for_every_language() -> None:
    key = keys.key_named("defaultpricetext, de")
    assert key is not None
    assert key.name == "DefaultPriceText,de"
    assert keys.key_behind(variable("TariffCostCtrlr.OfflineTariffFallbackMessage[de]")) == key
    assert keys.key_named("DefaultPriceText,") is None
    assert keys.key_behind(variable("TariffCostCtrlr.Colour[de]")) is None


def test_a_long_list_is_cut_behind_a_member() -> None:
    assert keys.cut("aa,bb,cc", 8) == "aa,bb,cc"
    assert keys.cut("aa,bb,cc", 7) == "aa,bb"
    assert keys.cut("aa,bb,cc", 5) == "aa,bb"
    assert keys.cut("aaaa", 3) == "aaa"


def test_guards_know_a_name_however_it_is_spelt() -> None:
    assert keys.guarded_key(" central_system-URL") == "CentralSystemURL"
    assert keys.guarded_key("HeartbeatInterval") is None
    assert keys.guarded_variable(variable("securityctrlr.basicauthpassword")) == "BasicAuthPassword"
    assert keys.guarded_variable(variable("NetworkConfiguration.OcppCsmsUrl[1]")) == "NetworkConfiguration"
    assert keys.let_through({"authorization_key": "forward"}, "SetVariables", "AuthorizationKey")
    assert not keys.let_through({"AuthorizationKey": "reject", "SecurityProfile": "forward"}, "X", "AuthorizationKey")
    assert keys.is_adoptable("authorization_key")
    assert not keys.is_adoptable("OcppServerURL")


def test_what_is_said_of_a_key_beats_what_is_said_of_the_action() -> None:
    def rule(guard: dict[str, str]) -> str:
        return keys.rule(guard, "ChangeConfiguration", "AuthorizationKey", "BasicAuthPassword")

    assert rule({}) == "reject"
    assert rule({"ChangeConfiguration": "forward"}) == "forward"
    assert rule({"ChangeConfiguration": "forward", "AuthorizationKey": "reject"}) == "reject"
    assert rule({"ChangeConfiguration": "reject", "BasicAuthPassword": "adopt"}) == "adopt"
    assert rule({"AuthorizationKey": "forward", "BasicAuthPassword": "adopt"}) == "adopt"


def test_markdown_has_every_row() -> None:
    assert keys.key_rows().count("\n") == len(ROWS) + 2
    assert keys.constant_rows().count("\n") == len(CONSTANTS) + 2
    assert "| `HeartbeatInterval` | integer s 1.. | RW | `OCPPCommCtrlr.HeartbeatInterval` |  |" in keys.key_rows()


@given(st.sampled_from(list(KEYS.values())), st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_converted_or_refused(key: Key, text: str, other: str) -> None:
    keys.seen(key, text, HERE)
    for one in keys.variables_of(key, HERE):
        keys.joined(key, {one: text}, HERE)
        try:
            keys.changed(key, text, one, other, HERE)
        except UnfitValueError:
            continue
    try:
        values = keys.split(key, text, HERE)
    except UnfitValueError:
        return
    assert all(isinstance(value, str) for value in values.values())
