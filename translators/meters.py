"""Meter values: 1.6 section 4.7 and 7.33 (texts), 2.0.1 J01, J02 and SampledValueType (numbers).

A reading is carried or left out, never invented: what would change its meaning on the way (an unknown measurand, phase
or unit, a text that is no number) drops the sample, and the caller is told by name. Names in `lost` are few and fixed,
fit to be a metric's label: `measurand:Temperature`, `measurand:unknown`, `value`, `value:comma` (read all the same),
`unit`, `context`, `phase`, `location`, `format`, `timestamp`, `SignedData`, `signedMeterValue.publicKey` and the like.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from translators import times
from translators.losses import Fields
from translators.numbers import decimal_of, json_number, plain
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
_PLACE_FIELDS = (("phase", PHASE.to_201), ("location", LOCATION.to_201))

_MEASURANDS = {word.casefold(): word for word in (*MEASURAND.to_201, *MEASURAND.no_201, *MEASURAND.no_16)}
_CONTEXTS = {word.casefold(): word for word in CONTEXT.to_201}
_UNITS_201 = {word.casefold(): becomes for word, becomes in UNIT.to_201.items()} | {"hz": "Hz", "%": "Percent"}
_UNITS_16 = {word.casefold(): becomes for word, becomes in UNIT.to_16.items()} | {"celcius": "Celsius", "%": "Percent"}
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


@dataclass(slots=True)
class _Sample:
    """A raw 1.6 sample on its way to 2.0.1, and the signature that may join it."""

    value: int | float
    context: str | None
    measurand: str | None
    place: dict[str, str]
    unit: str | None
    signed: str | None = None

    def written(self) -> dict[str, Any]:
        sample: dict[str, Any] = {"value": self.value}
        if self.context is not None:
            sample["context"] = self.context
        if self.measurand is not None:
            sample["measurand"] = self.measurand
        sample.update(self.place)
        if self.signed is not None:
            sample["signedMeterValue"] = {
                "signedMeterData": self.signed,
                **dict.fromkeys(_SIGNATURE_FACTS, ""),  # required, and 1.6 does not tell them
            }
        if self.unit is not None:
            sample["unitOfMeasure"] = {"unit": self.unit}
        return sample


def to_201(meter_values: list[dict[str, Any]], lost: list[str], otherwise: str | None = None) -> list[dict[str, Any]]:
    """2.0.1 meterValue entries for 1.6 ones (MeterValues.meterValue, StopTransaction.transactionData).

    A sample that names no measurand is written out as the energy register it is, in Wh unless it says kWh. A
    SignedData sample joins the raw sample of the same time, measurand and context; alone it is dropped, for its reading
    is unknown. Entries without a sample left are dropped (2.0.1 wants at least one), so the answer may be empty.
    `otherwise` is the timestamp of entries whose own cannot be read; without it they are dropped.
    """
    entries: list[tuple[str, list[_Sample]]] = []
    signatures: list[tuple[str, dict[str, Any]]] = []
    for entry in meter_values:
        timestamp = times.normalise(entry.get("timestamp")) or otherwise
        if timestamp is None:
            lost.append("timestamp")
            continue
        samples: list[_Sample] = []
        for sample in entry.get("sampledValue") or []:
            try:
                if "format" in sample and _format(sample) == "SignedData":
                    signatures.append((timestamp, sample))
                else:
                    samples.append(_sample(sample, lost))
            except _DropError as why:
                lost.append(str(why))
        entries.append((timestamp, samples))
    for timestamp, sample in signatures:
        _join(sample, [raw for at, samples in entries if at == timestamp for raw in samples], lost)
    return [
        {"timestamp": timestamp, "sampledValue": [sample.written() for sample in samples]}
        for timestamp, samples in entries
        if samples
    ]


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


def _sample(sample: dict[str, Any], lost: list[str]) -> _Sample:
    measurand = _measurand(_said(sample, "measurand"), MEASURAND.to_201)
    value = decimal_of(sample.get("value"))
    if value is None:
        raise _DropError("value")
    if isinstance(sample["value"], str) and "," in sample["value"]:
        lost.append("value:comma")
    unit = _unit_201(_said(sample, "unit"), measurand)
    if measurand is None and unit in _ENERGY_UNITS:
        measurand = REGISTER  # amperes without a measurand (there are such stations) stay as vague as they came
    return _Sample(json_number(value), _context(sample, lost), measurand, _place(sample), unit)


def _samples_16(sample: dict[str, Any], lost: list[str]) -> list[dict[str, Any]]:
    measurand = _measurand(_said(sample, "measurand"), MEASURAND.to_16)
    unit = _unit_16(_said(sample.get("unitOfMeasure") or {}, "unit"), measurand)
    value = decimal_of(sample.get("value"), (sample.get("unitOfMeasure") or {}).get("multiplier") or 0)
    if value is None:
        raise _DropError("value")
    place = _place(sample)
    context = _context(sample, lost)
    signed = sample.get("signedMeterValue") or {}
    forms: list[tuple[str, Literal["Raw", "SignedData"]]] = [(plain(value), "Raw")]
    if signed.get("signedMeterData"):
        forms.append((signed["signedMeterData"], "SignedData"))
        lost.extend(f"signedMeterValue.{name}" for name in _SIGNATURE_FACTS if signed.get(name))
    return [
        {
            "value": text,
            **({"context": context} if context else {}),
            **({"format": form} if form == "SignedData" else {}),
            **({"measurand": measurand} if measurand else {}),
            **place,
            # The text of a signature is in no unit.
            **({"unit": unit} if unit and form == "Raw" else {}),
        }
        for text, form in forms
    ]


def _join(signature: dict[str, Any], raws: list[_Sample], lost: list[str]) -> None:
    """Attach a SignedData sample to the raw reading it signs: same measurand and context, if possible same place."""
    data = signature.get("value")
    try:
        measurand = _measurand(_said(signature, "measurand"), MEASURAND.to_201) or REGISTER
        context = _context(signature, []) or "Sample.Periodic"
        place = _place(signature)
    except _DropError as why:
        lost.append(str(why))
        return
    signable = [raw for raw in raws if (raw.measurand or REGISTER) == measurand]
    meant = [raw for raw in signable if (raw.context or "Sample.Periodic") == context]
    free = sorted((raw for raw in meant if raw.signed is None), key=lambda raw: raw.place != place)
    if not free or not isinstance(data, str) or not 0 < len(data) <= _SIGNED_DATA_LIMIT:
        lost.append("SignedData")  # never cut: a part of a signature proves nothing
        return
    free[0].signed = data


def _said(holder: dict[str, Any], name: str) -> str:
    """The field's text; empty when it is absent, null, blank or no text."""
    text = holder.get(name)
    return text.strip() if isinstance(text, str) else ""


def _format(sample: dict[str, Any]) -> str:
    said = _said(sample, "format").casefold()
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


def _context(sample: dict[str, Any], lost: list[str]) -> str | None:
    said = _said(sample, "context")
    context = _CONTEXTS.get(said.casefold())
    if said and context is None:
        lost.append("context")  # the reading itself stays true
    return context


def _place(sample: dict[str, Any]) -> dict[str, str]:
    """Phase and location. An unknown one drops the sample: without it the reading would be that of the whole outlet."""
    place: dict[str, str] = {}
    for name, words in _PLACE_FIELDS:
        said = _said(sample, name) if name in sample else ""
        if said:
            word = next((word for word in words if word.casefold() == said.casefold()), None)
            if word is None:
                raise _DropError(name)
            place[name] = word
    return place


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
