"""Meter values: carried or left out, never invented."""

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators import meters, schemas, words
from translators.numbers import decimal_of, json_number, plain

T = "2026-11-21T10:10:00Z"
REGISTER = "Energy.Active.Import.Register"


def text(value: Any) -> str:
    """JSON as it goes out: the order of fields counts."""
    return msgspec.json.encode(value).decode()


def one_201(lost: list[str] | None = None, **sample: Any) -> Any:
    entries = meters.to_201([{"timestamp": T, "sampledValue": [sample]}], [] if lost is None else lost)
    return entries[0]["sampledValue"][0] if entries else None


def all_16(lost: list[str] | None = None, **sample: Any) -> list[dict[str, Any]]:
    entries = meters.to_16([{"timestamp": T, "sampledValue": [sample]}], [] if lost is None else lost)
    return entries[0]["sampledValue"] if entries else []


def decoded(frame: str) -> Any:
    return msgspec.json.decode(frame)


# Frames of a whole charge, to the letter


def test_kwh_texts_and_a_temperature_to_2_0_1() -> None:
    lost: list[str] = []
    values = decoded(
        '[{"timestamp":"2026-11-21T10:10:00Z","sampledValue":[{"value":"121.75","unit":"kWh","measurand":"Energy.Active.Import.Register","context":"Sample.Periodic"},{"value":"41.0","unit":"Celcius","measurand":"Temperature"},{"value":"16.02","unit":"A","measurand":"Current.Import","phase":"L1"}]}]'
    )
    assert text(meters.to_201(values, lost)) == (
        '[{"timestamp":"2026-11-21T10:10:00Z","sampledValue":[{"value":121.75,"context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","unitOfMeasure":{"unit":"kWh"}},{"value":16.02,"measurand":"Current.Import","phase":"L1","unitOfMeasure":{"unit":"A"}}]}]'
    )
    assert lost == ["measurand:Temperature"]


def test_bare_registers_of_transaction_data_to_2_0_1() -> None:
    lost: list[str] = []
    values = decoded(
        '[{"timestamp":"2026-11-21T10:05:00Z","sampledValue":[{"value":"120500","context":"Transaction.Begin"}]},{"timestamp":"2026-11-21T11:05:00Z","sampledValue":[{"value":"128900","context":"Transaction.End"}]}]'
    )
    assert text(meters.to_201(values, lost)) == (
        '[{"timestamp":"2026-11-21T10:05:00Z","sampledValue":[{"value":120500,"context":"Transaction.Begin","measurand":"Energy.Active.Import.Register","unitOfMeasure":{"unit":"Wh"}}]},{"timestamp":"2026-11-21T11:05:00Z","sampledValue":[{"value":128900,"context":"Transaction.End","measurand":"Energy.Active.Import.Register","unitOfMeasure":{"unit":"Wh"}}]}]'
    )
    assert lost == []
    assert meters.register_wh_16(values, ["Transaction.End"]) == (128900, "2026-11-21T11:05:00Z", "Transaction.End")
    assert meters.register_wh_16(values[:1], ["Transaction.End"]) is None


def test_register_of_a_start() -> None:
    assert text(meters.register_sample(120500, "Transaction.Begin")) == (
        '{"value":120500,"context":"Transaction.Begin","measurand":"Energy.Active.Import.Register","unitOfMeasure":{"unit":"Wh"}}'
    )


def test_multiplier_hertz_and_apparent_energy_to_1_6() -> None:
    lost: list[str] = []
    values = decoded(
        '[{"timestamp":"2026-11-21T10:06:00Z","sampledValue":[{"value":2.75,"measurand":"Energy.Active.Import.Register","unitOfMeasure":{"unit":"Wh","multiplier":3}},{"value":50.01,"measurand":"Frequency","unitOfMeasure":{"unit":"Hz"}},{"value":9,"measurand":"Energy.Apparent.Net","unitOfMeasure":{"unit":"VAh"}}]}]'
    )
    assert text(meters.to_16(values, lost)) == (
        '[{"timestamp":"2026-11-21T10:06:00Z","sampledValue":[{"value":"2750","measurand":"Energy.Active.Import.Register","unit":"Wh"},{"value":"50.01","measurand":"Frequency"}]}]'
    )
    assert lost == ["measurand:Energy.Apparent.Net"]


