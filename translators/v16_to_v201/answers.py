"""How a refusal is written, whoever refuses: the station, its version or this gateway."""

from collections.abc import Generator
from typing import Any

from translators.asking import ask_if_known
from translators.effects import Step
from translators.frames import Payload


def lean(payload: Payload) -> Payload:
    """The payload without the members that are None, at any depth of objects."""
    return {
        name: lean(value) if isinstance(value, dict) else value for name, value in payload.items() if value is not None
    }


def reason(code: str, more: str | None = None) -> Payload:
    """2.0.1 StatusInfoType; reasonCode is one of the appendix's."""
    return lean({"reasonCode": code[:20], "additionalInfo": more[:512] if more else None})


def refusal(status: str, code: str, more: str | None = None) -> Payload:
    """An answer that is a status and why."""
    return {"status": status, "statusInfo": reason(code, more)}


def ask_station(action: str, payload: Payload, *, otherwise: Payload) -> Generator[Step, Any, Payload]:
    """The station's answer; `otherwise` from one that does not know the action or cannot do it."""
    answer = yield from ask_if_known(action, payload)
    return otherwise if answer is None else answer
