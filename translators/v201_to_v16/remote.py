"""What a CSMS does with a station from afar: start, stop, unlock, reserve."""

from collections.abc import Generator
from typing import Any

from translators import times
from translators.effects import Expect, Forget, PeerError, Remember, Step
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation
from translators.tokens import clean, id_token_for
from translators.v201_to_v16 import connectors, records
from translators.v201_to_v16.answers import ask_station
from translators.v201_to_v16.authorization import card_for, token_for
from translators.v201_to_v16.charging import profile_for_start
from translators.v201_to_v16.installed import started_with
from translators.words import UNLOCK

_STOPPED_IN_TIME = 20.0
"""Seconds a transaction may take to end before its connector is unlocked: less than a CSMS waits for its answer."""

_LARGEST = 2**31 - 1


def remote_start_transaction(call: Payload, session: Session) -> Conversation:
    """RemoteStartTransaction -> RequestStartTransaction, with a remoteStartId of the gateway and the EVSE of the
    connector. 1.6 section 5.11, 2.0.1 F01, F02."""
    number = call.get("connectorId", 0)
    place = connectors.place_of(session, number)
    profile = profile_for_start(call["chargingProfile"], session) if "chargingProfile" in call else {}
    if (number != 0 and place is None) or profile is None:
        return {"status": "Rejected"}
    token = token_for(session, call["idTag"])
    remote_start_id = yield from allocated(session, "remoteStartId")
    key = f"remote/{remote_start_id}"
    expected = {"idToken": token, "seen": session.unix_time}
    yield Remember(key, expected | ({"connector": number} if place is not None else {}))
    try:
        answer = yield from ask_station(
            "RequestStartTransaction",
            {
                **({"evseId": place[0]} if place is not None else {}),
                "idToken": token,
                "remoteStartId": remote_start_id,
                **({"chargingProfile": profile} if profile else {}),
            },
            otherwise={"status": "Rejected"},
        )
    except PeerError:
        yield Forget(key)
        raise
    if answer["status"] == "Rejected":
        yield Forget(key)
    elif profile:
        yield from started_with(session, number or None, profile, remote_start_id)
    return {"status": answer["status"]}


def remote_stop_transaction(call: Payload, session: Session) -> Conversation:
    """RemoteStopTransaction -> RequestStopTransaction; a number that no open transaction has is Rejected here. 1.6
    section 5.12, 2.0.1 F03."""
    found = records.numbered(session, call["transactionId"])
    if found is None:
        return {"status": "Rejected"}
    answer = yield from _stop(found[0])
    return {"status": answer["status"]}


def unlock_connector(call: Payload, session: Session) -> Conversation:
    """UnlockConnector -> RequestStopTransaction, UnlockConnector: a 1.6 station ends the transaction by unlocking, a
    2.0.1 station would refuse. 1.6 section 5.18, 2.0.1 F05.FR.02."""
    place = connectors.place_of(session, call["connectorId"])
    if place is None:
        return {"status": "NotSupported"}
    found = records.open_on(session, call["connectorId"])
    if found is not None and "idTag" in found[1] and not found[1].get("refused"):
        key = found[0]
        yield records.changed(session, key, stopCause="UnlockCommand")
        answer = yield from _stop(key)
        if answer["status"] != "Accepted" or not (yield Expect(lambda: _is_over(session, key), _STOPPED_IN_TIME)):
            if key in session.memory:
                yield records.changed(session, key, stopCause=None)
            return {"status": "UnlockFailed"}
    answer = yield from ask_station(
        "UnlockConnector",
        {"evseId": place[0], "connectorId": place[1]},
        otherwise={"status": "UnknownConnector"},
    )
    return {"status": UNLOCK.to_16[answer["status"]]}


def reserve_now(call: Payload, session: Session) -> Conversation:
    """ReserveNow -> ReserveNow, connector 0 for any EVSE (a station without NonEvseSpecific refuses that itself). 1.6
    section 5.13, 2.0.1 H01."""
    number = call["connectorId"]
    place = connectors.place_of(session, number)
    if number != 0 and place is None:
        return {"status": "Rejected"}
    expiry = times.normalise(call["expiryDate"])
    token = card_for(session, call["idTag"])
    parent = clean(call.get("parentIdTag") or "")
    group = id_token_for(parent, "Central") if parent else {}
    if expiry is None or token is None or group is None:
        return {"status": "Rejected"}
    answer = yield from ask_station(
        "ReserveNow",
        {
            "id": call["reservationId"],
            "expiryDateTime": expiry,
            "idToken": token,
            **({"evseId": place[0]} if place is not None else {}),
            **({"groupIdToken": group} if group else {}),
        },
        otherwise={"status": "Rejected"},
    )
    return {"status": answer["status"]}


def cancel_reservation(call: Payload, session: Session) -> Conversation:
    """CancelReservation -> CancelReservation. 1.6 section 5.1, 2.0.1 H02."""
    answer = yield from ask_station(
        "CancelReservation", {"reservationId": call["reservationId"]}, otherwise={"status": "Rejected"}
    )
    return {"status": answer["status"]}


def allocated(session: Session, counter: str) -> Generator[Step, Any, int]:
    """The next id of its kind, durable before it is used."""
    number = int(session.memory.get(f"station/counter/{counter}", 0)) % _LARGEST + 1
    yield Remember(f"station/counter/{counter}", number)
    return number


def _stop(key: str) -> Generator[Step, Any, Payload]:
    return ask_station(
        "RequestStopTransaction", {"transactionId": key.removeprefix("tx/")}, otherwise={"status": "Rejected"}
    )


def _is_over(session: Session, key: str) -> bool:
    """Whether the transaction has ended and the CSMS knows it, or its token counts no longer though the cable is in
    (TxStopPoint EVConnected): then the station unlocks."""
    record = session.memory.get(key, {"ended": 0.0})
    return "ended" in record or bool(record.get("halted"))
