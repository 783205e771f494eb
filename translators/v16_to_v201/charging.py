"""Charging profiles."""

from decimal import ROUND_FLOOR, Decimal

from translators.effects import Refused
from translators.frames import Payload
from translators.session import Session
from translators.times import normalise
from translators.v16_to_v201.answers import lean
from translators.words import PROFILE_PURPOSE

_TENTH = Decimal("0.1")


class UnfitError(Exception):
    """A profile that 1.6 cannot say. `code`: reasonCode; `what`: the field."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what


def profile_to_16(profile: Payload, transaction_id: int | None = None, *, for_start: bool = False) -> Payload:
    """The 1.6 ChargingProfile of a 2.0.1 one. What changes the electrical result is refused, never left out; limits are
    rounded down to the 0.1 that 1.6 knows. `for_start`: it goes with a remote start, so it is a TxProfile without a
    transaction (1.6 section 5.11, 2.0.1 F01.FR.08). Raises UnfitError."""
    purpose = PROFILE_PURPOSE.to_16.get(profile["chargingProfilePurpose"])
    if purpose is None or (for_start and purpose != "TxProfile"):
        raise UnfitError("InvalidProfile", "chargingProfilePurpose")
    if len(profile["chargingSchedule"]) != 1:
        raise UnfitError("InvalidSchedule", "1.6 has a single chargingSchedule")
    schedule = profile["chargingSchedule"][0]
    if "salesTariff" in schedule:
        raise UnfitError("UnsupportedParam", "salesTariff")
    if any("phaseToUse" in period for period in schedule["chargingSchedulePeriod"]):
        raise UnfitError("UnsupportedParam", "phaseToUse")
    return lean(
        {
            "chargingProfileId": profile["id"],
            "transactionId": None if for_start else transaction_id,
            "stackLevel": profile["stackLevel"],
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": profile["chargingProfileKind"],
            "recurrencyKind": profile.get("recurrencyKind"),
            "validFrom": normalise(profile.get("validFrom")),
            "validTo": normalise(profile.get("validTo")),
            "chargingSchedule": {
                "duration": schedule.get("duration"),
                "startSchedule": normalise(schedule.get("startSchedule")),
                "chargingRateUnit": schedule["chargingRateUnit"],
                "chargingSchedulePeriod": [
                    lean(
                        {
                            "startPeriod": period["startPeriod"],
                            "limit": _down(period["limit"]),
                            "numberPhases": period.get("numberPhases"),
                        }
                    )
                    for period in schedule["chargingSchedulePeriod"]
                ],
                "minChargingRate": _down(schedule["minChargingRate"]) if "minChargingRate" in schedule else None,
            },
        }
    )


def clear_nothing(call: Payload, session: Session) -> Payload:
    """Without id and criteria 1.6 clears everything and 2.0.1 nothing (K10.FR.02): never to be carried over."""
    if "chargingProfileId" not in call and "chargingProfileCriteria" not in call:
        raise Refused("OccurrenceConstraintViolation", "neither chargingProfileId nor chargingProfileCriteria")
    return {"status": "Unknown"}


def _down(limit: float) -> float:
    return float(Decimal(str(limit)).quantize(_TENTH, ROUND_FLOOR))
