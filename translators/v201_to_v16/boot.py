"""Boot and heartbeat."""

from collections.abc import Generator
from typing import Any

from translators.effects import Answer, Ask, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16 import connectors, records, status
from translators.v201_to_v16.transactions import interrupted

_PROVISIONED = (
    # 2.0.1 E 1.1.2: with these the station's transactions begin and end where those of 1.6 do.
    ("TxCtrlr", "TxStartPoint", "PowerPathClosed"),
    ("TxCtrlr", "TxStopPoint", "EVConnected,Authorized"),
    # What StartTransaction.meterStart is made of.
    ("SampledDataCtrlr", "TxStartedMeasurands", "Energy.Active.Import.Register"),
)


def boot_notification(call: Payload, session: Session) -> Conversation:
    """BootNotification -> BootNotification; once accepted, SetVariables to the station and StatusNotification of
    connector 0 to the CSMS. The reason is lost. 2.0.1 B01, 1.6 section 4.2."""
    station = call["chargingStation"]
    modem = station.get("modem", {})
    yield Remember("boot", {"call": call, "status": "Pending"})
    answer = yield Ask(
        "BootNotification",
        {
            "chargePointVendor": station["vendorName"][:20],
            "chargePointModel": station["model"][:20],
            **({"chargePointSerialNumber": station["serialNumber"][:25]} if "serialNumber" in station else {}),
            **({"firmwareVersion": station["firmwareVersion"][:50]} if "firmwareVersion" in station else {}),
            **{name: modem[name][:20] for name in ("iccid", "imsi") if name in modem},
        },
    )
    yield Remember("boot", {"call": call, "status": answer["status"]})
    for key, _ in session.remembered("sent/"):
        yield Forget(key)
    yield Answer({"status": answer["status"], "currentTime": answer["currentTime"], "interval": answer["interval"]})
    if answer["status"] != "Accepted":
        return None
    yield from records.swept(session)
    still_open = len(records.open_records(session))
    if still_open and call["reason"] != "Triggered":
        # Their Ended events may still be in the station's queue.
        yield Note("open_at_boot", {"transactions": still_open})
    if session.options.provision:
        yield from _provision()
    yield from status.show_if_possible(session, 0, session.time)
    return None


def heartbeat(call: Payload, session: Session) -> Conversation:
    """Heartbeat -> Heartbeat. 2.0.1 G02."""
    answer = yield Ask("Heartbeat", {})
    return {"currentTime": answer["currentTime"]}


def opened(session: Session) -> Conversation:
    """What a lost connection interrupted."""
    yield from records.swept(session)
    yield from connectors.configured(session)
    # Whether the CSMS still knows what it was told is not known.
    for key, _ in session.remembered("sent/"):
        yield Forget(key)
    waiting = connectors.unnumbered(session)
    if waiting:
        yield from connectors.number_after_wait(session)
        for place in sorted(waiting):
            at = connectors.reported(session, place)["timestamp"]
            yield from status.show_if_possible(session, connectors.numbers(session)[place], at, back=True)
    yield from interrupted(session)
    return None


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
