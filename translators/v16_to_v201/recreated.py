"""The record of a transaction whose memory was lost: made again from the number the gateway once gave it.

The number tells when the transaction began and, with the station's identity, its 2.0.1 id (`translators.ids`). What else
was known of it stays unknown: nothing is made up, and its Started event is not sent again.
"""

from collections.abc import Generator
from typing import Any

from translators.effects import Note, Step
from translators.frames import Payload
from translators.ids import transaction_start, transaction_uuid
from translators.session import Session
from translators.times import epoch, iso
from translators.v16_to_v201.records import Record, open_records
from translators.words import charging_state_201

EVENTS_A_SECOND = 10
"""More than any transaction has. The events sent before the loss were fewer than this for each second since its start,
so a seqNo counted in them is above every one that was used, and so is the next one after another loss."""


def recreated(
    session: Session, number: int, timestamps: list[str], connector: int | None
) -> Generator[Step, Any, Record | None]:
    """The record of a number that can be one of ours, not remembered yet; None for another's (1.6 errata 3.18).

    It depends on the message alone wherever the station's clock has not been set between start and message: the message
    sent again, after another loss of memory too, becomes the same event. `timestamps`: the message's own.
    """
    newest = max((at for text in timestamps if (at := epoch(text)) is not None), default=session.unix_time)
    for moment in (newest, session.unix_time):
        began = transaction_start(number, moment)
        if began is not None:
            break
    else:
        return None
    yield Note("record_recreated", {"transactionId": number})
    record: Record = {
        "int": number,
        "uuid": transaction_uuid(session.options.identity, number),
        "mark": "",
        "started": iso(began),
        "seqNo": EVENTS_A_SECOND * (1 + max(0, int(moment - began))),
        "at": session.unix_time,
        "waiting": [],
        # The station has the number, so its start was answered.
        "startAnswer": {"transactionId": number},
    }
    if connector is None:
        return record
    record["connector"] = connector
    status: Payload = session.memory.get(f"station/status/{connector}", {})
    state = charging_state_201(str(status.get("status")), status.get("info"))
    if state is not None:
        record["chargingState"] = state
    here = [one for _, one in open_records(session) if one["connector"] == connector]
    if any((epoch(one["started"]) or 0.0) > began for one in here):
        record["superseded"] = session.unix_time  # its successor is known already
    return record
