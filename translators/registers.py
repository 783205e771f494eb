"""The energy a transaction is billed by: the import register, in whole Wh, found among 2.0.1 meter values.

1.6 StartTransaction.meterStart and StopTransaction.meterStop are this register (sections 6.45 and 6.49); 2.0.1 has it
as samples of context Transaction.Begin and Transaction.End (E01, E06).
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from translators import times
from translators.numbers import LARGEST, decimal_of
from translators.words.metering import REGISTER

_WH = {"": 1, "wh": 1, "kwh": 1000, "Wh": 1, "kWh": 1000}
_OUTLET = "Outlet"
_ALL = "all"
_ONE = Decimal(1)
_PHASES = {_ALL: _ALL, "L1": "L1", "L1-N": "L1", "L2": "L2", "L2-N": "L2", "L3": "L3", "L3-N": "L3"}
"""Some stations write an energy's phase as L1-N. N alone is never part of a sum."""


class Register(NamedTuple):
    """The register at one moment. timestamp: as the sample has it."""

    wh: int
    timestamp: str
    context: str


def registers(meter_values: list[dict[str, Any]]) -> list[Register]:
    """Every moment's register, one for each context, from the oldest to the newest.

    Of several readings the one at the outlet (the default location) for all phases counts; where each phase has its
    own register their sum does. Samples with equal timestamps belong together, in one entry or in several.
    """
    if len(meter_values) == 1:
        samples = [
            one for one in meter_values[0].get("sampledValue") or [] if (one.get("measurand") or REGISTER) == REGISTER
        ]
        if len(samples) == 1:  # the usual message
            reading = _reading(samples)
            context = samples[0].get("context") or "Sample.Periodic"
            timestamp = str(meter_values[0].get("timestamp"))
            return [] if reading is None else [Register(_whole(reading), timestamp, context)]
    moments: dict[tuple[float, str, str], list[dict[str, Any]]] = {}
    for entry in meter_values:
        timestamp = str(entry.get("timestamp"))
        at = times.epoch(timestamp)
        for sample in entry.get("sampledValue") or []:
            if (sample.get("measurand") or REGISTER) == REGISTER:
                context = sample.get("context") or "Sample.Periodic"
                # A moment that cannot be read is older than all others: the order of the rest stays right.
                place = (float("-inf") if at is None else at, timestamp, context)
                moments.setdefault(place, []).append(sample)
    found = []
    # Stable, so entries of one moment keep the order they came in.
    for (_, timestamp, context), samples in sorted(moments.items(), key=lambda item: item[0][0]):
        reading = _reading(samples)
        if reading is not None:
            found.append(Register(_whole(reading), timestamp, context))
    return found


def register_wh(meter_values: list[dict[str, Any]], contexts: Sequence[str] = ()) -> Register | None:
    """The newest register with the first of `contexts` that occurs; without contexts the newest of all. None: none."""
    found = registers(meter_values)
    for context in contexts:
        for register in reversed(found):
            if register.context == context:
                return register
    return found[-1] if found and not contexts else None


def registers_wh(meter_values: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Context and Wh of every register, from the oldest to the newest."""
    return [(register.context, register.wh) for register in registers(meter_values)]


def register_sample(wh: int, context: str) -> dict[str, Any]:
    """The 2.0.1 sample of a register of which 1.6 gives the bare number: meterStart (Transaction.Begin), meterStop
    (Transaction.End)."""
    return {"value": wh, "context": context, "measurand": REGISTER, "unitOfMeasure": {"unit": "Wh"}}


def _whole(reading: int | Decimal) -> int:
    return reading if isinstance(reading, int) else int(reading.quantize(_ONE, ROUND_HALF_UP))


def _reading(samples: list[dict[str, Any]]) -> int | Decimal | None:
    """The register in Wh among samples of one moment."""
    if len(samples) == 1:
        return _in_wh(samples[0]) if (samples[0].get("phase") or _ALL) in _PHASES else None
    by_place: dict[str, dict[str, int | Decimal]] = {}
    for sample in samples:
        value = _in_wh(sample)
        phase = _PHASES.get(sample.get("phase") or _ALL)
        if value is not None and phase is not None:
            by_place.setdefault(sample.get("location") or _OUTLET, {}).setdefault(phase, value)
    if not by_place:
        return None
    readings = by_place.get(_OUTLET) or next(iter(by_place.values()))
    return readings[_ALL] if _ALL in readings else sum(readings.values())


def _in_wh(sample: dict[str, Any]) -> int | Decimal | None:
    unit = sample.get("unitOfMeasure") or {}
    named = str(unit.get("unit") or "")
    factor = _WH.get(named) or _WH.get(named.strip().casefold())
    said, multiplier = sample.get("value"), unit.get("multiplier") or 0
    if type(said) is int and multiplier == 0 and factor is not None and abs(said) < LARGEST:
        return said * factor
    value = decimal_of(said, multiplier)
    return None if factor is None or value is None else value * factor
