"""The device model: calls about many variables, of which only some may fit."""

from collections.abc import Callable, Generator
from typing import Any

from translators.carrying import fitted, info
from translators.effects import Ask, Step
from translators.fitting import Misfit
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation


def set_variables(call: Payload, session: Session) -> Conversation:
    """SetVariables -> SetVariables; a value of more than 1000 characters is Rejected. 2.0.1 B05."""
    return (yield from _item_by_item("SetVariables", call, "setVariableData", "setVariableResult", _variable_refused))


def set_variable_monitoring(call: Payload, session: Session) -> Conversation:
    """SetVariableMonitoring -> SetVariableMonitoring; TargetDelta is UnsupportedMonitorType, an event stream is
    Rejected. 2.0.1 N04, 2.1 N11."""
    return (
        yield from _item_by_item(
            "SetVariableMonitoring", call, "setMonitoringData", "setMonitoringResult", _monitor_refused
        )
    )


def _item_by_item(
    action: str, call: Payload, data: str, results: str, refused: Callable[[Payload, Misfit], Payload]
) -> Generator[Step, Any, Payload]:
    """Ask the station for the items that fit; the answers of the others stand behind its own."""
    carried: list[Payload] = []
    here: list[Payload] = []
    for item in call[data]:
        try:
            one = yield from fitted("ocpp2.0.1", action, {data: [item]})
        except Misfit as misfit:
            here.append(refused(item, misfit))
        else:
            carried += one[data]
    if not carried:
        return {results: here}
    answer = yield Ask(action, {**call, data: carried})
    up: Payload = yield from fitted("ocpp2.1", action, answer, answer=True)
    return {**up, results: up[results] + here}


def _variable_refused(item: Payload, misfit: Misfit) -> Payload:
    return {
        "attributeType": item.get("attributeType", "Actual"),
        "attributeStatus": "Rejected",
        "attributeStatusInfo": info(misfit),
        "component": item["component"],
        "variable": item["variable"],
    }


def _monitor_refused(item: Payload, misfit: Misfit) -> Payload:
    return {
        **({"id": item["id"]} if "id" in item else {}),
        "status": "UnsupportedMonitorType" if misfit.field == "setMonitoringData.type" else "Rejected",
        "type": item["type"],
        "severity": item["severity"],
        "component": item["component"],
        "variable": item["variable"],
        "statusInfo": info(misfit),
    }