def test_begin_and_end_registers_to_1_6() -> None:
    values = decoded(
        '[{"timestamp":"2026-11-21T10:00:01Z","sampledValue":[{"value":2000,"context":"Transaction.Begin","unitOfMeasure":{"unit":"Wh"}}]},{"timestamp":"2026-11-21T11:00:00Z","sampledValue":[{"value":9000.6,"context":"Transaction.End","unitOfMeasure":{"unit":"Wh"}}]}]'
    )
    assert text(meters.to_16(values, [])) == (
        '[{"timestamp":"2026-11-21T10:00:01Z","sampledValue":[{"value":"2000","context":"Transaction.Begin","unit":"Wh"}]},{"timestamp":"2026-11-21T11:00:00Z","sampledValue":[{"value":"9000.6","context":"Transaction.End","unit":"Wh"}]}]'
    )
    assert meters.registers_wh(values) == [("Transaction.Begin", 2000), ("Transaction.End", 9001)]


def test_a_register_without_unit_to_1_6() -> None:
    assert text(all_16(value=101, context="Transaction.End")) == '[{"value":"101","context":"Transaction.End"}]'


def test_a_signed_value_to_1_6() -> None:
    lost: list[str] = []
    values = decoded(
        '[{"timestamp":"2026-11-21T10:15:00Z","sampledValue":[{"value":7100,"context":"Sample.Clock","signedMeterValue":{"signedMeterData":"4f434d467c","signingMethod":"ECDSA-secp256r1-SHA256","encodingMethod":"OCMF","publicKey":"MFkw"}}]}]'
    )
    assert text(meters.to_16(values, lost)) == (
        '[{"timestamp":"2026-11-21T10:15:00Z","sampledValue":[{"value":"7100","context":"Sample.Clock"},{"value":"4f434d467c","context":"Sample.Clock","format":"SignedData"}]}]'
    )
    assert lost == [f"signedMeterValue.{name}" for name in ("signingMethod", "encodingMethod", "publicKey")]


# Values


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("120500", "120500"),
        ("120500.0", "120500"),
        ("16.020", "16.02"),
        (" 230.1 ", "230.1"),
        ("+5", "5"),
        ("-0.0", "0"),
        ("-12.5", "-12.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1.5e3", "1500"),
        ("0.00001", "0.00001"),
        ("0.0000001", "0"),
        ("0.1234567890123456789", "0.123456789012346"),
        (41, "41"),
        (41.0, "41"),
        (0.30000000000000004, "0.3"),
        ("999999999999999", "999999999999999"),
    ],
)
def test_a_readable_value_becomes_a_json_number(value: Any, number: str) -> None:
    assert text(one_201(value=value)["value"]) == number


@pytest.mark.parametrize(
    "value",
    [
        "",
        "n/a",
        "NaN",
        "Infinity",
        "1.234,5",
        "1,234,567",
        "16 A",
        "0x10",
        "1e999",
        "1" * 70,
        10**15,
        "٣",
        "1_000",
        None,
        True,
        [],
        {},
        float("nan"),
        float("inf"),
    ],
)
def test_an_unreadable_value_drops_its_sample(value: Any) -> None:
    lost: list[str] = []
    assert one_201(lost, value=value) is None
    assert lost == ["value"]


def test_a_comma_is_read_and_counted() -> None:
    lost: list[str] = []
    assert one_201(lost, value="121,75", unit="kWh")["value"] == 121.75
    assert lost == ["value:comma"]


def test_a_sample_without_a_value_is_dropped() -> None:
    lost: list[str] = []
    assert one_201(lost, unit="kWh") is None
    assert all_16(lost, context="Trigger") == []
    assert lost == ["value", "value"]


