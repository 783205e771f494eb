"""The device model: what of it a 1.6 station has, which is little. The rest is refused item by item."""

from translators.effects import Note
from translators.frames import Payload
from translators.session import Session
from translators.tables import Conversation, Row
from translators.v16_to_v201.answers import reason


def get_variables(call: Payload, session: Session) -> Payload:
    return {
        "getVariableResult": [
            {
                "attributeStatus": "UnknownVariable",
                "attributeType": item.get("attributeType", "Actual"),
                "component": item["component"],
                "variable": item["variable"],
            }
            for item in call["getVariableData"]
        ]
    }


def set_variables(call: Payload, session: Session) -> Payload:
    return {
        "setVariableResult": [
            {
                "attributeType": item.get("attributeType", "Actual"),
                "attributeStatus": "Rejected",
                "attributeStatusInfo": reason("UnsupportedRequest"),
                "component": item["component"],
                "variable": item["variable"],
            }
            for item in call["setVariableData"]
        ]
    }


def set_variable_monitoring(call: Payload, session: Session) -> Payload:
    return {
        "setMonitoringResult": [
            {
                "status": "UnsupportedMonitorType",
                "type": item["type"],
                "severity": item["severity"],
                "component": item["component"],
                "variable": item["variable"],
            }
            for item in call["setMonitoringData"]
        ]
    }


def clear_variable_monitoring(call: Payload, session: Session) -> Payload:
    return {"clearMonitoringResult": [{"status": "NotFound", "id": number} for number in call["id"]]}


def guarded(answer: Payload, why: str) -> Row:
    """Refused, and an operator hears of it: carried out, it could take the station away from this gateway."""

    def run(call: Payload, session: Session) -> Conversation:
        yield Note("guarded_call", {})
        return dict(answer)

    return Row("unsupported", why, run)
