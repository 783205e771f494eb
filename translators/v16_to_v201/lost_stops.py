"""Transactions whose station booted and never told their stop: an operator is alarmed, and where configuration says so
they are ended.

Done within a call of the station's own, which come one at a time, so that it never meets a stop at work.
"""

from collections.abc import Generator
from typing import Any

from translators import errors, unstopped
from translators.effects import Note, PeerError, PeerSilent, Step
from translators.frames import Payload
from translators.session import Session
from translators.times import iso
from translators.v16_to_v201.answers import lean
from translators.v16_to_v201.connectors import evse_of
from translators.v16_to_v201.records import STOP, Record, changed, deliver, ended, offline, open_records, waits

_IDLE = ("Available", "Preparing")
_GOES_ON = ("Charging", "SuspendedEV", "SuspendedEVSE")


def watch(session: Session) -> Generator[Step, Any, None]:
    """The station has booted: what is open now may have been cut off."""
    open_ones = open_records(session)
    for _, record in open_ones:
        yield Note("open_at_boot", {"transactionId": record["int"]})
    yield from unstopped.booted(
        session, [(key, {"status": _status(session, record).get("at")}) for key, record in open_ones]
    )


def settle(session: Session) -> Generator[Step, Any, None]:
    """See to those whose stop is overdue, as far as their connectors have said since the boot what they do."""
    for key, one in unstopped.overdue(session):
        record = session.memory.get(key)
        if record is None or "ended" in record or "superseded" in record:
            yield unstopped.dropped(session, key)
            continue
        if waits(record, "Ended"):
            if "assumed" in record:
                yield from _delivered(session, key)
            continue
        status = _status(session, record)
        if status.get("at") == one["status"]:
            continue
        if status.get("status") in _GOES_ON:
            yield unstopped.dropped(session, key)
        elif status.get("status") in _IDLE:
            yield from unstopped.told(session, key, one, _facts(session, record))
            if session.options.ends_lost_transactions:
                at = iso(one["at"])
                entry = {"mark": STOP, "event": _ended(session, record, at)}
                waiting = [*record["waiting"], entry]
                yield changed(session, key, assumed=at, seqNo=record["seqNo"] + 1, waiting=waiting)
                yield from _delivered(session, key)


def _delivered(session: Session, key: str) -> Generator[Step, Any, None]:
    try:
        yield from deliver(session, key, STOP)
    except PeerSilent:
        return  # again with the station's next call
    except PeerError as error:
        if error.code in errors.TRANSIENT and not error.lasting:
            return
        yield Note(
            "event_refused", {"eventType": "Ended", "seqNo": session.memory[key]["seqNo"] - 1, "code": error.code}
        )
        yield changed(session, key, **ended(session, key, {}))
    yield unstopped.dropped(session, key)


def _ended(session: Session, record: Record, at: str) -> Payload:
    """It ended when the station booted, at the latest. A reading of that moment nobody has, so there is none."""
    return lean(
        {
            "eventType": "Ended",
            "timestamp": at,
            "triggerReason": "AbnormalCondition",
            "seqNo": record["seqNo"],
            "offline": offline(session, at),
            "transactionInfo": {
                "transactionId": record["uuid"],
                "stoppedReason": "PowerLoss",
                "chargingState": "EVConnected" if _status(session, record).get("status") == "Preparing" else "Idle",
            },
            "evse": evse_of(session, record["connector"]),
        }
    )


def _status(session: Session, record: Record) -> Payload:
    found: Payload = session.memory.get(f"station/status/{record['connector']}", {})
    return found


def _facts(session: Session, record: Record) -> dict[str, Any]:
    return {
        "transactionId": record["int"],
        "connectorId": record["connector"],
        "started": record["started"],
        "meterStart": record.get("meterStart"),
        "register": record.get("register"),
        "ended_here": session.options.ends_lost_transactions,
    }
