"""The few variables of the simulated 2.0.1 station. Items and results are the `ocpp` package's, keys in snake case."""

from typing import Any

from gateway.demo.meter import ENERGY

_VARIABLES = {
    # (component, variable) -> value, mutability. This station's transactions begin with the cable, and it cannot be
    # told otherwise; there are such stations, and a gateway has to get along with them.
    ("AuthCtrlr", "AuthorizeRemoteStart"): ("true", "ReadOnly"),
    ("OCPPCommCtrlr", "HeartbeatInterval"): ("300", "ReadWrite"),
    ("SampledDataCtrlr", "TxEndedMeasurands"): (ENERGY, "ReadWrite"),
    ("SampledDataCtrlr", "TxStartedMeasurands"): (ENERGY, "ReadWrite"),
    ("SampledDataCtrlr", "TxUpdatedInterval"): ("600", "ReadWrite"),
    ("TxCtrlr", "TxStartPoint"): ("EVConnected", "ReadOnly"),
    ("TxCtrlr", "TxStopPoint"): ("EVConnected,Authorized", "ReadWrite"),
}


class DeviceModel:
    """Answers SetVariables, GetVariables and GetBaseReport."""

    def __init__(self) -> None:
        self._values = {name: value for name, (value, _) in _VARIABLES.items()}

    def set(self, item: dict[str, Any]) -> dict[str, Any]:
        """One setVariableData -> its setVariableResult."""
        name = _name(item)
        if name not in _VARIABLES:
            status = "UnknownVariable"
        elif _VARIABLES[name][1] == "ReadOnly":
            status = "Rejected"
        else:
            status, self._values[name] = "Accepted", item["attribute_value"]
        return {"attribute_status": status, "component": item["component"], "variable": item["variable"]}

    def get(self, item: dict[str, Any]) -> dict[str, Any]:
        """One getVariableData -> its getVariableResult."""
        value = self._values.get(_name(item))
        return {
            "attribute_status": "UnknownVariable" if value is None else "Accepted",
            "attribute_value": value,
            "component": item["component"],
            "variable": item["variable"],
        }

    def report(self) -> list[dict[str, Any]]:
        """All of it, as reportData."""
        return [
            {
                "component": {"name": component},
                "variable": {"name": variable},
                "variable_attribute": [{"value": value, "mutability": _VARIABLES[component, variable][1]}],
            }
            for (component, variable), value in self._values.items()
        ]


def _name(item: dict[str, Any]) -> tuple[str, str]:
    return item["component"]["name"], item["variable"]["name"]
