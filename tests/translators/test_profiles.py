"""Charging profiles: what both versions can say survives, what one cannot say is refused; and what the gateway keeps of a
station's profiles is what such a station has."""

from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.translators.generate import calls
from translators import profiles, schemas
from translators.effects import Effect, ToCsms, ToStation
from translators.frames import Call, Result
from translators.options import Options
from translators.profiles import UnfitError
from translators.session import Session
from translators.tables import Link
from translators.times import normalise
from translators.v16_to_v201 import LINK as STATION_16
from translators.v201_to_v16 import LINK as STATION_201

NOW = "2026-11-21T10:00:00.000Z"
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))

SET_16 = calls("ocpp1.6", "SetChargingProfile").map(lambda call: call["csChargingProfiles"])
SET_201 = calls("ocpp2.0.1", "SetChargingProfile").map(lambda call: call["chargingProfile"])


def profile_201(**schedule: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [
            {
                "id": 1,
                "startSchedule": "2026-11-21T10:00:00Z",
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
                **schedule,
            }
        ],
    }


def limit_16(limit: float) -> float:
    made = profiles.to_16(profile_201(chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}]))
    value: float = made["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
    return value


# -- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "becomes"),
    [
        (16, "16"),
        (16.0, "16.0"),
        (16.04, "16.0"),
        (16.1, "16.1"),
        (16.19, "16.1"),
        (0.3, "0.3"),
        (0.1 + 0.2, "0.3"),
        (16.099999999999998, "16.1"),
        (3680.57, "3680.5"),
        (1380.05, "1380.0"),
        (0.09, "0.0"),
        (-1, "-1"),
        (-0.01, "-0.1"),
        (22079.999, "22079.9"),
    ],
)
def test_a_limit_is_rounded_down_and_has_no_artefacts(limit: float, becomes: str) -> None:
    assert str(limit_16(limit)) == becomes


@QUICK
@given(st.floats(0, 1e9, allow_nan=False))
def test_a_limit_never_rises_and_fits_the_schema(limit: float) -> None:
    became = limit_16(limit)
    exact = Decimal(str(became))
    assert exact == exact.quantize(Decimal("0.1"))
    # To 15 digits, which is what a double holds.
    assert became <= limit * (1 + 1e-14)
    assert limit - became < 0.1 + 1e-6
    call = {"connectorId": 1, "csChargingProfiles": profiles.to_16(profile_201(minChargingRate=limit))}
    assert schemas.valid("ocpp1.6", "SetChargingProfile", call, answer=False)


@pytest.mark.parametrize("limit", [1e300, 10**20, -1e30])
def test_a_limit_that_no_station_has_is_refused(limit: float) -> None:
    with pytest.raises(UnfitError, match="limit"):
        limit_16(limit)


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_what_16_cannot_say_is_refused() -> None:
    tariff = {"id": 1, "salesTariffEntry": [{"relativeTimeInterval": {"start": 0}}]}
    phase = [{"startPeriod": 0, "limit": 16, "numberPhases": 1, "phaseToUse": 2}]
    twice = profile_201()
    twice["chargingSchedule"] *= 2
    unfit = [
        (profile_201(salesTariff=tariff), "UnsupportedParam", "salesTariff"),
        (profile_201(chargingSchedulePeriod=phase), "UnsupportedParam", "phaseToUse"),
        (twice, "InvalidSchedule", "single"),
        (profile_201() | {"chargingProfilePurpose": "ChargingStationExternalConstraints"}, "InvalidProfile", "Purpose"),
        (profile_201() | {"validTo": "soon"}, "InvalidValue", "validTo"),
        (profile_201(startSchedule="0"), "InvalidValue", "startSchedule"),
    ]
    for profile, code, what in unfit:
        with pytest.raises(UnfitError, match=what) as refused:
            profiles.to_16(profile)
        assert refused.value.code == code


def test_what_201_does_not_allow_is_refused() -> None:
    good = profiles.to_16(profile_201())

    def with_periods(*starts: int) -> dict[str, Any]:
        periods = [{"startPeriod": start, "limit": 1} for start in starts]
        return good | {"chargingSchedule": good["chargingSchedule"] | {"chargingSchedulePeriod": periods}}

    relative = good | {"chargingProfilePurpose": "ChargePointMaxProfile", "chargingProfileKind": "Relative"}
    for profile in (relative, with_periods(), with_periods(60), with_periods(-1, 0), with_periods(*range(1025))):
        with pytest.raises(UnfitError):
            profiles.to_201(profile, NOW)


