"""How a 1.6 transaction ends: the StopTransaction of an Ended event."""

from collections.abc import Generator
from typing import Any

from translators.effects import Step
from translators.frames import Payload
from translators.losses import lost
from translators.session import Session
from translators.v201_to_v16.authorization import tag_for
from translators.v201_to_v16.metering import values_16
from translators.v201_to_v16.records import Record
from translators.words import stop_reason_16

RESET_PENDING = 900.0
"""Seconds after a Reset of the CSMS in which a station's ImmediateReset is taken for it."""


def stop_payload(session: Session, record: Record, call: Payload, at: str) -> Generator[Step, Any, Payload]:
    """The StopTransaction that this Ended event becomes."""
    reading = meter_stop(record)
    if reading is None:
        reading = record["meterStart"]
        yield from lost("meterStop")
    tag = tag_for(session, call["idToken"]) if "idToken" in call else record.get("stopTag")
    data = yield from values_16(call.get("meterValue", []), at)
    return {
        **({"idTag": tag} if tag is not None else {}),
        "meterStop": reading,
        "timestamp": at,
        "transactionId": record["transactionId"],
        "reason": _reason(session, record, call["transactionInfo"].get("stoppedReason")),
        **({"transactionData": data} if data else {}),
    }


def _reason(session: Session, record: Record, stopped_reason: str | None) -> str:
    cause = record.get("stopCause")
    if stopped_reason == "Remote" and cause == "DeAuthorized":
        return "DeAuthorized"
    reset = session.memory.get("reset", {})
    asked = reset.get("type") if session.unix_time - float(reset.get("seen", 0.0)) < RESET_PENDING else None
    return stop_reason_16(stopped_reason, reset=asked, unlocking=cause == "UnlockCommand")


def energy_moved(record: Record) -> bool:
    """Whether the registers say that somebody known charged."""
    begin, end = record.get("begin", record.get("first")), meter_stop(record)
    return "idToken" in record and begin is not None and end is not None and begin != end


def meter_stop(record: Record) -> int | None:
    """Wh at the end, as far as is known."""
    reading: int | None = record.get("end", record.get("newest"))
    return reading
