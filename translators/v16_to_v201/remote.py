"""What a CSMS does with a station from afar: start, stop, unlock, trigger, reserve."""

from translators.effects import Forget, PeerError, Remember
from translators.frames import Payload
from translators.losses import loses, lost
from translators.profiles import UnfitError
from translators.session import Session
from translators.tables import Conversation
from translators.times import epoch, normalise, parse
from translators.tokens import id_tag_for
from translators.v16_to_v201.answers import ask_station, lean, reason, refusal
from translators.v16_to_v201.authorization import remember_token
from translators.v16_to_v201.boot import accepted, refuses
from translators.v16_to_v201.charging import profile_for_start
from translators.v16_to_v201.connectors import best_of, connector_at, connectors_of, known
from translators.v16_to_v201.device import learned
from translators.v16_to_v201.installed import installed
from translators.v16_to_v201.plug_and_charge import trigger_sign_certificate
from translators.v16_to_v201.records import Record, numbered, open_on, open_records
from translators.words import EXTENDED_TRIGGER, TRIGGER, unlock_201

_REMOTE_START_LIFE = 300.0
"""ConnectionTimeOut, which is not known here, and a margin: a start that comes later is nobody's request."""
_OF_A_CONNECTOR = ("StatusNotification", "MeterValues")


@loses(call={"additionalInfo": "left out", "groupIdToken": "left out"})
def request_start_transaction(call: Payload, session: Session) -> Conversation:
    """RequestStartTransaction -> RemoteStartTransaction, remembered for the StartTransaction that follows. 2.0.1 F01,
    F02, 1.6 section 5.11."""
    if refuses(session):
        return refusal("Rejected", "CSNotAccepted")
    tag = id_tag_for(call["idToken"], alias=session.options.aliases_long_tokens)
    if not tag:
        return refusal("Rejected", "InvalidIdToken", "1.6 has room for 20 characters")
    number = next(iter(known(session)), None) if len(known(session)) == 1 else None
    if "evseId" in call:
        number = best_of(session, call["evseId"])
        if number is None:
            return refusal("Rejected", "UnknownEvse")
    try:
        profile = profile_for_start(call["chargingProfile"]) if "chargingProfile" in call else None
    except UnfitError as unfit:
        return refusal("Rejected", unfit.code, unfit.what)
    if "groupIdToken" in call:
        yield from lost("groupIdToken")
    key = f"remote/{call['remoteStartId']}"
    remote = {
        "remoteStartId": call["remoteStartId"],
        "idTag": tag,
        "idToken": {name: call["idToken"][name] for name in ("idToken", "type")},
        "connector": number,
        "expires": session.unix_time + _REMOTE_START_LIFE,
    }
    yield from remember_token(session, call["idToken"], tag)
    # Before it is asked: stations start before they answer.
    yield Remember(key, lean(remote))
    request = {"idTag": tag, "connectorId": number, "chargingProfile": profile}
    try:
        answer = yield from ask_station(
            "RemoteStartTransaction", lean(request), otherwise=refusal("Rejected", "UnsupportedRequest")
        )
    except PeerError:
        yield Forget(key)
        raise
    if answer["status"] != "Accepted":
        yield Forget(key)
    elif profile is not None:
        yield from installed(session, number, profile, call["chargingProfile"], remote_start_id=call["remoteStartId"])
    return answer


def request_stop_transaction(call: Payload, session: Session) -> Conversation:
    """RequestStopTransaction -> RemoteStopTransaction, after the start has been answered: the station does not know the
    number before. 2.0.1 F03, 1.6 section 5.12."""
    if refuses(session):
        return refusal("Rejected", "CSNotAccepted")
    record, why = yield from numbered(session, call["transactionId"])
    if record is None:
        return refusal("Rejected", "TxNotFound", why)
    request = {"transactionId": record.get("alias", record["int"])}
    answer = yield from ask_station(
        "RemoteStopTransaction", request, otherwise=refusal("Rejected", "UnsupportedRequest")
    )
    return answer


def unlock_connector(call: Payload, session: Session) -> Conversation:
    """UnlockConnector -> UnlockConnector, unless a transaction is going on: a 1.6 station would end it. 2.0.1 F05.FR.02,
    1.6 section 5.18."""
    number = connector_at(session, call["evseId"], call["connectorId"])
    if number is None:
        return {"status": "UnknownConnector"}
    found = open_on(session, number)
    if found is not None and "deauthorized" not in found[1] and not _was_left(session, number, found[1]):
        return {"status": "OngoingAuthorizedTransaction"}
    answer = yield from ask_station("UnlockConnector", {"connectorId": number}, otherwise={})
    if not answer:
        return refusal("UnlockFailed", "UnsupportedRequest")
    exists = number in known(session) or not known(session)
    fixed = answer["status"] == "NotSupported" and exists  # no lock, or no such connector; and there is one
    status = unlock_201(answer["status"], connector_exists=exists)
    return lean({"status": status, "statusInfo": reason("FixedCable") if fixed else None})