@pytest.mark.parametrize(
    ("value", "multiplier", "written"),
    [
        (2.75, 3, "2750"),
        (120500, -3, "120.5"),
        (1, -7, "0.0000001"),
        (1e-07, 0, "0.0000001"),
        (0, 20, "0"),
        (2000.0, 0, "2000"),
        (1500000, 0, "1500000"),
        (-3.10, 0, "-3.1"),
        (1e14, 0, "100000000000000"),
        (1e-300, 0, "0"),
    ],
)
def test_a_number_becomes_a_plain_text(value: float, multiplier: int, written: str) -> None:
    assert all_16(value=value, unitOfMeasure={"multiplier": multiplier})[0]["value"] == written


@pytest.mark.parametrize(
    ("value", "multiplier"), [(1, 15), (1, 99), (1, "3"), (float("inf"), 0), (True, 0), (10**400, 0)]
)
def test_a_number_nobody_could_have_measured_is_dropped(value: Any, multiplier: Any) -> None:
    assert all_16(value=value, unitOfMeasure={"multiplier": multiplier}) == []


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.floats() | st.integers() | st.text(max_size=80))
def test_numbers_of_any_kind(value: Any) -> None:
    number = decimal_of(str(value) if isinstance(value, Decimal) else value)
    if number is not None:
        assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", plain(number))
        assert re.fullmatch(rb"-?[0-9]+(\.[0-9]+)?", msgspec.json.encode(json_number(number)))


# Words


@pytest.mark.parametrize("measurand", sorted(words.MEASURAND.to_201))
def test_a_measurand_of_both_versions_goes_both_ways(measurand: str) -> None:
    there = one_201(value="1", measurand=measurand)
    assert there["measurand"] == measurand
    implied = words.IMPLIED_UNIT.get(measurand)
    assert there.get("unitOfMeasure") == ({"unit": implied} if implied else None)
    back = all_16(**there)[0]
    assert back["measurand"] == measurand


@pytest.mark.parametrize("measurand", ["Temperature", "RPM"])
def test_a_measurand_of_1_6_alone_is_dropped(measurand: str) -> None:
    lost: list[str] = []
    assert one_201(lost, value="1", measurand=measurand) is None
    assert lost == [f"measurand:{measurand}"]


@pytest.mark.parametrize("measurand", sorted(words.MEASURAND.no_16))
def test_a_measurand_of_2_0_1_alone_is_dropped(measurand: str) -> None:
    lost: list[str] = []
    assert all_16(lost, value=1, measurand=measurand) == []
    assert lost == [f"measurand:{measurand}"]


def test_an_unknown_measurand_is_dropped_under_one_name() -> None:
    lost: list[str] = []
    assert one_201(lost, value="1", measurand="Acme.Humidity") is None
    assert all_16(lost, value=1, measurand="Display.PresentSOC") == []
    assert lost == ["measurand:unknown"] * 2


def test_a_blank_measurand_is_an_absent_one() -> None:
    assert one_201(value="1", measurand="", unit="", context=" ") == one_201(value="1")


def test_words_in_another_case() -> None:
    lost: list[str] = []
    sample = one_201(
        lost, value="6", measurand="Current.import", phase="l1", context="sample.periodic", unit="a", format="raw"
    )
    assert sample == {
        "value": 6,
        "context": "Sample.Periodic",
        "measurand": "Current.Import",
        "phase": "L1",
        "unitOfMeasure": {"unit": "A"},
    }
    assert lost == []


@pytest.mark.parametrize(
    ("unit", "becomes"),
    [("Hertz", "Hz"), ("Hz", "Hz"), ("Celcius", "Celsius"), ("KWH", "kWh"), ("%", "Percent"), ("MWh", "MWh")],
)
def test_units_to_2_0_1(unit: str, becomes: str) -> None:
    assert one_201(value="1", measurand="SoC", unit=unit)["unitOfMeasure"] == {"unit": becomes}


def test_every_unit_of_1_6_is_read() -> None:
    for unit, becomes in words.UNIT.to_201.items():
        assert one_201(value="1", measurand="Voltage", unit=unit)["unitOfMeasure"] == {"unit": becomes}


