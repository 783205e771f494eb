"""Transactions whose station booted and never told their end: an operator is alarmed, and where configuration says so
they are stopped at the CSMS.

Done within a call of the station's own, which come one at a time, so that it never meets an Ended event at work.
"""

from collections.abc import Generator
from typing import Any

from translators import errors, unstopped
from translators.effects import Ask, Note, PeerError, PeerSilent, Step
from translators.session import Session
from translators.times import iso
from translators.v201_to_v16 import connectors, records
from translators.v201_to_v16.records import Record


def watch(session: Session, reason: str) -> Generator[Step, Any, None]:
    """The station has booted for this reason: what is open now may have been cut off."""
    if reason == "Triggered" or "retold" in session.memory:
        return
    open_ones = [(key, one) for key, one in records.open_records(session)]
    if open_ones:
        # Their Ended events may still be in the station's queue.
        yield Note("open_at_boot", {"transactions": len(open_ones)})
    stop_reason = "PowerLoss" if reason == "PowerUp" else "Reboot"
    yield from unstopped.booted(session, [(key, {"reason": stop_reason}) for key, _ in open_ones])


def settle(session: Session) -> Generator[Step, Any, None]:
    """See to those whose end is overdue and whose connectors are free."""
    for key, one in unstopped.overdue(session):
        record = session.memory.get(key)
        if record is None or "ended" in record:
            yield unstopped.dropped(session, key)
            continue
        place = connectors.place_of(session, record.get("connector", -1))
        if place is None or connectors.reported(session, place).get("status") != "Available":
            continue
        yield from unstopped.told(session, key, one, _facts(session, record))
        if session.options.ends_lost_transactions and "stop" not in record:
            yield from _stopped(session, key, record, one)


def _stopped(session: Session, key: str, record: Record, one: unstopped.Watched) -> Generator[Step, Any, None]:
    if "transactionId" in record:
        stop = {
            # The last reading there is: 1.6 wants one, and none is made up.
            "meterStop": record.get("end", record.get("newest", record["meterStart"])),
            "timestamp": iso(one["at"]),
            "transactionId": record["transactionId"],
            "reason": one["reason"],
        }
        try:
            yield Ask("StopTransaction", stop)
        except PeerSilent:
            return  # again with the station's next call
        except PeerError as error:
            if error.code in errors.TRANSIENT:
                return
            yield Note("event_refused", {"eventType": "Ended", "seqNo": 0, "code": error.code})
    yield records.ended(session, key, gone=True, assumed=iso(one["at"]))
    yield unstopped.dropped(session, key)


def _facts(session: Session, record: Record) -> dict[str, Any]:
    return {
        "transactionId": record.get("transactionId"),
        "connectorId": record.get("connector"),
        "started": record["at"],
        "meterStart": record.get("meterStart"),
        "register": record.get("newest"),
        "ended_here": session.options.ends_lost_transactions,
    }