# -- from 1.6 ---------------------------------------------------------------------------------------------------------


def test_a_start_is_assumed_where_201_wants_one() -> None:
    bare = profiles.to_16(profile_201())
    del bare["chargingSchedule"]["startSchedule"]
    for kind, start in (("Absolute", NOW), ("Recurring", "2026-11-21T00:00:00Z"), ("Relative", None)):
        assumed: list[str] = []
        made = profiles.to_201(bare | {"chargingProfileKind": kind}, NOW, assumed=assumed)
        assert made["chargingSchedule"][0].get("startSchedule") == start
        assert assumed == ([] if start is None else ["startSchedule"])


def test_a_relative_profile_has_no_start() -> None:
    made = profiles.to_201(profiles.to_16(profile_201()) | {"chargingProfileKind": "Relative"}, NOW)
    assert "startSchedule" not in made["chargingSchedule"][0]


# -- there and back ---------------------------------------------------------------------------------------------------


@QUICK
@given(SET_201)
def test_from_201_and_back(profile: dict[str, Any]) -> None:
    try:
        there = profiles.to_16(profile, 7 if "transactionId" in profile else None)
    except UnfitError:
        return
    assert schemas.valid("ocpp1.6", "SetChargingProfile", {"connectorId": 1, "csChargingProfiles": there}, answer=False)
    back = profiles.said_in_201(there, profile.get("transactionId"), profile["chargingSchedule"][0]["id"])
    assert profiles.to_16(back, there.get("transactionId")) == there
    assert without_details(back) == without_details(profile)


@QUICK
@given(SET_16)
def test_from_16_and_back(profile: dict[str, Any]) -> None:
    assumed: list[str] = []
    try:
        there = profiles.to_201(profile, NOW, None, assumed)
    except UnfitError:
        return
    assert schemas.valid("ocpp2.0.1", "SetChargingProfile", {"evseId": 1, "chargingProfile": there}, answer=False)
    back = profiles.to_16(there, profile.get("transactionId"))
    given_start, start = (one["chargingSchedule"].pop("startSchedule", None) for one in (dict_of(profile), back))
    if profile["chargingProfileKind"] != "Relative" and not assumed:
        assert normalise(given_start) == start
    expected = dict_of(profile)
    expected["chargingSchedule"].pop("startSchedule", None)
    expected["chargingSchedule"]["chargingSchedulePeriod"].sort(key=lambda period: period["startPeriod"])
    for name in ("validFrom", "validTo"):
        if name in expected:
            expected[name] = normalise(expected[name])
    assert back == expected


def dict_of(profile: dict[str, Any]) -> dict[str, Any]:
    schedule = dict(profile["chargingSchedule"])
    schedule["chargingSchedulePeriod"] = list(schedule["chargingSchedulePeriod"])
    return {**profile, "chargingSchedule": schedule}


def without_details(profile: dict[str, Any]) -> dict[str, Any]:
    """What stays word for word: all but moments, which are normalised, customData, and limits, which may be lower."""
    schedule = profile["chargingSchedule"][0]
    kept = {name: profile.get(name) for name in ("id", "stackLevel", "transactionId", "recurrencyKind")}
    kept |= {name: profile[name] for name in ("chargingProfilePurpose", "chargingProfileKind")}
    kept |= {name: schedule.get(name) for name in ("duration", "chargingRateUnit")}
    kept["periods"] = [(one["startPeriod"], one.get("numberPhases")) for one in schedule["chargingSchedulePeriod"]]
    return kept


# -- composite schedules ----------------------------------------------------------------------------------------------