@pytest.mark.parametrize(("unit", "becomes"), [("kWh", "kWh"), ("Celcius", "Celsius"), ("kwh", "kWh"), ("", None)])
def test_units_to_1_6(unit: str, becomes: str | None) -> None:
    assert all_16(value=1, unitOfMeasure={"unit": unit})[0].get("unit") == becomes


@pytest.mark.parametrize("unit", ["VAh", "kVAh", "MWh", "Hz", "Ohm", "x" * 20])
def test_a_unit_1_6_does_not_know_drops_the_sample(unit: str) -> None:
    lost: list[str] = []
    assert all_16(lost, value=1, unitOfMeasure={"unit": unit}) == []
    assert lost == ["unit"]


def test_a_unit_that_cannot_be_carried_drops_the_sample() -> None:
    lost: list[str] = []
    assert one_201(lost, value="1", measurand="Voltage", unit="u" * 21) is None
    assert lost == ["unit"]


def test_amperes_without_a_measurand_are_not_called_an_energy_register() -> None:
    """As an Alfen Eve sends them."""
    lost: list[str] = []
    values = decoded(
        '[{"timestamp":"2020-09-19T15:14:23Z","sampledValue":[{"value":"15.630","context":"Sample.Periodic","unit":"A"},{"value":"16.000","context":"CurrentMax","unit":"A"}]}]'
    )
    becomes = meters.to_201(values, lost)
    assert text(becomes) == (
        '[{"timestamp":"2020-09-19T15:14:23Z","sampledValue":[{"value":15.63,"context":"Sample.Periodic","unitOfMeasure":{"unit":"A"}},{"value":16,"unitOfMeasure":{"unit":"A"}}]}]'
    )
    assert lost == ["context"]
    assert meters.register_wh(becomes) is None


def test_an_unknown_context_goes_but_the_reading_stays() -> None:
    lost: list[str] = []
    assert one_201(lost, value="16", measurand="Current.Offered", context="CurrentMax") == {
        "value": 16,
        "measurand": "Current.Offered",
        "unitOfMeasure": {"unit": "A"},
    }
    assert lost == ["context"]


@pytest.mark.parametrize("field", ["phase", "location", "format"])
def test_an_unknown_place_or_format_drops_the_sample(field: str) -> None:
    lost: list[str] = []
    assert one_201(lost, value="1", **{field: "L4"}) is None
    assert lost == [field]


# Signatures


def test_signed_data_joins_the_reading_it_signs() -> None:
    lost: list[str] = []
    values = [
        {
            "timestamp": T,
            "sampledValue": [
                {"value": "OCMF|{}|end", "format": "SignedData", "context": "Transaction.End"},
                {"value": "1000", "context": "Transaction.Begin"},
                {"value": "7100", "context": "Transaction.End"},
            ],
        }
    ]
    samples = meters.to_201(values, lost)[0]["sampledValue"]
    assert [sample.get("signedMeterValue") for sample in samples] == [
        None,
        {"signedMeterData": "OCMF|{}|end", "signingMethod": "", "encodingMethod": "", "publicKey": ""},
    ]
    assert text(samples[1]).startswith('{"value":7100,"context":"Transaction.End","measurand"')
    assert lost == []


def test_signed_data_prefers_the_reading_of_its_own_phase() -> None:
    sign = {"value": "s", "format": "SignedData", "phase": "L2"}
    values = [{"timestamp": T, "sampledValue": [{"value": "1", "phase": "L1"}, {"value": "2", "phase": "L2"}, sign]}]
    samples = meters.to_201(values, [])[0]["sampledValue"]
    assert ["signedMeterValue" in sample for sample in samples] == [False, True]


