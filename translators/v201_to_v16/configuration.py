"""Configuration keys of a 1.6 CSMS as variables of a 2.0.1 station (1.6 sections 5.3 and 5.8, 2.0.1 B05 and B06).

What could take the station away from this gateway is refused unless `guard` of the backend's configuration says
`forward` or `adopt` for it, and an operator is told. Names that `guard` knows here: AuthorizationKey and SecurityProfile, which
have a variable and can be forwarded; NetworkConfigurationPriority and vendors' keys with the address of a CSMS
(`keys.guards`), which have none and are NotSupported then; the action ChangeConfiguration for all of these.

Memory: `station/added/<key>` for a list of measurands to which the gateway added one.
"""

from collections.abc import Generator, Iterable
from typing import Any

from translators import keys
from translators.asking import smaller
from translators.effects import Ask, Forget, Note, PeerError, Remember, Step
from translators.frames import Payload
from translators.keys import KEYS, Key, Place, UnfitValueError, Variable
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v201_to_v16 import connectors, cost, model
from translators.v201_to_v16.status import MINIMUM
from translators.words import CONFIGURATION_STATUS, REGISTER

LONGEST_16 = 500
"""CiString500Type of KeyValue.value."""
_LONGEST_201 = 1000
_MOST_KEYS = 100
"""GetConfigurationMaxKeys: the gateway splits what the station does not take at once."""
_PROFILES = 6
"""The feature profiles there are in 1.6."""
_NEEDS_REGISTER = "StopTxnSampledData"
"""Without the register among these measurands StopTransaction has no meterStop."""
_HELD_STATUS = "MinimumStatusDuration"
_IDLE_FEE = "CustomIdleFeeAfterStop"
_WORST_FIRST = ("NotSupported", "Rejected", "RebootRequired", "Accepted")

Known = dict[Variable, str]


@loses(answer={**keys.STRANGERS, "value": f"cut to {LONGEST_16} characters, lists to whole members"})
def get_configuration(call: Payload, session: Session) -> Conversation:
    """GetConfiguration -> GetVariables, in parts of as many as the station takes; limits and what is read-only come from
    its report. 1.6 section 5.8, 2.0.1 B06."""
    here = _places(session)
    asked = {name.strip().casefold(): name for name in call.get("key", [])}
    wanted = [(name, keys.key_named(name)) for name in asked.values()] or [(key.name, key) for key in KEYS.values()]
    readable = [key for _, key in wanted if key is not None and key.access != "W"]
    known = yield from _read(session, _needed(readable, here))
    found, unknown = [], []
    for name, key in wanted:
        value = None
        if key in readable:
            value = yield from _value(session, key, known, here)
        if key is not None and value is not None:
            found.append({"key": key.name, "readonly": _is_read_only(session, key, here), "value": value})
        elif asked:
            unknown.append(name)
    return {"configurationKey": found, "unknownKey": unknown}


def change_configuration(call: Payload, session: Session) -> Conversation:
    """ChangeConfiguration -> SetVariables, all variables of the key in one; if they do not all take it the worst answer
    counts and the others get their value back. 1.6 section 5.3, 2.0.1 B05."""
    guard, key = keys.guarded_key(call["key"]), keys.key_named(call["key"])
    names = [call["key"], *(one.name for one in (key.variables if key else ()))]
    if guard is not None and not keys.let_through(session.options.guard, "ChangeConfiguration", guard, *names):
        yield Note("guarded", {"call": guard})
        return {"status": "Rejected"}
    here = _places(session)
    if key is not None and key.name == _IDLE_FEE:
        return (yield from cost.idle_fee_set(call["value"]))
    if key is None or (not key.variables and key.access == "RW"):
        return {"status": "NotSupported"}
    if key.access == "R" or _is_read_only(session, key, here):
        return {"status": "Rejected"}
    try:
        values = keys.split(key, call["value"], here)
    except UnfitValueError as unfit:
        yield Note("value_refused", {"key": _counted(key), "reason": unfit.code})
        return {"status": "Rejected"}
    added = key.name == _NEEDS_REGISTER and REGISTER not in keys.members(next(iter(values.values())))
    if added:
        values = {one: ",".join([*keys.members(value), REGISTER]) for one, value in values.items()}
    if any(len(value) > _LONGEST_201 for value in values.values()):
        return {"status": "Rejected"}
    if not values:
        return {"status": "Accepted"}  # ConnectorPhaseRotation of which nothing is known sets nothing
    status = yield from _change(session, values, whole=key.in_parts)
    if key.name == _HELD_STATUS:
        status = yield from _status_held(session, status, next(iter(values.values())))
    if status in ("Accepted", "RebootRequired") and key.name == _NEEDS_REGISTER:
        yield Remember(f"station/added/{key.name}", True) if added else Forget(f"station/added/{key.name}")
    return {"status": status}


def _status_held(session: Session, status: str, value: str) -> Generator[Step, Any, str]:
    """A station without the variable does not hold its statuses back, so the gateway does."""
    if status == "NotSupported" and int(value) > 0:
        yield Remember(MINIMUM, int(value))
    else:
        yield Forget(MINIMUM)
    return "Accepted" if status == "NotSupported" else status


def _places(session: Session) -> dict[int, Place]:
    return {number: place for place, number in connectors.numbers(session).items() if number > 0}


def _needed(wanted: list[Key], here: dict[int, Place]) -> list[Variable]:
    """The variables whose values make these keys. Of variables with one value the first speaks for all."""
    needed: dict[Variable, None] = {}
    for key in wanted:
        if key.characteristic is None and key.name != "GetConfigurationMaxKeys":
            needed |= dict.fromkeys(keys.variables_of(key, here) if key.in_parts else key.variables[:1])
    return list(needed)


