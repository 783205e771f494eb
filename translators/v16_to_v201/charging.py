"""Charging profiles and schedules."""

from itertools import groupby

from translators import profiles
from translators.effects import Answer, Ask, PeerError, Refused
from translators.frames import Payload
from translators.losses import loses, lost
from translators.profiles import UnfitError
from translators.session import Session
from translators.tables import Conversation
from translators.v16_to_v201.answers import ask_station, lean, refusal
from translators.v16_to_v201.connectors import best_of, connectors_of, place_of
from translators.v16_to_v201.installed import cleared, installed, swept, told
from translators.v16_to_v201.records import Record, numbered, open_on
from translators.words import PROFILE_PURPOSE

_SOURCE = "CSO"
"""Who sets limits through a CSMS: the charging station operator."""
_NO_EVSE = ("UnknownEvse",)


@loses(call={"transactionId": "left out: not a TxProfile"})
def set_charging_profile(call: Payload, session: Session) -> Conversation:
    """SetChargingProfile -> SetChargingProfile, limits rounded down to 0.1, the transaction by its number; phases,
    tariffs and several schedules are refused. 2.0.1 K01, 1.6 section 5.16."""
    given, evse = call["chargingProfile"], call["evseId"]
    record: Record = {}
    if given["chargingProfilePurpose"] == "TxProfile":
        if "transactionId" not in given:
            return refusal("Rejected", "MissingParam", "transactionId")  # K01.FR.03
        found, why = yield from numbered(session, given["transactionId"])
        if found is None:
            return refusal("Rejected", "TxNotFound", why)
        record = found
        connector = record.get("connector", 0)
        place = place_of(session, connector)
        if place is None or place[0] != evse:
            return refusal("Rejected", "TxNotFound", "not on this EVSE")
    elif evse == 0:
        connector = 0
    elif given["chargingProfilePurpose"] == "ChargingStationMaxProfile":
        return refusal("Rejected", "InvalidProfile", "evseId")
    else:
        here = connectors_of(session, evse)
        if len(here) != 1:
            # The same id on two connectors is one profile to many 1.6 stations: a plug would be without its limit.
            return refusal("Rejected", *(("UnsupportedParam", "an EVSE of several connectors") if here else _NO_EVSE))
        connector = here[0]
    try:
        profile = profiles.to_16(given, record.get("alias", record.get("int")))
    except UnfitError as unfit:
        return refusal("Rejected", unfit.code, unfit.what)
    if "transactionId" in given and not record:
        yield from lost("transactionId")
    try:
        answer = yield Ask("SetChargingProfile", {"connectorId": connector, "csChargingProfiles": profile})
    except PeerError as error:
        if not error.unsupported:
            raise
        answer = {"status": "NotSupported"}
    if answer["status"] == "NotSupported":
        raise Refused("NotSupported", "the station does no smart charging")  # K01.FR.29
    if answer["status"] == "Accepted":
        yield from installed(session, connector, profile, given, transaction=record.get("uuid"))
    return {"status": answer["status"]}


def clear_charging_profile(call: Payload, session: Session) -> Conversation:
    """ClearChargingProfile -> ClearChargingProfile; never without id and criteria, by which 1.6 clears everything and
    2.0.1 nothing. 2.0.1 K10, 1.6 section 5.5."""
    criteria = call.get("chargingProfileCriteria", {})
    if "chargingProfileId" not in call and not criteria.keys() - {"customData"}:
        # K10.FR.02
        raise Refused("OccurrenceConstraintViolation", "neither chargingProfileId nor chargingProfileCriteria")
    if "chargingProfileId" in call:
        requests: list[Payload] = [{"id": call["chargingProfileId"]}]
    else:
        purpose = criteria.get("chargingProfilePurpose")
        if purpose is not None and purpose not in PROFILE_PURPOSE.to_16:
            return refusal("Unknown", "InvalidProfile", "chargingProfilePurpose")
        evse = criteria.get("evseId")
        numbers = [evse] if not evse else connectors_of(session, evse)
        if not numbers:
            return refusal("Unknown", *_NO_EVSE)
        requests = [
            lean(
                {
                    "connectorId": number,
                    "chargingProfilePurpose": PROFILE_PURPOSE.to_16.get(purpose),
                    "stackLevel": criteria.get("stackLevel"),
                }
            )
            for number in numbers
        ]
    answers = []
    for request in requests:
        answer = yield from ask_station(
            "ClearChargingProfile", request, otherwise=refusal("Unknown", "UnsupportedRequest")
        )
        answers.append(answer)
        yield from cleared(session, request)
    best = next((answer for answer in answers if answer["status"] == "Accepted"), answers[0])
    return lean({"status": best["status"], "statusInfo": best.get("statusInfo")})


