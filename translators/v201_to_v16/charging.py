"""Charging profiles and schedules."""

from collections.abc import Generator
from typing import Any

from translators import profiles
from translators.effects import Note, PeerError, Step
from translators.frames import Payload
from translators.losses import loses, lost
from translators.profiles import UnfitError
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16 import connectors, records
from translators.v201_to_v16.answers import ask_station
from translators.v201_to_v16.installed import clear_for, cleared, install, place_for, put_back
from translators.words import PROFILE_PURPOSE


@loses(call={"transactionId": "left out: not a TxProfile"})
def set_charging_profile(call: Payload, session: Session) -> Conversation:
    """SetChargingProfile -> SetChargingProfile, after ClearChargingProfile for a profile of another id whose place it
    takes. 1.6 section 5.16, 2.0.1 K01."""
    given, number = call["csChargingProfiles"], call["connectorId"]
    purpose = given["chargingProfilePurpose"]
    place = connectors.place_of(session, number)
    transaction = None
    if number != 0 and place is None:
        return (yield from _refused("connectorId"))
    if purpose == "TxProfile":
        transaction = _transaction(session, given.get("transactionId"), number)
        if transaction is None:
            return (yield from _refused("transactionId"))
    elif purpose == "ChargePointMaxProfile" and number != 0:
        return (yield from _refused("connectorId"))
    elif "transactionId" in given:
        yield from lost("transactionId")
    assumed: list[str] = []
    try:
        profile = profiles.to_201(given, session.time, transaction, assumed)
    except UnfitError as unfit:
        return (yield from _refused(unfit.what))
    for field in assumed:
        yield Note("assumed", {"field": field})
    entry = profiles.entry_for(place_for(session, number), profile)
    replaced = yield from clear_for(session, entry)
    try:
        answer = yield from install(session, entry)
    except PeerError:
        yield from put_back(session, replaced)
        raise
    if answer["status"] != "Accepted":
        yield from put_back(session, replaced)
    return {"status": answer["status"]}


def clear_charging_profile(call: Payload, session: Session) -> Conversation:
    """ClearChargingProfile -> ClearChargingProfile, one for each purpose where nothing is named: 1.6 then clears
    everything. 1.6 section 5.5, 2.0.1 K10."""
    number = call.get("connectorId", 0)
    place = connectors.place_of(session, number)
    if "id" in call:
        requests: list[Payload] = [{"chargingProfileId": call["id"]}]
    elif number != 0 and place is None:
        return {"status": "Unknown"}
    elif call:
        requests = [{"chargingProfileCriteria": _criteria(call, place)}]
    else:
        purposes = sorted(PROFILE_PURPOSE.to_201.values())
        requests = [{"chargingProfileCriteria": {"chargingProfilePurpose": purpose}} for purpose in purposes]
    statuses = []
    for request in requests:
        answer = yield from ask_station("ClearChargingProfile", request, otherwise={"status": "Unknown"})
        statuses.append(answer["status"])
    yield from cleared(session, call)
    return {"status": "Accepted" if "Accepted" in statuses else "Unknown"}


@loses(answer={"phaseToUse": "left out"})
def get_composite_schedule(call: Payload, session: Session) -> Conversation:
    """GetCompositeSchedule -> GetCompositeSchedule, limits rounded to 0.1, Rejected where the station names no period.
    1.6 section 5.7, 2.0.1 K08."""
    number = call["connectorId"]
    place = connectors.place_of(session, number)
    if number != 0 and place is None:
        return (yield from _refused("connectorId"))
    request = {
        "duration": call["duration"],
        **({"chargingRateUnit": call["chargingRateUnit"]} if "chargingRateUnit" in call else {}),
        "evseId": place[0] if place is not None else 0,
    }
    answer = yield from ask_station("GetCompositeSchedule", request, otherwise={"status": "Rejected"})
    given = answer.get("schedule", {})
    if answer["status"] != "Accepted":
        return {"status": answer["status"]}
    try:
        schedule = profiles.composite_16(given, call["duration"], session.time)
    except UnfitError as unfit:
        return (yield from _refused(unfit.what))
    if schedule is None:
        return (yield from _refused("schedule"))
    if any("phaseToUse" in period for period in given["chargingSchedulePeriod"]):
        yield from lost("phaseToUse")
    return {
        "status": "Accepted",
        "connectorId": number,
        "scheduleStart": schedule["startSchedule"],
        "chargingSchedule": schedule,
    }


def profile_for_start(profile: Payload, session: Session) -> Payload | None:
    """The 2.0.1 profile of a remote start; None for one that a remote start may not have. 1.6 section 5.16.2, 2.0.1
    F01.FR.08: it is a TxProfile, and of no transaction yet."""
    if profile["chargingProfilePurpose"] != "TxProfile":
        return None
    try:
        return profiles.to_201(profile, session.time)
    except UnfitError:
        return None


def _refused(field: str) -> Generator[Step, Any, Payload]:
    """1.6 has no place for the reason, so an operator is told."""
    yield Note("refused_here", {"field": field})
    return {"status": "Rejected"}


def _transaction(session: Session, transaction_id: int | None, number: int) -> str | None:
    """The open transaction that a TxProfile is for. 1.6 section 5.16: without a transactionId it is the connector's."""
    here = records.open_on(session, number) if transaction_id is None else records.numbered(session, transaction_id)
    if here is None or here[1].get("connector") != number:
        return None
    return here[0].removeprefix("tx/")


def _criteria(call: Payload, place: connectors.Place | None) -> Payload:
    criteria: Payload = {}
    if "connectorId" in call:
        criteria["evseId"] = place[0] if place is not None else 0
    if "chargingProfilePurpose" in call:
        criteria["chargingProfilePurpose"] = PROFILE_PURPOSE.to_201[call["chargingProfilePurpose"]]
    if "stackLevel" in call:
        criteria["stackLevel"] = call["stackLevel"]
    return criteria