def _was_left(session: Session, number: int, record: Record) -> bool:
    """Whether the connector was Available after its transaction began: the end of it is lost, or still to come."""
    told = session.memory.get(f"station/status/{number}", {})
    at, started = parse(told.get("at")), parse(record["started"])
    return told.get("status") == "Available" and (at is None or started is None or at > started)


def trigger_message(call: Payload, session: Session) -> Conversation:
    """TriggerMessage -> TriggerMessage for each connector meant, ExtendedTriggerMessage where only that has the word.
    2.0.1 F06, 1.6 section 5.17."""
    wanted = call["requestedMessage"]
    if wanted == "BootNotification" and accepted(session):
        return refusal("Rejected", "NotEnabled", "the station's boot is accepted")  # F06.FR.17, 1.6 errata 3.35
    if wanted == "SignV2GCertificate":
        return (yield from trigger_sign_certificate(session))
    extended = wanted == "SignChargingStationCertificate" or (
        wanted == "LogStatusNotification" and "station/capability/security" in session.memory
    )
    message = (EXTENDED_TRIGGER if extended else TRIGGER).to_16.get(wanted)
    if message is None:
        return refusal("NotImplemented", "UnsupportedRequest")
    numbers = _meant(call, session)
    if not numbers:
        return refusal("Rejected", "TxNotFound" if wanted == "TransactionEvent" else "UnknownConnectorId")
    if wanted == "StatusNotification":
        for key, _ in session.remembered("told/"):
            if numbers == [None] or int(key.removeprefix("told/")) in numbers:
                yield Forget(key)  # it is to go up even if it is the same
    if not accepted(session):
        yield Remember(f"trigger/{message}", {"at": session.unix_time})
    action = "ExtendedTriggerMessage" if extended else "TriggerMessage"
    statuses = []
    for number in numbers:
        request = lean({"requestedMessage": message, "connectorId": number})
        answer = yield from ask_station(action, request, otherwise={"status": "NotImplemented"})
        statuses.append(answer["status"])
    return {"status": next((status for status in statuses if status != "Accepted"), "Accepted")}


def _meant(call: Payload, session: Session) -> list[int | None]:
    """The connectors to trigger; None is the station as a whole, or all of them."""
    wanted, evse = call["requestedMessage"], call.get("evse")
    if evse is not None and evse["id"] == 0:
        numbers: list[int | None] = [0]
    elif evse is not None and "connectorId" in evse:
        number = connector_at(session, evse["id"], evse["connectorId"])
        numbers = [] if number is None else [number]
    else:
        numbers = [None] if evse is None else list(connectors_of(session, evse["id"]))
    if wanted == "TransactionEvent":
        charging = [one["connector"] for _, one in open_records(session)]
        return [number for number in charging if numbers == [None] or number in numbers]
    return numbers if wanted in _OF_A_CONNECTOR else [None]


@loses(
    call={
        "additionalInfo": "left out",
        "connectorType": "left out: the station may reserve another plug of this EVSE",
    }
)
def reserve_now(call: Payload, session: Session) -> Conversation:
    """ReserveNow -> ReserveNow, connector 0 for any EVSE where ReserveConnectorZeroSupported. 2.0.1 H01, 1.6 section
    5.13."""
    evse = call.get("evseId")
    if "connectorType" in call and evse is None:
        return refusal("Rejected", "UnsupportedParam", "connectorType")
    if evse is None and (learned(session, "ReserveConnectorZeroSupported") or "").strip().lower() == "false":
        return refusal("Rejected", "UnsupportedParam", "ReserveConnectorZeroSupported is false")
    number = 0 if evse is None else best_of(session, evse)
    if number is None:
        return refusal("Rejected", "UnknownEvse")
    alias, group = session.options.aliases_long_tokens, call.get("groupIdToken")
    tag = id_tag_for(call["idToken"], alias=alias)
    parent = id_tag_for(group, alias=alias) if group else None
    if not tag or (group and not parent):
        return refusal("Rejected", "InvalidIdToken", "1.6 has room for 20 characters")
    expiry = normalise(call["expiryDateTime"])
    if expiry is None:
        return refusal("Rejected", "InvalidValue", "expiryDateTime")
    request = {
        "connectorId": number,
        "expiryDate": expiry,
        "idTag": tag,
        "parentIdTag": parent,
        "reservationId": call["id"],
    }
    if "connectorType" in call:
        yield from lost("connectorType")  # the station may reserve another plug of this EVSE
    yield from remember_token(session, call["idToken"], tag)
    answer = yield from ask_station("ReserveNow", lean(request), otherwise=refusal("Rejected", "UnsupportedRequest"))
    if answer["status"] == "Accepted":
        yield Remember(f"reservation/{call['id']}", {"connector": number, "expires": epoch(expiry)})
    return answer


def cancel_reservation(call: Payload, session: Session) -> Conversation:
    """CancelReservation -> CancelReservation. 2.0.1 H02, 1.6 section 5.1."""
    request = {"reservationId": call["reservationId"]}
    answer = yield from ask_station("CancelReservation", request, otherwise=refusal("Rejected", "UnsupportedRequest"))
    if answer["status"] == "Accepted":
        yield Forget(f"reservation/{call['reservationId']}")
    return answer
