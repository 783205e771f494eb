"""Charging profiles."""

from typing import Any

from translators import times
from translators.frames import Payload
from translators.session import Session

_SCHEDULE_ID = 1  # 2.0.1 numbers schedules, 1.6 has one per profile


def profile_for_start(profile: Payload, session: Session) -> Payload | None:
    """The 2.0.1 profile of a remote start; None for one that a remote start may not have. 1.6 section 5.16.2, 2.0.1
    F01.FR.08: it is a TxProfile, and of no transaction yet."""
    if profile["chargingProfilePurpose"] != "TxProfile":
        return None
    schedule = profile["chargingSchedule"]
    periods = sorted(schedule["chargingSchedulePeriod"], key=lambda period: float(period["startPeriod"]))
    if not periods or periods[0]["startPeriod"] != 0 or len(periods) > 1024:
        return None
    kind = profile["chargingProfileKind"]
    start = None if kind == "Relative" else times.normalise(schedule.get("startSchedule")) or session.time
    given: dict[str, Any] = {
        "id": profile["chargingProfileId"],
        "stackLevel": profile["stackLevel"],
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": kind,
        "recurrencyKind": profile.get("recurrencyKind"),
        "validFrom": times.normalise(profile.get("validFrom")),
        "validTo": times.normalise(profile.get("validTo")),
        "chargingSchedule": [
            {
                "id": _SCHEDULE_ID,
                **({"startSchedule": start} if start is not None else {}),
                **({"duration": schedule["duration"]} if "duration" in schedule else {}),
                "chargingRateUnit": schedule["chargingRateUnit"],
                "chargingSchedulePeriod": [
                    {
                        "startPeriod": period["startPeriod"],
                        "limit": period["limit"],
                        **({"numberPhases": period["numberPhases"]} if "numberPhases" in period else {}),
                    }
                    for period in periods
                ],
                **({"minChargingRate": schedule["minChargingRate"]} if "minChargingRate" in schedule else {}),
            }
        ],
    }
    return {name: value for name, value in given.items() if value is not None}
