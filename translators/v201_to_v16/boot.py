"""Boot and heartbeat; the boot replayed for a CSMS that has not seen it."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from translators.effects import Answer, Ask, Expect, Forget, Note, PeerError, PeerSilent, Remember, Step, Unanswerable
from translators.frames import Payload
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation, Row
from translators.times import normalise
from translators.v201_to_v16 import connectors, lost_ends, model, records, status
from translators.v201_to_v16.starts import interrupted

_FIRST_WORD = 5.0
"""Seconds in which a station that connects may boot by itself."""
_LEAST_INTERVAL, _USUAL_INTERVAL = 10.0, 60.0
_REPLAY_WAIT = 60.0

_FIELDS = (
    ("vendorName", "chargePointVendor", 20),
    ("model", "chargePointModel", 20),
    ("serialNumber", "chargePointSerialNumber", 25),
    ("firmwareVersion", "firmwareVersion", 50),
    ("iccid", "iccid", 20),
    ("imsi", "imsi", 20),
)
"""2.0.1 name, 1.6 name, the longest that 1.6 takes."""

_PROVISIONED = (
    # 2.0.1 E 1.1.2: with these the station's transactions begin and end where those of 1.6 do.
    ("TxCtrlr", "TxStartPoint", "PowerPathClosed"),
    ("TxCtrlr", "TxStopPoint", "EVConnected,Authorized"),
    # What StartTransaction.meterStart is made of.
    ("SampledDataCtrlr", "TxStartedMeasurands", "Energy.Active.Import.Register"),
)


@loses(call={"reason": "left out", **{name: f"cut to {limit} characters" for name, _, limit in _FIELDS}})
def boot_notification(call: Payload, session: Session) -> Conversation:
    """BootNotification -> BootNotification; once accepted, SetVariables to the station, StatusNotification of
    connector 0 to the CSMS, and GetBaseReport to a station whose device model is not known. The reason is lost. 2.0.1
    B01, 1.6 section 4.2."""
    answer = yield Ask("BootNotification", (yield from _boot_16(call)))
    yield from lost("reason")
    accepted = answer["status"] == "Accepted"
    if accepted:
        yield Remember("station/boot", {"call": call, "at": session.unix_time})
    yield Remember("registration", {"status": answer["status"], "interval": answer["interval"]})
    yield from _status_is_news(session)
    time = normalise(answer["currentTime"]) or session.time
    yield Answer({"status": answer["status"], "currentTime": time, "interval": answer["interval"]})
    if not accepted:
        return None
    yield from records.swept(session)
    yield from lost_ends.watch(session, call["reason"])
    if session.options.provision:
        yield from _provision()
    yield from status.show_if_possible(session, 0, session.time)
    yield from model.learn(session, call["chargingStation"].get("firmwareVersion", ""))
    return None


def heartbeat(call: Payload, session: Session) -> Conversation:
    """Heartbeat -> Heartbeat. 2.0.1 G02."""
    answer = yield Ask("Heartbeat", {})
    return {"currentTime": normalise(answer["currentTime"]) or session.time}


def admitted(row: Row) -> Row:
    """The row for a station's call, once the CSMS knows the station: it may refuse anything before the boot (1.6-J
    errata 3.8), and a station boots once, not for every backend."""

    def run(call: Payload, session: Session) -> Conversation:
        try:
            yield from _introduced(session)
        except (PeerError, PeerSilent) as failure:
            raise Unanswerable(f"the backend has not taken the station's boot: {failure}") from failure
        if "eventType" not in call:
            yield from lost_ends.settle(session)
        return (yield from row.run(call, session))

    return replace(row, run=run)


def opened(session: Session) -> Conversation:
    """What a lost connection interrupted, and the boot for a CSMS that has not seen it."""
    yield from records.swept(session)
    yield from connectors.configured(session)
    # Whether the CSMS still knows what it was told is not known.
    yield from _status_is_news(session)
    if _unknown(session):
        yield from _introduced_in_time(session)
    waiting = connectors.unnumbered(session)
    if waiting:
        yield from connectors.number_after_wait(session)
        for place in sorted(waiting):
            at = connectors.reported(session, place)["timestamp"]
            yield from status.show_if_possible(session, connectors.numbers(session)[place], at, back=True)
    yield from interrupted(session)
    return None


def resumed(session: Session) -> Conversation:
    """A CSMS that lost its connection is told the boot and every status again."""
    yield Forget("registration")
    yield from _status_is_news(session)
    yield from _introduced(session, back=True)
    return None


def _introduced_in_time(session: Session) -> Generator[Step, Any, None]:
    if (yield Expect(lambda: not _unknown(session), _FIRST_WORD)):
        return
    while _unknown(session):
        try:
            yield from _introduced(session, back=True)
        except (PeerError, PeerSilent) as failure:
            yield Note("replay_failed", {"why": str(failure)})
        if _unknown(session):
            interval = float(session.memory.get("registration", {}).get("interval", 0)) or _USUAL_INTERVAL
            yield Expect(lambda: not _unknown(session), max(interval, _LEAST_INTERVAL))


def _unknown(session: Session) -> bool:
    """Whether the station has booted elsewhere, and this CSMS has not accepted that boot."""
    told = session.memory.get("registration")
    replayed = told is not None and told.get("replayed") and told["status"] != "Accepted"
    return "station/boot" in session.memory and (told is None or bool(replayed))


def _introduced(session: Session, *, back: bool = False) -> Generator[Step, Any, None]:
    """Replay the boot where that is due. `back`: the CSMS is on this conversation's own side."""
    memory = session.memory
    if not _unknown(session) or (not back and "registration" in memory):
        return
    if memory.get("replaying") == session.connected_at:
        yield Expect(lambda: memory.get("replaying") != session.connected_at, _REPLAY_WAIT)
        return
    yield Remember("replaying", session.connected_at)
    try:
        answer = yield Ask("BootNotification", (yield from _boot_16(memory["station/boot"]["call"])), back)
        yield Remember("registration", {"status": answer["status"], "interval": answer["interval"], "replayed": True})
        if answer["status"] == "Accepted":
            for number in (0, *sorted(connectors.numbers(session).values())):
                yield from status.show_if_possible(session, number, session.time, back)
        else:
            # The station charges on, whatever the new backend thinks of it.
            yield Note("replay_not_accepted", {"status": answer["status"]})
    except (PeerError, PeerSilent):
        yield Forget("replaying")
        raise
    yield Forget("replaying")


def _boot_16(call: Payload) -> Generator[Step, Any, Payload]:
    """Descriptive texts are cut to what 1.6 takes."""
    station = call["chargingStation"]
    told = {**station, **station.get("modem", {})}
    boot: dict[str, str] = {}
    for name, becomes, limit in _FIELDS:
        if name in told:
            boot[becomes] = told[name][:limit]
            if len(told[name]) > limit:
                yield from lost(name, of="BootNotification")
    return boot


def _status_is_news(session: Session) -> Generator[Step, Any, None]:
    for key, _ in session.remembered("sent/"):
        yield Forget(key)


def _provision() -> Generator[Step, Any, None]:
    try:
        answer = yield Ask(
            "SetVariables",
            {
                "setVariableData": [
                    {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}
                    for component, variable, value in _PROVISIONED
                ]
            },
            back=True,
        )
    except (PeerError, PeerSilent) as failure:
        yield Note("not_provisioned", {"variable": "all", "status": str(failure)})
        return
    for result in answer["setVariableResult"]:
        if result["attributeStatus"] != "Accepted":
            facts = {"variable": result["variable"]["name"], "status": result["attributeStatus"]}
            yield Note("not_provisioned", facts)