def test_signed_data_finds_its_reading_in_another_entry_of_the_same_time() -> None:
    values = [
        {"timestamp": T, "sampledValue": [{"value": "s", "format": "SignedData"}]},
        {"timestamp": "2026-11-21T11:10:00+01:00", "sampledValue": [{"value": "2"}]},
    ]
    entries = meters.to_201(values, [])
    assert len(entries) == 1
    assert "signedMeterValue" in entries[0]["sampledValue"][0]


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {"value": "1", "context": "Trigger"},
        {"value": "1", "measurand": "Voltage"},
        {"value": "broken"},
    ],
)
def test_signed_data_alone_is_no_reading(raw: dict[str, Any] | None) -> None:
    lost: list[str] = []
    samples = [{"value": "s", "format": "SignedData"}, *([raw] if raw else [])]
    entries = meters.to_201([{"timestamp": T, "sampledValue": samples}], lost)
    assert "SignedData" in lost
    assert all("signedMeterValue" not in sample for entry in entries for sample in entry["sampledValue"])


@pytest.mark.parametrize("data", ["", "s" * 2501, 7])
def test_signed_data_is_never_cut(data: Any) -> None:
    lost: list[str] = []
    samples = [{"value": "1"}, {"value": data, "format": "SignedData"}]
    entries = meters.to_201([{"timestamp": T, "sampledValue": samples}], lost)
    assert [list(sample) for sample in entries[0]["sampledValue"]] == [["value", "measurand", "unitOfMeasure"]]
    assert lost == ["SignedData"]


def test_signed_data_of_something_unknown() -> None:
    lost: list[str] = []
    samples = [{"value": "1"}, {"value": "s", "format": "SignedData", "measurand": "Temperature"}]
    meters.to_201([{"timestamp": T, "sampledValue": samples}], lost)
    assert lost == ["measurand:Temperature"]


def test_a_signature_goes_to_1_6_and_back() -> None:
    sample = {
        "value": 7100,
        "context": "Transaction.End",
        "measurand": REGISTER,
        "location": "Outlet",
        "signedMeterValue": {"signedMeterData": "s", "signingMethod": "", "encodingMethod": "", "publicKey": ""},
        "unitOfMeasure": {"unit": "Wh"},
    }
    values = [{"timestamp": T, "sampledValue": [sample]}]
    lost: list[str] = []
    assert text(meters.to_201(meters.to_16(values, lost), lost)) == text(values)
    assert lost == []


# Entries


def test_entries_without_a_sample_left_are_dropped() -> None:
    lost: list[str] = []
    values = [
        {"timestamp": T, "sampledValue": []},
        {"timestamp": T},
        {"timestamp": T, "sampledValue": [{"value": "41", "measurand": "Temperature"}]},
    ]
    assert meters.to_201(values, lost) == []
    assert meters.to_16(values[:2], lost) == []


def test_timestamps_are_kept_or_brought_into_form() -> None:
    values = [
        {"timestamp": "2026-11-21T12:10:00.1234567+02", "sampledValue": [{"value": "1"}]},
        {"timestamp": "2026-11-21T10:11:00.5Z", "sampledValue": [{"value": "2"}]},
    ]
    assert [entry["timestamp"] for entry in meters.to_201(values, [])] == [
        "2026-11-21T10:10:00.123Z",
        "2026-11-21T10:11:00.5Z",
    ]


def test_an_entry_whose_time_cannot_be_read() -> None:
    lost: list[str] = []
    values = [{"timestamp": "0", "sampledValue": [{"value": 1}]}]
    assert meters.to_201(values, lost) == []
    assert meters.to_16(values, lost) == []
    assert lost == ["timestamp", "timestamp"]
    assert meters.to_201(values, lost, otherwise=T)[0]["timestamp"] == T
    assert meters.to_16(values, lost, otherwise=T)[0]["timestamp"] == T
    assert len(lost) == 2


# Registers