def test_a_composite_schedule_both_ways() -> None:
    periods = [{"startPeriod": 0, "limit": 16.1, "numberPhases": 3}, {"startPeriod": 60, "limit": 6}]
    said = {"duration": 60, "startSchedule": NOW, "chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    made = profiles.composite_201({"status": "Accepted", "chargingSchedule": said}, 3, 90, "later")
    assert made is not None
    assert made["evseId"] == 3
    assert profiles.composite_16(made, 90, "later") == said


@pytest.mark.parametrize("duration", [None, 0, -1, 91, 86_400_000, 2**63, "60"])
def test_a_duration_that_cannot_be_is_the_one_asked_about(duration: object) -> None:
    periods = [{"startPeriod": 0, "limit": 1}]
    schedule: dict[str, Any] = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    schedule |= {} if duration is None else {"duration": duration}
    made = profiles.composite_201({"status": "Accepted", "chargingSchedule": schedule}, 1, 90, NOW)
    assert made is not None
    assert (made["duration"], made["scheduleStart"]) == (90, NOW)


# -- what the gateway keeps is what the station has -------------------------------------------------------------------


class World:
    """A session between a CSMS that calls and a station with a rule of its own: `answer(action, payload)`."""

    def __init__(self, link: Link, connectors: dict[int, tuple[int, int]]) -> None:
        ids = count(1)
        self.session = Session(link, Options(connectors=connectors), {}, lambda: f"g{next(ids)}", epoch=1.7e9)
        self.has: dict[int, dict[str, Any]] = {}
        self.now = 0.0
        self.reports: list[dict[str, Any]] = []
        self.replies: list[Any] = []
        self.take(self.session.open(self.now))

    def csms(self, action: str, payload: dict[str, Any]) -> Any:
        self.now += 1
        self.replies.clear()
        self.take(self.session.from_csms(Call("c", action, payload), self.now))
        return self.replies[0].payload if isinstance(self.replies[0], Result) else None

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, ToStation) and isinstance(effect.frame, Call):
                answer = self.answer(effect.frame.action, effect.frame.payload)
                self.take(self.session.from_station(Result(effect.frame.message_id, answer), self.now))
            elif isinstance(effect, ToCsms) and isinstance(effect.frame, Call):
                self.reports.append(effect.frame.payload)
                self.take(self.session.from_csms(Result(effect.frame.message_id, {}), self.now))
            elif isinstance(effect, ToCsms):
                self.replies.append(effect.frame)

    def answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


def clear_16(has: dict[int, dict[str, Any]], request: dict[str, Any]) -> bool:
    names = {"connectorId": "connector", "chargingProfilePurpose": "purpose", "stackLevel": "stack"}
    gone = [
        number
        for number, one in has.items()
        if (
            number == request["id"]
            if "id" in request
            else all(request[n] == one[k] for n, k in names.items() if n in request)
        )
    ]
    for number in gone:
        del has[number]
    return bool(gone)


def set_16(has: dict[int, dict[str, Any]], connector: int, profile: dict[str, Any]) -> None:
    new = {
        "connector": connector,
        "purpose": profile["chargingProfilePurpose"],
        "stack": profile["stackLevel"],
        "limit": profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"],
    }
    for number, one in list(has.items()):
        if all(one[name] == new[name] for name in ("connector", "purpose", "stack")):
            del has[number]
    has[profile["chargingProfileId"]] = new


class Station16(World):
    """Replaces by id, and by stackLevel and purpose on the connector; refuses a limit of 13."""

    def answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action == "ClearChargingProfile":
            return {"status": "Accepted" if clear_16(self.has, payload) else "Unknown"}
        profile = payload["csChargingProfiles"]
        if profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == 13:
            return {"status": "Rejected"}
        set_16(self.has, payload["connectorId"], profile)
        return {"status": "Accepted"}


class Station201(World):
    """Replaces by id alone; refuses a limit of 13."""

    def answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action == "ClearChargingProfile":
            names = {"evseId": "connector", "chargingProfilePurpose": "purpose", "stackLevel": "stack"}
            request = {names[name]: value for name, value in payload.get("chargingProfileCriteria", {}).items()}
            gone = [
                number
                for number, one in self.has.items()
                if number == payload.get("chargingProfileId")
                or (request and all(one[name] == value for name, value in request.items()))
            ]
            for number in gone:
                del self.has[number]
            return {"status": "Accepted" if gone else "Unknown"}
        profile = payload["chargingProfile"]
        limit = profile["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"]
        if limit == 13:
            return {"status": "Rejected"}
        self.has[profile["id"]] = {
            "connector": payload["evseId"],
            "purpose": profile["chargingProfilePurpose"],
            "stack": profile["stackLevel"],
            "limit": limit,
        }
        return {"status": "Accepted"}


