"""Meter values: 1.6 section 4.7 and 7.33 (texts), 2.0.1 J01, J02 and SampledValueType (numbers).

A reading is carried or left out, never invented: what would change its meaning on the way (an unknown measurand, phase
or unit, a text that is no number) drops the sample, and the caller is told by name. Names in `lost` are few and fixed,
fit to be a metric's label: `measurand:Temperature`, `measurand:unknown`, `value`, `value:comma` (read all the same),
`unit`, `context`, `phase`, `location`, `format`, `timestamp`, `SignedData`, `signedMeterValue.publicKey` and the like.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from translators import times
from translators.losses import Fields
from translators.numbers import number_of, text_of
from translators.registers import Register, register_sample, register_wh, registers_wh
from translators.words.metering import CONTEXT, IMPLIED_UNIT, LOCATION, MEASURAND, PHASE, REGISTER, UNIT

__all__ = [
    "LOST_TO_16",
    "LOST_TO_201",
    "Register",
    "register_sample",
    "register_wh",
    "register_wh_16",
    "registers_wh",
    "to_16",
    "to_201",
]

_UNIT_LIMIT = 20
_SIGNED_DATA_LIMIT = 2500
_SIGNATURE_FACTS = ("signingMethod", "encodingMethod", "publicKey")
_ENERGY_UNITS = frozenset({"Wh", "kWh"})
_PLACE_FIELDS = tuple(
    (name, {word.casefold(): word for word in words.to_201})
    for name, words in (("phase", PHASE), ("location", LOCATION))
)

_MEASURANDS = {word.casefold(): word for word in (*MEASURAND.to_201, *MEASURAND.no_201, *MEASURAND.no_16)}
_CONTEXTS = {word.casefold(): word for word in CONTEXT.to_201}
_UNITS_201 = {word.casefold(): becomes for word, becomes in UNIT.to_201.items()} | {"hz": "Hz", "%": "Percent"}
_UNITS_16 = {word.casefold(): becomes for word, becomes in UNIT.to_16.items()} | {"celcius": "Celsius", "%": "Percent"}
_KNOWN_WORDS = 512
_HERTZ = frozenset({"hz", "hertz"})


_LOST_EITHER_WAY = {
    "value": "the sample is left out: its value is no number, or too large a one",
    "unit": "the sample is left out: its unit has no name in the other version",
    "phase": "the sample is left out: its phase has no name in the other version",
    "location": "the sample is left out: its location has no name in the other version",
    "measurand:unknown": "the sample is left out: its measurand has no name in either version",
}
LOST_TO_201: Fields = {
    **_LOST_EITHER_WAY,
    "value:comma": "nothing: a comma was read as a decimal point",
    "format": "the sample is left out: its format is unknown",
    "SignedData": "the signature is left out: no reading that it signs, another signature there, or too long a one",
    **{
        f"measurand:{word}": "the sample is left out: 2.0.1 has no such measurand"
        for word in sorted(MEASURAND.no_201 | MEASURAND.no_16)
    },
}
"""What `to_201` may lose of the samples of a station; a timestamp only where there is no other."""
LOST_TO_16: Fields = {
    **_LOST_EITHER_WAY,
    **{f"signedMeterValue.{name}": "left out: 1.6 has no place beside the signature" for name in _SIGNATURE_FACTS},
    **{
        f"measurand:{word}": "the sample is left out: 1.6 has no such measurand"
        for word in sorted(MEASURAND.no_201 | MEASURAND.no_16)
    },
}
"""What `to_16` may lose, the same."""


class _DropError(Exception):
    """The sample cannot be carried; the argument is its name in `lost`."""


class _Words(NamedTuple):
    """What a sample says beside its value, in the words of the other version."""

    fields: dict[str, str]
    """Its members in order, but for the unit."""
    unit: str | None
    strange: bool
    """Whether its context was left out: it has no name in the standard."""


def to_201(meter_values: list[dict[str, Any]], lost: list[str], otherwise: str | None = None) -> list[dict[str, Any]]:
    """2.0.1 meterValue entries for 1.6 ones (MeterValues.meterValue, StopTransaction.transactionData).

    A sample that names no measurand is written out as the energy register it is, in Wh unless it says kWh. A
    SignedData sample joins the raw sample of the same time, measurand and context; alone it is dropped, for its reading
    is unknown. Entries without a sample left are dropped (2.0.1 wants at least one), so the answer may be empty.
    `otherwise` is the timestamp of entries whose own cannot be read; without it they are dropped.
    """
    entries: list[dict[str, Any]] = []
    signatures: list[tuple[str, dict[str, Any]]] = []
    for entry in meter_values:
        timestamp = times.normalise(entry.get("timestamp")) or otherwise
        if timestamp is None:
            lost.append("timestamp")
            continue
        samples: list[dict[str, Any]] = []
        for sample in entry.get("sampledValue") or []:
            try:
                if "format" in sample and _format(sample) == "SignedData":
                    signatures.append((timestamp, sample))
                else:
                    samples.append(_sample_201(sample, lost))
            except _DropError as why:
                lost.append(str(why))
        if samples:
            entries.append({"timestamp": timestamp, "sampledValue": samples})
    for timestamp, sample in signatures:
        _join(sample, [raw for one in entries if one["timestamp"] == timestamp for raw in one["sampledValue"]], lost)
    return entries


def to_16(meter_values: list[dict[str, Any]], lost: list[str], otherwise: str | None = None) -> list[dict[str, Any]]:
    """1.6 meterValue entries for 2.0.1 ones: values as plain decimal texts, the unit's multiplier worked in.

    A signed value becomes the raw sample and a SignedData one after it; its key and methods have no place in 1.6.
    `otherwise` and entries without a sample: as in `to_201`.
    """
    entries = []
    for entry in meter_values:
        timestamp = times.normalise(entry.get("timestamp")) or otherwise
        if timestamp is None:
            lost.append("timestamp")
            continue
        samples: list[dict[str, Any]] = []
        for sample in entry.get("sampledValue") or []:
            try:
                samples.extend(_samples_16(sample, lost))
            except _DropError as why:
                lost.append(str(why))
        if samples:
            entries.append({"timestamp": timestamp, "sampledValue": samples})
    return entries


def register_wh_16(meter_values: list[dict[str, Any]], contexts: Sequence[str] = ()) -> Register | None:
    """`register_wh` of 1.6 meterValue entries: does transactionData hold a Transaction.End register already?"""
    return register_wh(to_201(meter_values, []), contexts)


def _sample_201(sample: dict[str, Any], lost: list[str]) -> dict[str, Any]:
    fields, unit, strange = _words_of(sample, sample.get("unit"), _words_201)
    value = number_of(sample.get("value"))
    if value is None:
        raise _DropError("value")
    said = sample["value"]
    if isinstance(said, str) and "," in said:
        lost.append("value:comma")
    if strange:
        lost.append("context")  # the reading itself stays true
    written: dict[str, Any] = {"value": value, **fields}
    if unit is not None:
        written["unitOfMeasure"] = {"unit": unit}
    return written


def _samples_16(sample: dict[str, Any], lost: list[str]) -> list[dict[str, Any]]:
    measure = sample.get("unitOfMeasure") or {}
    fields, unit, strange = _words_of(sample, measure.get("unit"), _words_16)
    text = text_of(sample.get("value"), measure.get("multiplier") or 0)
    if text is None:
        raise _DropError("value")
    if strange:
        lost.append("context")
    written = {"value": text, **fields}
    if unit is not None:
        written["unit"] = unit
    signed = sample.get("signedMeterValue") or {}
    data = signed.get("signedMeterData")
    if not data:
        return [written]
    lost.extend(f"signedMeterValue.{name}" for name in _SIGNATURE_FACTS if signed.get(name))
    # The text of a signature is in no unit.
    context = {"context": fields["context"]} if "context" in fields else {}
    return [written, {"value": data, **context, "format": "SignedData", **fields}]


def _join(signature: dict[str, Any], raws: list[dict[str, Any]], lost: list[str]) -> None:
    """Attach a SignedData sample to the raw reading it signs: same measurand and context, if possible same place."""
    data = signature.get("value")
    try:
        signs = _words_of(signature, None, _words_201).fields
    except _DropError as why:
        lost.append(str(why))
        return
    meant = [raw for raw in raws if _measured(raw) == _measured(signs) and "signedMeterValue" not in raw]
    free = sorted(meant, key=lambda raw: any(raw.get(name) != signs.get(name) for name, _ in _PLACE_FIELDS))
    if not free or not isinstance(data, str) or not 0 < len(data) <= _SIGNED_DATA_LIMIT:
        lost.append("SignedData")  # never cut: a part of a signature proves nothing
        return
    signed = free[0]
    unit = signed.pop("unitOfMeasure", None)
    # Its facts are required, and 1.6 does not tell them.
    signed["signedMeterValue"] = {"signedMeterData": data, **dict.fromkeys(_SIGNATURE_FACTS, "")}
    if unit is not None:
        signed["unitOfMeasure"] = unit


def _measured(sample: Mapping[str, Any]) -> tuple[str, str]:
    return sample.get("measurand", REGISTER), sample.get("context", "Sample.Periodic")


def _words_of(sample: dict[str, Any], unit: object, words: Callable[..., _Words]) -> _Words:
    """Looked up by what is said, because a station says the same with every reading."""
    get = sample.get
    said = get("context"), get("measurand"), get("phase"), get("location"), unit
    try:
        return words(*said)
    except TypeError:  # no text, whatever it is
        return words(*(one if isinstance(one, str) else None for one in said))


@lru_cache(_KNOWN_WORDS)
def _words_201(context: object, measurand: object, phase: object, location: object, unit: object) -> _Words:
    """Raises _DropError for words that have no counterpart."""
    becomes = _measurand(_text(measurand), MEASURAND.to_201)
    measured_in = _unit_201(_text(unit), becomes)
    if becomes is None and measured_in in _ENERGY_UNITS:
        becomes = REGISTER  # amperes without a measurand (there are such stations) stay as vague as they came
    fields, strange = _fields(context, becomes, phase, location)
    return _Words(fields, measured_in, strange)


@lru_cache(_KNOWN_WORDS)
def _words_16(context: object, measurand: object, phase: object, location: object, unit: object) -> _Words:
    """Raises _DropError for words that have no counterpart."""
    becomes = _measurand(_text(measurand), MEASURAND.to_16)
    measured_in = _unit_16(_text(unit), becomes)
    fields, strange = _fields(context, becomes, phase, location)
    return _Words(fields, measured_in, strange)


def _text(said: object) -> str:
    """Empty where nothing is said: absent, null, blank or no text."""
    return said.strip() if isinstance(said, str) else ""


def _format(sample: dict[str, Any]) -> str:
    said = _text(sample["format"]).casefold()
    if said in ("", "raw"):
        return "Raw"
    if said == "signeddata":
        return "SignedData"
    raise _DropError("format")


def _measurand(said: str, known: Collection[str]) -> str | None:
    """The measurand in the standard's spelling; None when none is said. Raises _DropError for one without counterpart."""
    if not said:
        return None
    word = _MEASURANDS.get(said.casefold())
    if word is None or word not in known:
        raise _DropError(f"measurand:{word or 'unknown'}")
    return word