def _read(session: Session, wanted: list[Variable]) -> Generator[Step, Any, Known]:
    """The values of those that the station has and tells. One that fails for many is asked for less at once."""
    known: Known = {}
    waiting, size = list(wanted), model.items(session)
    before = size
    while waiting:
        part = model.fitting(session, [one.written() for one in waiting[:size]])
        try:
            answer = yield Ask("GetVariables", {"getVariableData": part})
        except PeerError as error:
            if not error.unsupported:
                size = yield from smaller(len(part), error)
                continue
            yield Note("station_declined", {"reason": error.code})
            return known
        if size < before:
            yield from model.learn_items(session, size)
            before = size
        waiting = waiting[len(part) :]
        for result in answer["getVariableResult"]:
            if result["attributeStatus"] == "Accepted" and result.get("attributeType", "Actual") == "Actual":
                known[Variable.read(result)] = result.get("attributeValue", "")
    return known


def _value(session: Session, key: Key, known: Known, here: dict[int, Place]) -> Generator[Step, Any, str | None]:
    """The key's value; None for one the station does not have."""
    if key.characteristic is not None:
        return model.limit(session, key.variables[0], key.characteristic)
    if not key.variables or key.name == "GetConfigurationMaxKeys":
        return _counted_value(session, key.name, here)
    if key.name == _HELD_STATUS and MINIMUM in session.memory:
        return str(session.memory[MINIMUM])
    value, strangers = keys.joined(key, known, here)
    if strangers:
        yield from lost(key.kind.what)
    if value is None:
        return None
    if f"station/added/{key.name}" in session.memory:
        value = ",".join(word for word in keys.members(value) if word != REGISTER)
    if len(value) > LONGEST_16:
        yield from lost("value")
    return keys.cut(value, LONGEST_16)


def _counted_value(session: Session, name: str, here: dict[int, Place]) -> str | None:
    """What no variable tells."""
    connected = len(here) or model.connectors(session)
    match name:
        case "GetConfigurationMaxKeys":
            return str(_MOST_KEYS)
        case "CustomIdleFeeAfterStop":
            return str(cost.IDLE_FEE in session.memory).lower()
        case "SupportedFeatureProfilesMaxLength":
            return str(_PROFILES)
        case "NumberOfConnectors" if connected:
            return str(connected)
        case "ConnectorPhaseRotationMaxLength" if connected:
            return str(connected + 1)
    return None


def _is_read_only(session: Session, key: Key, here: dict[int, Place]) -> bool:
    if key.access == "R" or (keys.guarded_key(key.name) is not None and not _forwarded(session, key)):
        return True
    said = [model.is_read_only(session, one) for one in keys.variables_of(key, here)]
    return bool(said and said[0] is True)


def _forwarded(session: Session, key: Key) -> bool:
    names = [key.name, *(one.name for one in key.variables)]
    return keys.let_through(session.options.guard, "ChangeConfiguration", *names)


def _change(session: Session, values: Known, *, whole: bool) -> Generator[Step, Any, str]:
    """Set these variables: the 1.6 status of it. `whole`: with one of them missing the value would be another."""
    before: Known = {}
    if len(values) > 1:
        # So that they can be put back. One that the station does not have cannot differ from the others.
        before = yield from _read(session, list(values))
        if whole and 0 < len(before) < len(values):
            return "Rejected"
        values = {one: value for one, value in values.items() if one in before}
    if not values:
        return "NotSupported"
    told = yield from _set(session, values.items())
    status = min(told.values(), key=_WORST_FIRST.index)
    taken = [one for one in values if told.get(one) in ("Accepted", "RebootRequired")]
    if status in ("NotSupported", "Rejected") and taken:
        yield Note("written_back", {"variables": len(taken)})
        yield from _set(session, [(one, before[one][:_LONGEST_201]) for one in taken])
    return status


def _set(session: Session, values: Iterable[tuple[Variable, str]]) -> Generator[Step, Any, dict[Variable, str]]:
    """What the station made of each: 1.6 statuses. In parts of as many as it takes at once; what comes after a part that
    was refused is not asked, and Rejected."""
    left, size = list(values), model.settable(session)
    told = dict.fromkeys((one for one, _ in left), "Rejected")
    while left:
        try:
            part = yield from _set_part(session, left[:size])
        except PeerError:
            if len(left) == len(told):
                raise
            break  # what came before is set, and is to be set back
        told |= part
        if not {"Accepted", "RebootRequired"} >= set(part.values()):
            break
        left = left[size:]
    return told


def _set_part(session: Session, values: list[tuple[Variable, str]]) -> Generator[Step, Any, dict[Variable, str]]:
    items = [{**one.written(), "attributeType": "Actual", "attributeValue": value} for one, value in values]
    try:
        answer = yield Ask("SetVariables", {"setVariableData": items})
    except PeerError as error:
        if not error.unsupported:
            raise
        yield Note("station_declined", {"reason": error.code})
        return {one: "NotSupported" for one, _ in values}
    told = dict.fromkeys((one for one, _ in values), "Rejected")
    for result in answer["setVariableResult"]:
        one = Variable.read(result)
        if one in told:
            told[one] = CONFIGURATION_STATUS.to_16[result["attributeStatus"]]
        if "attributeStatusInfo" in result:
            yield Note("station_declined", {"reason": result["attributeStatusInfo"]["reasonCode"]})
    return told


def _counted(key: Key) -> str:
    """The key's name, as one of few for all languages."""
    return key.name.partition(",")[0]
