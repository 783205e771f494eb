"""Variables of a 2.0.1 CSMS as configuration keys of a 1.6 station (2.0.1 B05 and B06, 1.6 sections 5.3 and 5.8).

What could take the station away from this gateway is refused unless `guard` of the backend's configuration says
`forward` or `adopt` for it, and an operator is told. Names that `guard` knows here: the variables BasicAuthPassword,
SecurityProfile, Identity, NetworkConfigurationPriority, ActiveNetworkProfile; AuthorizationKey and vendors' keys with
the address of a CSMS (`keys.guards`); the action SetVariables for all of these. SetNetworkProfile has no translation:
it is refused whatever `guard` says.
"""

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from translators import keys
from translators.effects import Ask, Note, PeerError, PeerSilent, Step
from translators.frames import Payload
from translators.keys import CONSTANTS, Key, Place, UnfitValueError, Variable
from translators.losses import Fields, loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v16_to_v201 import device
from translators.v16_to_v201.answers import lean, reason, refusal
from translators.words import CONFIGURATION_STATUS

LONGEST_16 = 500
"""CiString500Type of ChangeConfiguration.value."""
LONGEST_201 = 2500
"""attributeValue in GetVariables and NotifyReport."""
LOST_OF_VALUES: Fields = {"attributeValue": f"cut to {LONGEST_201} characters, lists to whole members"}

_MANAGED = "managed by the gateway"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """An item's attributeStatus, and its value or why there is none."""

    status: str
    value: str | None = None
    why: Payload | None = None


@dataclass(slots=True)
class _Writing:
    """One SetVariables at work."""

    here: dict[int, Place]
    told: dict[Variable, device.Told]
    wanted: dict[Variable, str]
    twice: frozenset[tuple[Variable, str]]
    done: dict[tuple[str, str], _Outcome] = field(default_factory=dict)
    """What became of a key and value: two variables may stand for one key."""
    silent: bool = False


@loses(answer={**keys.STRANGERS, **LOST_OF_VALUES})
def get_variables(call: Payload, session: Session) -> Conversation:
    """GetVariables -> GetConfiguration for the keys behind the variables, as many at once as the station takes; the rest
    is answered from what is known of it. 2.0.1 B06, 1.6 section 5.8."""
    items = call["getVariableData"]
    asked = [(Variable.read(item), item.get("attributeType", "Actual")) for item in items]
    here = device.places(session)
    needed = [name for one, attribute in asked if attribute == "Actual" for name in _keys_needed(one, here)]
    found = yield from device.read(session, needed)
    here = device.places(session)  # the keys may have told of more connectors
    told = device.told_by_station(session, here)
    results = []
    for item, (one, attribute) in zip(items, asked, strict=True):
        outcome = _unfit(one, attribute, told, here)
        if outcome is None:
            outcome = yield from _read(session, one, found, told, here)
        results.append(_result(item, attribute, outcome))
    return {"getVariableResult": results}


def set_variables(call: Payload, session: Session) -> Conversation:
    """SetVariables -> ChangeConfiguration for each item in order; one that fails does not stop the others. 2.0.1 B05,
    1.6 section 5.3."""
    items = call["setVariableData"]
    asked = [(Variable.read(item), item.get("attributeType", "Actual")) for item in items]
    twice = frozenset(one for one, times in Counter(asked).items() if times > 1)
    wanted = {one: item["attributeValue"] for item, (one, _) in zip(items, asked, strict=True)}
    here = device.places(session)
    work = _Writing(here, device.told_by_station(session, here), wanted, twice)
    results = []
    for item, (one, attribute) in zip(items, asked, strict=True):
        try:
            outcome = yield from _write(session, work, one, attribute, item["attributeValue"])
        except UnfitValueError as unfit:
            outcome = _Outcome("Rejected", why=reason(unfit.code, unfit.why))
        except PeerError as error:
            outcome = _Outcome("Rejected", why=reason("InternalError", f"station CALLERROR {error.code[:50]}"))
        except PeerSilent as silence:
            if not work.done:
                raise  # nothing was changed, and a whole answer would say more than is known
            work.silent = True
            outcome = _Outcome("Rejected", why=reason("InternalError", f"station {silence}"))
        results.append(_result(item, attribute, outcome))
    return {"setVariableResult": results}


def set_network_profile(call: Payload, session: Session) -> Conversation:
    """SetNetworkProfile -> Rejected: it would move the station elsewhere."""
    yield Note("guarded", {"call": "SetNetworkProfile"})
    return refusal("Rejected", "UnsupportedParam")


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


def _unfit(one: Variable, attribute: str, told: dict[Variable, device.Told], here: dict[int, Place]) -> _Outcome | None:
    """What can be said of the name alone."""
    if not device.exists(one, told, here):
        return _Outcome("UnknownVariable" if device.component_exists(one, told) else "UnknownComponent")
    return None if attribute == "Actual" else _Outcome("NotSupportedAttributeType")


def _keys_needed(one: Variable, here: dict[int, Place]) -> list[str]:
    legacy = device.legacy_key(one)
    if legacy is not None:
        return [legacy]
    key = keys.key_behind(one) if device.has_key(one, here) else None
    constant = CONSTANTS.get(one)
    needed = [key.name] if key is not None and key.access != "W" else []
    return [*needed, *([constant.needs] if constant is not None and constant.needs else [])]