def get_charging_profiles(call: Payload, session: Session) -> Conversation:
    """GetChargingProfiles -> answered from what the station accepted, then ReportChargingProfiles for each EVSE. 2.0.1
    K09; 1.6 cannot list profiles."""
    yield from swept(session)
    asked = call["chargingProfile"]
    found = [(evse, profile) for evse, profile in told(session) if _is_asked(asked, call.get("evseId"), evse, profile)]
    if not found or _SOURCE not in asked.get("chargingLimitSource", [_SOURCE]):
        return refusal("NoProfiles", "NotFound")
    yield Answer({"status": "Accepted"})
    parts = [(evse, [profile for _, profile in here]) for evse, here in groupby(sorted(found, key=_evse), key=_evse)]
    for evse, here in parts:
        report = {
            "requestId": call["requestId"],
            "chargingLimitSource": _SOURCE,
            "chargingProfile": here,
            "tbc": evse != parts[-1][0],
            "evseId": evse,
        }
        yield Ask("ReportChargingProfiles", report, back=True)
    return None


def get_composite_schedule(call: Payload, session: Session) -> Conversation:
    """GetCompositeSchedule -> GetCompositeSchedule, Rejected where the station names no period. 2.0.1 K08, 1.6 section
    5.7."""
    evse = call["evseId"]
    charging = [number for number in connectors_of(session, evse) if open_on(session, number) is not None]
    connector = 0 if evse == 0 else next(iter(charging), best_of(session, evse))
    if connector is None:
        return refusal("Rejected", *_NO_EVSE)
    request = {
        "connectorId": connector,
        "duration": call["duration"],
        "chargingRateUnit": call.get("chargingRateUnit"),
    }
    answer = yield from ask_station(
        "GetCompositeSchedule", lean(request), otherwise=refusal("Rejected", "UnsupportedRequest")
    )
    if answer["status"] != "Accepted":
        return lean({"status": answer["status"], "statusInfo": answer.get("statusInfo")})
    try:
        schedule = profiles.composite_201(answer, evse, call["duration"], session.time)
    except UnfitError as unfit:
        return refusal("Rejected", unfit.code, unfit.what)
    if schedule is None:
        return refusal("Rejected", "NotFound", "the station has no schedule")
    return {"status": "Accepted", "schedule": schedule}


def profile_for_start(profile: Payload) -> Payload:
    """The 1.6 profile of a remote start: a TxProfile, and of no transaction yet (1.6 section 5.11, 2.0.1 F01.FR.08).
    Raises UnfitError."""
    if profile["chargingProfilePurpose"] != "TxProfile":
        raise UnfitError("InvalidProfile", "chargingProfilePurpose")
    return profiles.to_16(profile)


def _is_asked(asked: Payload, at: int | None, evse: int, profile: Payload) -> bool:
    return (
        at in (None, evse)
        and asked.get("chargingProfilePurpose") in (None, profile["chargingProfilePurpose"])
        and asked.get("stackLevel") in (None, profile["stackLevel"])
        and profile["id"] in asked.get("chargingProfileId", [profile["id"]])
    )


def _evse(told: tuple[int, Payload]) -> int:
    return told[0]