def _fields(context: object, measurand: str | None, phase: object, location: object) -> tuple[dict[str, str], bool]:
    """The members but for the unit, and whether the context was left out. An unknown phase or location drops the sample:
    without it the reading would be that of the whole outlet."""
    fields: dict[str, str] = {}
    said = _text(context).casefold()
    if said in _CONTEXTS:
        fields["context"] = _CONTEXTS[said]
    if measurand is not None:
        fields["measurand"] = measurand
    for (name, words), place in zip(_PLACE_FIELDS, (phase, location), strict=True):
        there = _text(place).casefold()
        if there and there not in words:
            raise _DropError(name)
        if there:
            fields[name] = words[there]
    return fields, said != "" and said not in _CONTEXTS


def _unit_201(said: str, measurand: str | None) -> str | None:
    """The 2.0.1 unit of a 1.6 sample; None where the default of both versions (Wh, for energy) is meant."""
    if not said:
        return "Wh" if measurand is None else IMPLIED_UNIT.get(measurand)
    unit = _UNITS_201.get(said.casefold())
    if unit is None and len(said) > _UNIT_LIMIT:
        raise _DropError("unit")
    return unit or said


def _unit_16(said: str, measurand: str | None) -> str | None:
    """The 1.6 unit of a 2.0.1 sample; None where none is said. 1.6 has no unit for a frequency: it is in Hertz."""
    if not said or (measurand == "Frequency" and said.casefold() in _HERTZ):
        return None
    unit = _UNITS_16.get(said.casefold())
    if unit is None:
        raise _DropError("unit")
    return unit