def _read(
    session: Session, one: Variable, found: device.Entries, told: dict[Variable, device.Told], here: dict[int, Place]
) -> Generator[Step, Any, _Outcome]:
    key = keys.key_behind(one)
    if key is not None and key.access == "W":
        return _Outcome("Rejected", why=reason("WriteOnly"))
    entry = found.get((device.legacy_key(one) or (key.name if key else "")).strip().casefold())
    value: str | None = None
    if entry is not None:
        value = entry.get("value")
        if key is not None:
            values, strangers = keys.seen(key, value or "", here)
            if strangers:
                yield from lost(key.kind.what)
            value = values.get(one) if value is not None or key.kind.data_type == "MemberList" else None
        if value is not None:
            return _Outcome("Accepted", (yield from fitting(value)))
    if one in CONSTANTS:
        return _Outcome("Accepted", CONSTANTS[one].value(session.options.identity, session.time, frozenset(found)))
    if one in told:
        value = told[one].value
        return _Outcome("Accepted", value) if value is not None else _NOT_TOLD
    return _NOT_TOLD if entry is not None or one in keys.LIMITS else _Outcome("UnknownVariable")


_NOT_TOLD = _Outcome("Rejected", why=reason("Unspecified", "the station does not tell the value"))


def fitting(value: str) -> Generator[Step, Any, str]:
    """The value as long as 2.0.1 takes it."""
    if len(value) > LONGEST_201:
        yield from lost("attributeValue")
    return keys.cut(value, LONGEST_201)


def _write(
    session: Session, work: _Writing, one: Variable, attribute: str, value: str
) -> Generator[Step, Any, _Outcome]:
    unfit = _unfit(one, attribute, work.told, work.here)
    if unfit is not None:
        return unfit
    if (one, attribute) in work.twice:
        return _Outcome("Rejected", why=reason("InvalidValue", "set twice in one request"))
    legacy = device.legacy_key(one)
    guard = keys.guarded_variable(one) or (keys.guarded_key(legacy) if legacy else None)
    key = keys.key_named(legacy) if legacy else keys.key_behind(one)
    names = [one.name, *([guard] if guard else []), *([key.name] if key else [])]
    if guard is not None and not keys.let_through(session.options.guard, "SetVariables", *names):
        yield Note("guarded", {"call": guard})
        return _Outcome("Rejected", why=reason("UnsupportedParam", _MANAGED))
    if (key is None and legacy is None) or (key is not None and key.access == "R"):
        return _Outcome("Rejected", why=reason("ReadOnly"))
    if work.silent:
        return _Outcome("Rejected", why=reason("InternalError", "the station does not answer"))
    if key is None or legacy is not None:
        return (yield from _change(session, work, legacy or one.name, value))
    return (yield from _write_key(session, work, key, one, value))


def _write_key(session: Session, work: _Writing, key: Key, one: Variable, value: str) -> Generator[Step, Any, _Outcome]:
    if key.in_parts:
        # The key holds more than this variable: what it has now stays.
        own = next(other for other in keys.variables_of(key, work.here) if other == one)
        keys.changed(key, "", own, value, work.here)
        found = yield from device.read(session, [key.name])
        entry = found.get(key.name.casefold())
        if entry is None:
            return _Outcome("UnknownVariable")
        text = keys.changed(key, entry.get("value", ""), own, value, work.here)
        return (yield from _change(session, work, key.name, text))
    text = keys.changed(key, "", one, value, work.here)
    if one == key.variables[0] or _also_wanted(work, key, text):
        return (yield from _change(session, work, key.name, text))
    found = yield from device.read(session, [key.name])
    entry = found.get(key.name.casefold())
    if entry is None:
        return _Outcome("UnknownVariable")
    if keys.seen(key, entry.get("value", ""), work.here)[0].get(one) == text:
        return _Outcome("Accepted")
    return _Outcome("Rejected", why=reason("InvalidValue", f"1.6 has one value for this and {key.variables[0]}"))


def _also_wanted(work: _Writing, key: Key, text: str) -> bool:
    """Whether the key's first variable is set to the same in this request."""
    first = work.wanted.get(key.variables[0])
    try:
        return first is not None and keys.changed(key, "", key.variables[0], first, work.here) == text
    except UnfitValueError:
        return False


def _change(session: Session, work: _Writing, key: str, text: str) -> Generator[Step, Any, _Outcome]:
    if len(text) > LONGEST_16:
        return _Outcome("Rejected", why=reason("TooLargeElement", f"1.6 takes {LONGEST_16} characters"))
    if (key.casefold(), text) in work.done:
        return work.done[key.casefold(), text]
    try:
        answer: Payload = yield Ask("ChangeConfiguration", {"key": key, "value": text})
    except PeerError as error:
        if not error.unsupported:
            raise
        outcome = _Outcome("Rejected", why=reason("UnsupportedRequest"))
    else:
        outcome = _Outcome(CONFIGURATION_STATUS.to_201[answer["status"]])
        if outcome.status in ("Accepted", "RebootRequired"):
            yield from device.learn(session, [(key, text)])
    work.done[key.casefold(), text] = outcome
    return outcome


def _result(item: Payload, attribute: str, outcome: _Outcome) -> Payload:
    return lean(
        {
            "attributeStatus": outcome.status,
            "attributeType": attribute,
            "attributeValue": outcome.value,
            "attributeStatusInfo": outcome.why,
            "component": item["component"],
            "variable": item["variable"],
        }
    )
