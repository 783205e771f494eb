"""Charging profiles and schedules in the words of 1.6 (sections 3.13 and 7.8) and of 2.0.1 (part 2, K).

What would change what a car is given is refused, never left out. 1.6 knows limits to 0.1 A or W; a limit between two of
them is rounded down, for the upper one is more than what was allowed.
"""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

from translators.frames import Payload
from translators.numbers import decimal_of
from translators.times import normalise
from translators.words import PROFILE_PURPOSE

SCHEDULE_ID = 1
"""2.0.1 numbers schedules, 1.6 has one per profile."""

MOST_PERIODS = 1024
_TENTH = Decimal("0.1")


class UnfitError(Exception):
    """A profile that the other version cannot say. `code`: a reasonCode of 2.0.1; `what`: the field, or why."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what


def to_16(profile: Payload, transaction_id: int | None = None) -> Payload:
    """The 1.6 ChargingProfile of a 2.0.1 one, for the transaction `transaction_id`. Raises UnfitError."""
    purpose = PROFILE_PURPOSE.to_16.get(profile["chargingProfilePurpose"])
    if purpose is None:
        raise UnfitError("InvalidProfile", "chargingProfilePurpose")
    if len(profile["chargingSchedule"]) != 1:
        raise UnfitError("InvalidSchedule", "1.6 has a single chargingSchedule")
    schedule = profile["chargingSchedule"][0]
    if "salesTariff" in schedule:
        raise UnfitError("UnsupportedParam", "salesTariff")
    if any("phaseToUse" in period for period in schedule["chargingSchedulePeriod"]):
        raise UnfitError("UnsupportedParam", "phaseToUse")
    return _lean(
        {
            "chargingProfileId": profile["id"],
            "transactionId": transaction_id,
            "stackLevel": profile["stackLevel"],
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": profile["chargingProfileKind"],
            "recurrencyKind": profile.get("recurrencyKind"),
            "validFrom": _moment(profile, "validFrom"),
            "validTo": _moment(profile, "validTo"),
            "chargingSchedule": _lean(
                {
                    "duration": schedule.get("duration"),
                    "startSchedule": _moment(schedule, "startSchedule"),
                    "chargingRateUnit": schedule["chargingRateUnit"],
                    "chargingSchedulePeriod": [_period(period) for period in schedule["chargingSchedulePeriod"]],
                    "minChargingRate": _down(schedule, "minChargingRate"),
                }
            ),
        }
    )


def to_201(profile: Payload, now: str, transaction_id: str | None = None, assumed: list[str] | None = None) -> Payload:
    """The 2.0.1 ChargingProfile of a 1.6 one, for the transaction `transaction_id`. Raises UnfitError.

    now: a startSchedule that 2.0.1 wants and 1.6 did not give is `now`, for a recurring schedule the midnight (UTC)
    before it; `assumed` then gets its name.
    """
    kind, purpose = profile["chargingProfileKind"], profile["chargingProfilePurpose"]
    if kind == "Relative" and purpose == "ChargePointMaxProfile":
        raise UnfitError("InvalidProfile", "chargingProfileKind")  # K01.FR.38
    schedule = profile["chargingSchedule"]
    periods = sorted(schedule["chargingSchedulePeriod"], key=lambda period: float(period["startPeriod"]))
    if not periods or periods[0]["startPeriod"] != 0 or len(periods) > MOST_PERIODS:
        raise UnfitError("InvalidSchedule", "chargingSchedulePeriod")
    start = None
    if kind != "Relative":
        start = _moment(schedule, "startSchedule")
        if start is None:
            start = now if kind == "Absolute" else f"{now[:10]}T00:00:00Z"
            if assumed is not None:
                assumed.append("startSchedule")
    schedule = {**schedule, "startSchedule": start, "chargingSchedulePeriod": periods}
    return said_in_201({**profile, "chargingSchedule": schedule}, transaction_id)


def said_in_201(profile: Payload, transaction_id: str | None = None, schedule_id: int = SCHEDULE_ID) -> Payload:
    """A 1.6 ChargingProfile word for word, as one tells of it that a station has. Raises UnfitError."""
    schedule = profile["chargingSchedule"]
    return _lean(
        {
            "id": profile["chargingProfileId"],
            "stackLevel": profile["stackLevel"],
            "chargingProfilePurpose": PROFILE_PURPOSE.to_201[profile["chargingProfilePurpose"]],
            "chargingProfileKind": profile["chargingProfileKind"],
            "recurrencyKind": profile.get("recurrencyKind"),
            "validFrom": _moment(profile, "validFrom"),
            "validTo": _moment(profile, "validTo"),
            "chargingSchedule": [
                _lean(
                    {
                        "id": schedule_id,
                        "startSchedule": _moment(schedule, "startSchedule"),
                        "duration": schedule.get("duration"),
                        "chargingRateUnit": schedule["chargingRateUnit"],
                        "chargingSchedulePeriod": [_period(period) for period in schedule["chargingSchedulePeriod"]],
                        "minChargingRate": _down(schedule, "minChargingRate"),
                    }
                )
            ],
            "transactionId": transaction_id,
        }
    )


def composite_201(answer: Payload, evse: int, asked: int, now: str) -> Payload | None:
    """2.0.1 CompositeScheduleType from a 1.6 GetCompositeSchedule.conf; None where there is no schedule in it.

    asked: the seconds asked about, which stand for a duration that is none or longer than that (a station that counts
    in milliseconds, for one); now: the moment of the answer, for a station that says none.
    """
    schedule = answer.get("chargingSchedule", {})
    if not schedule.get("chargingSchedulePeriod"):
        return None
    start = normalise(answer.get("scheduleStart")) or normalise(schedule.get("startSchedule")) or now
    return {
        "chargingSchedulePeriod": [_period(period, ROUND_HALF_EVEN) for period in schedule["chargingSchedulePeriod"]],
        "evseId": evse,
        "duration": _duration(schedule, asked),
        "scheduleStart": start,
        "chargingRateUnit": schedule["chargingRateUnit"],
    }


def composite_16(schedule: Payload, asked: int, now: str) -> Payload | None:
    """1.6 ChargingSchedule from a 2.0.1 CompositeScheduleType; None for one without periods. See `composite_201`."""
    if not schedule.get("chargingSchedulePeriod"):
        return None
    return {
        "duration": _duration(schedule, asked),
        "startSchedule": normalise(schedule.get("scheduleStart")) or now,
        "chargingRateUnit": schedule["chargingRateUnit"],
        # It tells, it does not allow: the nearest is nearer to the truth than the lower one.
        "chargingSchedulePeriod": [_period(period, ROUND_HALF_EVEN) for period in schedule["chargingSchedulePeriod"]],
    }


def replaces(new: Payload, old: Payload) -> bool:
    """Whether a 1.6 station that accepts `new` drops `old` (1.6 section 5.16: "If a charging profile with the same
    chargingProfileId, or the same combination of stackLevel / ChargingProfilePurpose, exists on the Charge Point, the
    new charging profile SHALL replace the existing charging profile"). Entries as `entry_for` makes them."""
    if new["id"] == old["id"]:
        return True
    return all(new[name] == old[name] for name in ("connector", "purpose", "stackLevel"))


def entry_for(connector: int | None, profile: Payload, **more: Any) -> dict[str, Any]:
    """What is kept of a profile that a station has, in 1.6 words whichever version the profile is in."""
    purpose = profile["chargingProfilePurpose"]
    return {
        "id": profile["chargingProfileId"] if "chargingProfileId" in profile else profile["id"],
        "connector": connector,
        "purpose": PROFILE_PURPOSE.to_16.get(purpose, purpose),
        "stackLevel": profile["stackLevel"],
        "profile": profile,
        **more,
    }


def cleared_by(request: Payload, entry: Payload) -> bool:
    """Whether a 1.6 ClearChargingProfile.req means this profile: where there is an id, only that counts (section 5.5)."""
    if "id" in request:
        return bool(request["id"] == entry["id"])
    names = {"connectorId": "connector", "chargingProfilePurpose": "purpose", "stackLevel": "stackLevel"}
    return all(request[name] == entry[kept] for name, kept in names.items() if name in request)


# -- parts ------------------------------------------------------------------------------------------------------------


def _period(period: Payload, rounding: str = ROUND_FLOOR) -> Payload:
    return _lean(
        {
            "startPeriod": period["startPeriod"],
            "limit": _down(period, "limit", rounding),
            "numberPhases": period.get("numberPhases"),
        }
    )


def _down(holder: Payload, name: str, rounding: str = ROUND_FLOOR) -> float | None:
    """The member in tenths: as it came where it is one, else the next lower one."""
    if name not in holder:
        return None
    number = decimal_of(holder[name])
    if number is None:
        raise UnfitError("InvalidValue", name)
    tenth = float(number.quantize(_TENTH, rounding))
    given: float = holder[name]
    return given if given == tenth else tenth


def _duration(schedule: Payload, asked: int) -> int:
    duration = schedule.get("duration")
    return duration if isinstance(duration, int) and 0 < duration <= asked else asked


def _moment(holder: Payload, name: str) -> str | None:
    """The moment in its normal form; None when the field is absent or empty."""
    text = holder.get(name)
    if not text:
        return None
    moment = normalise(text)
    if moment is None:
        # Without its end a profile would go on for ever.
        raise UnfitError("InvalidValue", name)
    return moment


def _lean(payload: Mapping[str, Any]) -> Payload:
    return {name: value for name, value in payload.items() if value is not None}