def entry(at: str, *samples: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": at, "sampledValue": list(samples)}


@pytest.mark.parametrize(
    ("sample", "wh"),
    [
        ({"value": 2000}, 2000),
        ({"value": 2000.5}, 2001),
        ({"value": 2000.4}, 2000),
        ({"value": 2.0005, "unitOfMeasure": {"unit": "kWh"}}, 2001),
        ({"value": 2.75, "unitOfMeasure": {"unit": "Wh", "multiplier": 3}}, 2750),
        ({"value": 2, "unitOfMeasure": {"multiplier": 3}}, 2000),
        ({"value": 1.5, "measurand": REGISTER, "location": "Inlet"}, 2),
    ],
)
def test_a_register_in_whole_wh(sample: dict[str, Any], wh: int) -> None:
    register = meters.register_wh([entry(T, sample)])
    assert register is not None
    assert register == (wh, T, "Sample.Periodic")
    assert isinstance(register.wh, int)


@pytest.mark.parametrize(
    "sample",
    [
        {"value": 1, "measurand": "Energy.Active.Export.Register"},
        {"value": 1, "measurand": "Energy.Active.Import.Interval"},
        {"value": 1, "unitOfMeasure": {"unit": "VAh"}},
        {"value": 1, "phase": "N"},
        {"value": 1, "phase": "L1-L2"},
        {"value": "x"},
    ],
)
def test_what_is_no_register(sample: dict[str, Any]) -> None:
    assert meters.register_wh([entry(T, sample)]) is None
    assert meters.register_wh([]) is None


def test_the_outlet_without_phase_counts() -> None:
    samples = [
        {"value": 9, "location": "Inlet"},
        {"value": 1, "phase": "L1"},
        {"value": 2, "phase": "L2"},
        {"value": 4, "phase": "L3"},
        {"value": 8, "phase": "N"},
    ]
    register = meters.register_wh([entry(T, *samples)])
    assert register is not None
    assert register.wh == 7
    register = meters.register_wh([entry(T, *samples, {"value": 6, "location": "Outlet"})])
    assert register is not None
    assert register.wh == 6


def test_phases_may_come_as_line_to_neutral_and_in_entries_of_their_own() -> None:
    entries = [entry(T, {"value": 1.4, "phase": "L1-N"}), entry(T, {"value": 1.4, "phase": "L2-N"})]
    assert meters.registers_wh(entries) == [("Sample.Periodic", 3)]


def test_a_register_by_context() -> None:
    later, last = "2026-11-21T11:00:00Z", "2026-11-21T12:00:00Z"
    entries = [
        entry(last, {"value": 300, "context": "Transaction.End"}),
        entry(T, {"value": 100, "context": "Transaction.Begin"}),
        entry(later, {"value": 200}),
        entry("0", {"value": 50, "context": "Trigger"}),
    ]
    assert meters.register_wh(entries) == (300, last, "Transaction.End")
    assert meters.register_wh(entries, ["Transaction.Begin"]) == (100, T, "Transaction.Begin")
    assert meters.register_wh(entries, ["Sample.Clock", "Sample.Periodic"]) == (200, later, "Sample.Periodic")
    assert meters.register_wh(entries, ["Sample.Clock"]) is None
    assert [wh for _, wh in meters.registers_wh(entries)] == [50, 100, 200, 300]


# Any values


def _samples(value: st.SearchStrategy[Any], unit: st.SearchStrategy[Any], version: str) -> st.SearchStrategy[Any]:
    way = words.MEASURAND
    measurands = [*(way.to_201 if version == "1.6" else way.to_16), *(way.no_201 if version == "1.6" else way.no_16)]
    return st.fixed_dictionaries(
        {"value": value},
        optional={
            "context": st.sampled_from(sorted(words.CONTEXT.to_201)),
            "measurand": st.sampled_from(sorted(measurands)),
            "phase": st.sampled_from(sorted(words.PHASE.to_201)),
            "location": st.sampled_from(sorted(words.LOCATION.to_201)),
            **(
                {"unit": unit, "format": st.sampled_from(["Raw", "SignedData"])}
                if version == "1.6"
                else {
                    "unitOfMeasure": st.fixed_dictionaries(
                        {}, optional={"unit": unit, "multiplier": st.integers(-9, 9)}
                    ),
                    "signedMeterValue": st.fixed_dictionaries(
                        {name: st.text(max_size=9) for name in ("signedMeterData", "signingMethod", "encodingMethod")}
                        | {"publicKey": st.text(max_size=9)}
                    ),
                }
            ),
        },
    )


def _entries(samples: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(
        st.fixed_dictionaries(
            {
                "timestamp": st.sampled_from([T, "2026-11-21T10:11:00+02", "0"]),
                "sampledValue": st.lists(samples, min_size=1, max_size=4),
            }
        ),
        min_size=1,
        max_size=3,
    )


IN_16 = _entries(
    _samples(
        st.decimals(0, 10**9, places=3).map(str) | st.text(max_size=8),
        st.sampled_from(sorted(words.UNIT.to_201)),
        "1.6",
    )
)
IN_201 = _entries(
    _samples(st.floats(-1e9, 1e9) | st.integers(), st.sampled_from(["Wh", "kWh", "A", "Hz", "VAh", "lx"]), "2.0.1")
)


@given(IN_16)
def test_valid_1_6_becomes_valid_2_0_1(values: list[dict[str, Any]]) -> None:
    assert schemas.valid("ocpp1.6", "MeterValues", {"connectorId": 1, "meterValue": values}, answer=False)
    lost: list[str] = []
    becomes = meters.to_201(values, lost)
    if becomes:
        assert schemas.offences("ocpp2.0.1", "MeterValues", {"evseId": 1, "meterValue": becomes}, answer=False) == []
    carried = sum(len(entry["sampledValue"]) for entry in becomes)
    carried += sum("signedMeterValue" in sample for entry in becomes for sample in entry["sampledValue"])
    readable = sum(len(entry["sampledValue"]) for entry in values if entry["timestamp"] != "0")
    # Every sample is carried or named.
    assert carried + len([name for name in lost if name not in ("timestamp", "value:comma", "context")]) == readable


@given(IN_201)
def test_valid_2_0_1_becomes_valid_1_6(values: list[dict[str, Any]]) -> None:
    lost: list[str] = []
    becomes = meters.to_16(values, lost)
    # The narrower of the two 1.6 schemas: StopTransaction knows no Hertz.
    stop = {"transactionId": 1, "meterStop": 1, "timestamp": T, "transactionData": becomes}
    assert schemas.offences("ocpp1.6", "StopTransaction", stop, answer=False) == []


@given(IN_16)
def test_what_2_0_1_carried_comes_back_the_same(values: list[dict[str, Any]]) -> None:
    there = meters.to_201(values, [])
    assert meters.to_201(meters.to_16(there, []), []) == [
        kept
        for at in there
        if (kept := at | {"sampledValue": [s for s in at["sampledValue"] if not _lone_hertz(s)]})["sampledValue"]
    ]


def _lone_hertz(sample: dict[str, Any]) -> bool:
    """1.6 can say Hertz of a frequency alone, by saying nothing."""
    return bool(sample.get("unitOfMeasure") == {"unit": "Hz"} and sample.get("measurand") != "Frequency")


# The same words again


def test_words_that_were_looked_up_before_say_the_same_of_another_reading() -> None:
    first, again = (
        one_201(value="1", context="Nonsense", phase="l1"),
        one_201(value="2", context="Nonsense", phase="l1"),
    )
    assert (first.pop("value"), again.pop("value")) == (1, 2)
    assert first == again == {"measurand": meters.REGISTER, "phase": "L1", "unitOfMeasure": {"unit": "Wh"}}
    first["unitOfMeasure"]["unit"] = "mine"
    first["phase"] = "mine"
    assert one_201(value="2", context="Nonsense", phase="l1") == {"value": 2, **again}


def test_a_context_without_a_name_is_told_each_time() -> None:
    lost: list[str] = []
    entry = {"timestamp": T, "sampledValue": [{"value": "1", "context": "Nonsense"}]}
    meters.to_201([entry, entry], lost)
    meters.to_16([entry], lost)
    assert lost == ["context"] * 3


@pytest.mark.parametrize("name", ["context", "measurand", "unit", "phase", "location"])
def test_a_word_that_is_no_text_says_nothing(name: str) -> None:
    assert one_201(value="1", **{name: ["L1"]}) == one_201(value="1")
    assert one_201(value="1", **{name: {}}) == one_201(value="1")
