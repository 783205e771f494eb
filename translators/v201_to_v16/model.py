"""What the gateway knows of a 2.0.1 station's device model: as much as the table of keys needs, and no more.

GetVariables tells values, not what may be written nor the limits of a value: those stand in reports. So a station whose
model is not known is asked for a report once it has booted. Memory:

    station/model         {"firmware", "complete", "variables": {"<Component>.<Variable>": {"mutability", "maxLimit",
                          "valuesList"}}, "connectors": ["<evse>.<connector>"], "items", "bytes", "settable"}
    station/model/asked   the requestId of the gateway's own report, while its parts come
"""

from collections.abc import Generator
from itertools import accumulate
from typing import Any

import msgspec

from translators.effects import Ask, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.frames import Payload
from translators.keys import LIMITS, Variable, key_behind, variable
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16.connectors import is_place
from translators.v201_to_v16.remote import allocated

_MODEL, _ASKED = "station/model", "station/model/asked"
_LIMITS = {
    variable("DeviceDataCtrlr.ItemsPerMessage[GetVariables]"): "items",
    variable("DeviceDataCtrlr.BytesPerMessage[GetVariables]"): "bytes",
    variable("DeviceDataCtrlr.ItemsPerMessage[SetVariables]"): "settable",
}
_ENVELOPE = 100
"""Bytes of a GetVariables beside its items."""
_MOST_CONNECTORS = 128
_USUAL_ITEMS = 20
"""Variables asked for at once while ItemsPerMessage is not known."""


def learn(session: Session, firmware: str) -> Generator[Step, Any, None]:
    """Ask the station that has just booted for its model, unless it is known. The parts come as NotifyReport."""
    known = session.memory.get(_MODEL, {})
    if known.get("complete") and known.get("firmware") == firmware:
        return
    request_id = yield from allocated(session, "requestId")
    yield Remember(_MODEL, {"firmware": firmware, "complete": False, "variables": {}})
    yield Remember(_ASKED, request_id)
    try:
        answer = yield Ask("GetBaseReport", {"requestId": request_id, "reportBase": "FullInventory"}, back=True)
        if answer["status"] == "Accepted":
            return
        why = answer["status"]
    except PeerError as error:
        why = error.code
    except PeerSilent as silence:
        # Whether it has heard the question is not known: the parts may still come.
        yield Note("model_not_learned", {"why": str(silence)})
        return
    yield Forget(_ASKED)
    yield Note("model_not_learned", {"why": why})
    if why in ("NotSupported", "NotImplemented", "EmptyResultSet"):
        yield Remember(_MODEL, {"firmware": firmware, "complete": True, "variables": {}})


def notify_report(call: Payload, session: Session) -> Conversation:
    """NotifyReport -> answered: the gateway's own report is read, and a 1.6 CSMS asks for none."""
    if session.memory.get(_ASKED) != call["requestId"]:
        return {}
    known = session.memory[_MODEL]
    variables = dict(known["variables"])
    connectors = list(known.get("connectors", []))
    learned: Payload = {}
    for row in call.get("reportData", []):
        one = Variable.read(row)
        if one.component.casefold() == "connector" and one.evse and one.connector and is_place(one.evse, one.connector):
            connectors.append(f"{one.evse}.{one.connector}")
        if one in _LIMITS:
            value = _actual(row).get("value", "").strip()
            if value.isascii() and value.isdecimal() and int(value[:9]) > 0:
                learned[_LIMITS[one]] = int(value[:9])
        name = _name(one)
        if name is not None:
            variables[name] = {**variables.get(name, {}), **_traits(row)}
    # A part may be missing, and the first as well: the last one ends it.
    done = not call.get("tbc", False)
    kept = list(dict.fromkeys(connectors))[:_MOST_CONNECTORS]
    news = {**known, **learned, "variables": variables, "connectors": kept, "complete": done}
    if news != known:
        yield Remember(_MODEL, news)
    if done:
        yield Forget(_ASKED)
    return {}


def items(session: Session) -> int:
    """How many variables the station takes in one GetVariables."""
    return int(session.memory.get(_MODEL, {}).get("items", _USUAL_ITEMS))


def settable(session: Session) -> int:
    """How many variables the station takes in one SetVariables."""
    return int(session.memory.get(_MODEL, {}).get("settable", _USUAL_ITEMS))


def fitting(session: Session, wanted: list[Payload]) -> list[Payload]:
    """As many of the first of these as the station takes the bytes of, and at least one."""
    most = session.memory.get(_MODEL, {}).get("bytes")
    if most is None:
        return wanted
    sizes = accumulate((len(msgspec.json.encode(one)) + 1 for one in wanted), initial=_ENVELOPE)
    return wanted[: max(1, sum(1 for size in sizes if size <= int(most)) - 1)]


def learn_items(session: Session, most: int) -> Generator[Step, Any, None]:
    """The station failed for more."""
    yield Remember(
        _MODEL, {"firmware": "", "complete": False, "variables": {}, **session.memory.get(_MODEL, {}), "items": most}
    )


def connectors(session: Session) -> int:
    """How many connectors the report told of."""
    return len(session.memory.get(_MODEL, {}).get("connectors", []))


def is_read_only(session: Session, one: Variable) -> bool | None:
    """Whether the variable cannot be set; None: not known."""
    mutability = _known(session, one).get("mutability")
    return None if mutability is None else bool(mutability == "ReadOnly")


def limit(session: Session, one: Variable, characteristic: str) -> str | None:
    """A characteristic of the variable, as text."""
    value = _known(session, one).get(characteristic)
    return None if value is None else str(value)


def _known(session: Session, one: Variable) -> Payload:
    found: Payload = session.memory.get(_MODEL, {}).get("variables", {}).get(_name(one) or "", {})
    return found


def _name(one: Variable) -> str | None:
    """The name a variable is kept under; None for one that no key needs. What there is one of for every connector or
    language is kept once."""
    key = key_behind(one)
    if key is not None:
        # As the table spells it.
        if key.in_parts and key.access != "R":
            return f"{one.component}.{one.name}".casefold()
        return next(str(own) for own in key.variables if own == one)
    return next((str(own) for own in LIMITS if own == one), None)


def _actual(row: Payload) -> Payload:
    found = (attribute for attribute in row["variableAttribute"] if attribute.get("type", "Actual") == "Actual")
    return next(found, {})


def _traits(row: Payload) -> Payload:
    traits: Payload = {}
    actual = _actual(row)
    if "mutability" in actual:
        traits["mutability"] = actual["mutability"]
    characteristics = row.get("variableCharacteristics", {})
    most = characteristics.get("maxLimit")
    if most is not None:
        traits["maxLimit"] = int(most) if float(most).is_integer() else most
    if "valuesList" in characteristics:
        traits["valuesList"] = characteristics["valuesList"][:500]
    return traits