SMALL = st.integers(0, 2)
LIMITS = st.sampled_from([8, 13, 16])
SETS = st.tuples(st.just("set"), SMALL, SMALL, SMALL, st.booleans(), LIMITS)
CLEARS = st.tuples(
    st.just("clear"), *[st.none() | SMALL] * 3, st.sampled_from([None, "ChargePointMaxProfile", "TxDefaultProfile"])
)
STEPS = st.lists(st.one_of(SETS, SETS, CLEARS), max_size=12)
EVSES = {1: (1, 1), 2: (2, 1)}
TO_201 = {"ChargePointMaxProfile": "ChargingStationMaxProfile", "TxDefaultProfile": "TxDefaultProfile"}


def clear_request(number: int | None, connector: int | None, stack: int | None, purpose: str | None) -> dict[str, Any]:
    request = {"id": number, "connectorId": connector, "chargingProfilePurpose": purpose, "stackLevel": stack}
    return {name: value for name, value in request.items() if value is not None}


@QUICK
@given(STEPS)
def test_a_csms_of_201_is_told_what_a_station_of_16_has(steps: list[Any]) -> None:
    world = Station16(STATION_16, EVSES)
    for kind, *rest in steps:
        if kind == "set":
            number, evse, stack, whole, limit = rest
            profile = profile_201(chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}])
            purpose = "ChargingStationMaxProfile" if whole else "TxDefaultProfile"
            profile |= {"id": number, "stackLevel": stack, "chargingProfilePurpose": purpose}
            world.csms("SetChargingProfile", {"evseId": 0 if whole else evse, "chargingProfile": profile})
        else:
            request = clear_request(*rest)
            criteria = {"evseId": request.get("connectorId"), "stackLevel": request.get("stackLevel")}
            criteria["chargingProfilePurpose"] = TO_201.get(rest[3])
            criteria = {name: value for name, value in criteria.items() if value is not None}
            given_id = {"chargingProfileId": rest[0]} if rest[0] is not None else {}
            world.csms("ClearChargingProfile", given_id | ({"chargingProfileCriteria": criteria} if criteria else {}))
    answer = world.csms("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}})
    assert answer["status"] == ("Accepted" if world.has else "NoProfiles")
    told = {one["id"]: (report["evseId"], one) for report in world.reports for one in report["chargingProfile"]}
    assert {
        number: (evse, one["stackLevel"], one["chargingSchedule"][0]["chargingSchedulePeriod"][0]["limit"])
        for number, (evse, one) in told.items()
    } == {number: (one["connector"], one["stack"], one["limit"]) for number, one in world.has.items()}
    assert [report["tbc"] for report in world.reports] == [True] * (len(world.reports) - 1) + [False] * bool(told)


@QUICK
@given(STEPS)
def test_a_station_of_201_has_what_a_station_of_16_would_have(steps: list[Any]) -> None:
    world = Station201(STATION_201, EVSES)
    model: dict[int, dict[str, Any]] = {}
    for kind, *rest in steps:
        if kind == "set":
            number, connector, stack, whole, limit = rest
            purpose = "ChargePointMaxProfile" if whole else "TxDefaultProfile"
            profile = profiles.to_16(profile_201(chargingSchedulePeriod=[{"startPeriod": 0, "limit": limit}]))
            profile |= {"chargingProfileId": number, "stackLevel": stack, "chargingProfilePurpose": purpose}
            at = 0 if whole else connector
            answer = world.csms("SetChargingProfile", {"connectorId": at, "csChargingProfiles": profile})
            assert answer == {"status": "Rejected" if limit == 13 else "Accepted"}
            if limit != 13:
                set_16(model, at, profile)
        else:
            request = clear_request(*rest)
            answer = world.csms("ClearChargingProfile", request)
            assert answer == {"status": "Accepted" if clear_16(model, request) else "Unknown"}
        expected = {number: one | {"purpose": TO_201[one["purpose"]]} for number, one in model.items()}
        assert world.has == expected
