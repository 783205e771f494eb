"""How a station becomes known to a CSMS: its boot, the boot's replay to a CSMS that has not seen it, heartbeats."""

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

from translators import unstopped
from translators.effects import Ask, Expect, Forget, Note, PeerError, PeerSilent, Refused, Remember, Step, Unanswerable
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation, Row
from translators.times import normalise
from translators.v16_to_v201 import lost_stops
from translators.v16_to_v201.answers import lean
from translators.v16_to_v201.availability import report_all
from translators.v16_to_v201.maintenance import RESET_REMEMBERED, reset_when_idle
from translators.v16_to_v201.records import swept
from translators.v16_to_v201.reports import RUNNING

_TRIGGER_REMEMBERED = 120.0
_FIRST_WORD = 5.0
"""Seconds a station has to begin with its boot, before the boot is replayed for it."""
_LEAST_INTERVAL, _USUAL_INTERVAL = 10.0, 60.0

_FIELDS = (
    ("serialNumber", ("chargePointSerialNumber", "chargeBoxSerialNumber"), 25),
    ("model", ("chargePointModel",), 20),
    ("vendorName", ("chargePointVendor",), 50),
    ("firmwareVersion", ("firmwareVersion",), 50),
    ("iccid", ("iccid",), 20),
    ("imsi", ("imsi",), 20),
)
"""2.0.1 name, the 1.6 names in order of preference, the longest that 2.0.1 takes."""


@loses(
    call={name: f"cut to {limit} characters" for name, _, limit in _FIELDS},
    answer={"statusInfo": "left out"},
)
def boot_notification(call: Payload, session: Session) -> Conversation:
    """BootNotification -> BootNotification, its reason from what went before. 2.0.1 B01 to B03, 1.6 section 4.2."""
    reason = _reason(call, session)
    answer = yield Ask("BootNotification", (yield from _request(call, reason)))
    if answer["status"] == "Accepted":
        yield from _rebooted(call, session, reason)
    yield Remember("registration", {"status": answer["status"], "interval": answer["interval"]})
    if "statusInfo" in answer:
        yield from lost("statusInfo")
    return {
        "status": answer["status"],
        "currentTime": normalise(answer["currentTime"]) or session.time,
        "interval": answer["interval"],
    }


def heartbeat(call: Payload, session: Session) -> Conversation:
    """Heartbeat -> Heartbeat. 2.0.1 G02, 1.6 section 4.6."""
    answer = yield Ask("Heartbeat", {})
    return {"currentTime": normalise(answer["currentTime"]) or session.time}


def accepted(session: Session) -> bool:
    """Whether this CSMS has accepted the station. One that was never asked has not."""
    return bool(session.memory.get("registration", {}).get("status") == "Accepted")


def refuses(session: Session) -> bool:
    """Whether this CSMS has answered the boot with Pending or Rejected."""
    return bool(session.memory.get("registration", {}).get("status", "Accepted") != "Accepted")


def admitted(action: str, row: Row) -> Row:
    """The row for a station's call, once the CSMS knows the station: it may answer anything before the boot with
    SecurityError (2.0.1 B01.FR.10, 1.6-J errata 3.8), and a 1.6 station boots once, not for every backend."""

    def run(call: Payload, session: Session) -> Conversation:
        is_of_transaction = action in ("StartTransaction", "StopTransaction") or "transactionId" in call
        if _unknown(session):
            try:
                yield from _known(session, back=False)
            except (PeerError, PeerSilent) as error:
                raise Unanswerable(f"the backend has not taken the station's boot: {error}") from error
        if refuses(session):
            trigger = session.memory.get(f"trigger/{action}", {"at": 0.0})
            if session.unix_time - trigger["at"] > _TRIGGER_REMEMBERED:
                why = "the backend has not accepted this station"
                raise Unanswerable(why) if is_of_transaction else Refused("SecurityError", why)
        if not is_of_transaction and unstopped.overdue(session):
            yield from lost_stops.settle(session)
        conversation = row.run(call, session)
        del call  # it is the conversation's, to let go of when it only waits: see `Call.lighten`
        return (yield from conversation)

    return replace(row, run=run)


def opened(session: Session) -> Conversation:
    """What a new connection goes on with: a deferred reset, the boot for a CSMS that has not seen it."""
    yield from swept(session)
    yield Forget(RUNNING)
    for key, _ in session.remembered("told/"):
        yield Forget(key)  # after a reconnection the next status goes up even if it is the same
    yield from reset_when_idle(session, back=False)
    if not _unknown(session):
        return None
    yield Expect(lambda: not _unknown(session), _FIRST_WORD)
    while _unknown(session):
        try:
            yield from _known(session, back=True)
        except (PeerError, PeerSilent) as error:
            yield Note("replay_failed", {"error": str(error)})
        interval = float(session.memory.get("registration", {}).get("interval", 0)) or _USUAL_INTERVAL
        if _unknown(session):
            yield Expect(lambda: not _unknown(session), max(interval, _LEAST_INTERVAL))
    return None


def resumed(session: Session) -> Conversation:
    """A CSMS that lost its connection is told the boot and every status again."""
    yield Forget("registration")
    yield from _known(session, back=True)
    return None


def _unknown(session: Session) -> bool:
    """Whether the station has booted elsewhere, and this CSMS has not accepted that boot."""
    told = session.memory.get("registration")
    return "station/boot" in session.memory and (
        told is None or (told["status"] != "Accepted" and told.get("replayed") is True)
    )


def _known(session: Session, *, back: bool) -> Generator[Step, Any, None]:
    """Replay the boot where that is due. `back`: the CSMS is on this conversation's own side."""
    memory = session.memory
    if not _unknown(session) or (not back and "registration" in memory):
        return
    if memory.get("replaying") == session.connected_at:
        yield Expect(lambda: memory.get("replaying") != session.connected_at, 60.0)
        return
    yield Remember("replaying", session.connected_at)
    try:
        # No reboot has happened, and 2.0.1 has no better word for that.
        boot = yield from _request(memory["station/boot"]["call"], "Unknown")
        answer = yield Ask("BootNotification", boot, back=back)
        registration = {"status": answer["status"], "interval": answer["interval"], "replayed": True}
        yield Remember("registration", registration)
        if answer["status"] == "Accepted":
            yield from report_all(session, back=back)
        else:
            # The station charges on, whatever the new backend thinks of it.
            yield Note("replay_not_accepted", {"status": answer["status"]})
    except (PeerError, PeerSilent):
        yield Forget("replaying")
        raise
    yield Forget("replaying")


def _rebooted(call: Payload, session: Session, reason: str) -> Generator[Step, Any, None]:
    """What an accepted boot ends."""
    yield Remember("station/boot", {"call": call, "at": session.unix_time})
    for key in ("station/reset", "reset/deferred", "trigger/BootNotification"):
        yield Forget(key)
    for prefix in ("told/", "remote/"):
        for key, _ in session.remembered(prefix):
            yield Forget(key)
    job = session.memory.get("job/firmware")
    if job is not None and _installing(session):
        yield Remember("job/firmware", {**job, "booted": True})
    yield from swept(session)
    if reason not in ("Triggered", "Unknown"):
        yield from lost_stops.watch(session)


def _reason(call: Payload, session: Session) -> str:
    """2.0.1 BootReasonEnumType, which 1.6 does not tell: the first that what happened before speaks for."""

    def within(key: str, seconds: float) -> bool:
        entry = session.memory.get(key)
        return entry is not None and session.unix_time - float(entry["at"]) <= seconds

    before = session.memory.get("station/boot", {}).get("call", call)
    was_reset = within("station/reset", RESET_REMEMBERED)
    was_scheduled = was_reset and session.memory["station/reset"]["scheduled"]
    cases: tuple[tuple[str, Callable[[], bool]], ...] = (
        # No reboot has happened, and 2.0.1 has no better word for that.
        ("Unknown", lambda: "retold" in session.memory),
        ("Triggered", lambda: within("trigger/BootNotification", _TRIGGER_REMEMBERED)),
        ("RemoteReset", lambda: was_reset and not was_scheduled),
        ("FirmwareUpdate", lambda: _installing(session)),
        ("FirmwareUpdate", lambda: before.get("firmwareVersion") != call.get("firmwareVersion")),
        ("ScheduledReset", lambda: was_scheduled),
    )
    return next((reason for reason, holds in cases if holds()), "PowerUp")


def _installing(session: Session) -> bool:
    job = session.memory.get("job/firmware", {})
    return job.get("status") in ("Installing", "InstallRebooting", "Installed") and "booted" not in job


def _request(call: Payload, reason: str) -> Generator[Step, Any, Payload]:
    """Descriptive texts are cut to what 2.0.1 takes, empty ones are left out."""
    told: dict[str, str] = {}
    for name, sources, limit in _FIELDS:
        text = next((call[source].strip() for source in sources if call.get(source, "").strip()), "")
        if len(text) > limit:
            yield from lost(name, of="BootNotification")
        if text:
            told[name] = text[:limit]
    modem = {name: told[name] for name in ("iccid", "imsi") if name in told}
    return {
        "reason": reason,
        "chargingStation": lean(
            {
                "vendorName": told.get("vendorName", "Unknown"),
                "model": told.get("model", "Unknown"),
                "serialNumber": told.get("serialNumber"),
                "firmwareVersion": told.get("firmwareVersion"),
                "modem": modem or None,
            }
        ),
    }
