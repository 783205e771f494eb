"""The device model of a 1.6 station: its configuration keys, and what its boot and its status messages tell.

Memory: `station/keys`, the values of the keys that the gateway itself goes by (`LEARNED`), as last read or changed.
`station/keys/at_once`: how many keys a station takes at once that failed for more.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any

from translators.asking import smaller
from translators.effects import Note, PeerError, Remember, Step
from translators.frames import Payload
from translators.keys import (
    COMPONENTS,
    CONSTANTS,
    KEYS,
    LEGACY,
    LIMITS,
    Place,
    Variable,
    key_behind,
    key_named,
    variable,
)
from translators.session import Session
from translators.v16_to_v201.answers import ask_station
from translators.v16_to_v201.connectors import known, place_of
from translators.words import CONNECTOR_STATUS

LEARNED = (
    "ChargeProfileMaxStackLevel",
    "ConnectionTimeOut",
    "CustomDisplayCostAndPrice",
    "GetConfigurationMaxKeys",
    "LocalAuthListMaxLength",
    "MaxChargingProfilesInstalled",
    "NumberOfConnectors",
    "ReserveConnectorZeroSupported",
    "SendLocalListMaxLength",
    "SupportedFeatureProfiles",
)
_MEMORY = "station/keys"
_FAILED_ABOVE = "station/keys/at_once"
_AT_ONCE = 10
"""Keys asked for at once while GetConfigurationMaxKeys is not known."""
_MOST_CONNECTORS = 256

_PROFILES = variable("SmartChargingCtrlr.Entries[ChargingProfiles]")

Entries = dict[str, Payload]
"""KeyValue of 1.6 by its key without case."""

_STATES = ("Occupied", "Reserved", "Available", "Unavailable", "Faulted")
"""Of an EVSE's connectors the first of these speaks for the EVSE."""


@dataclass(frozen=True, slots=True)
class Told:
    """A variable whose value is known without asking; None: it exists."""

    value: str | None
    data_type: str = "string"
    values: str | None = None


def learned(session: Session, key: str) -> str | None:
    """A key's value as last heard."""
    value = session.memory.get(_MEMORY, {}).get(key)
    return None if value is None else str(value)


def learned_number(session: Session, key: str) -> int | None:
    value = (learned(session, key) or "").strip()
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None


def learn(session: Session, heard: Iterable[tuple[str, str | None]]) -> Generator[Step, Any, None]:
    """Keep the values of the keys the gateway goes by."""
    now = dict(session.memory.get(_MEMORY, {}))
    names = {name.casefold(): name for name in LEARNED}
    for key, value in heard:
        name = names.get(key.strip().casefold())
        if name is not None and value is not None:
            now[name] = value[:500]
    if now != session.memory.get(_MEMORY, {}):
        yield Remember(_MEMORY, now)


def read_all(session: Session) -> Generator[Step, Any, Entries]:
    """Every key of the station, in its order. One that cannot tell them all at once is asked for those that have a
    name in 2.0.1."""
    try:
        answer = yield from ask_station("GetConfiguration", {}, otherwise={})
    except PeerError as error:
        yield Note("asked_for_less", {"items": len(KEYS), "code": error.code})
        return (yield from read(session, [key.name for key in KEYS.values() if key.access != "W"]))
    return (yield from _entries(session, answer))


def read(session: Session, names: Iterable[str]) -> Generator[Step, Any, Entries]:
    """These keys, as many at once as the station takes: as it says, and less where it fails. A station may leave a key
    out without a word of it."""
    found: Entries = {}
    waiting = list(dict.fromkeys(names))
    able: int = session.memory.get(_FAILED_ABOVE, len(waiting))
    before = able
    while waiting:
        said = learned_number(session, "GetConfigurationMaxKeys")
        most = min(max(1, said if said is not None else _AT_ONCE), able)
        part = waiting[:most]
        if said is None and 1 < len(part) < len(waiting) and "GetConfigurationMaxKeys" not in waiting:
            part = ["GetConfigurationMaxKeys", *part[:-1]]
        try:
            answer = yield from ask_station("GetConfiguration", {"key": part}, otherwise={})
        except PeerError as error:
            able = yield from smaller(len(part), error)
            continue
        if able < before:
            yield Remember(_FAILED_ABOVE, able)
            before = able
        found |= yield from _entries(session, answer)
        waiting = [name for name in waiting if name not in part]
    return found


def _entries(session: Session, answer: Payload) -> Generator[Step, Any, Entries]:
    given = answer.get("configurationKey", [])
    yield from learn(session, ((entry["key"], entry.get("value")) for entry in given))
    return {entry["key"].strip().casefold(): entry for entry in given}


def places(session: Session) -> dict[int, Place]:
    """Where the station's connectors are: those that were configured, reported or counted by the station."""
    counted = min(learned_number(session, "NumberOfConnectors") or 0, _MOST_CONNECTORS)
    numbers = {*known(session), *range(1, counted + 1)}
    return {number: place for number in sorted(numbers) if (place := place_of(session, number)) is not None}


def legacy_key(one: Variable) -> str | None:
    """The key that this variable of the legacy component is: one that no variable stands for."""
    if one.component_id != variable(f"{LEGACY}.").component_id or one.instance is not None or not one.name:
        return None
    key = key_named(one.name)
    return one.name if key is None or key.characteristic or not key.variables else None


def exists(one: Variable, told: dict[Variable, Told], here: dict[int, Place]) -> bool:
    """Whether a 1.6 station can have such a variable."""
    return legacy_key(one) is not None or one in LIMITS or one in CONSTANTS or one in told or has_key(one, here)


def has_key(one: Variable, here: dict[int, Place]) -> bool:
    """Whether a key is behind the variable, and its connector is there."""
    return key_behind(one) is not None and (one.evse is None or (one.evse, one.connector) in here.values())


def component_exists(one: Variable, told: dict[Variable, Told]) -> bool:
    plain = one.evse is None and one.component_instance is None
    name = one.component.casefold()
    named = name in COMPONENTS | {LEGACY.casefold()} and name != "connector"
    return (plain and named) or one.component_id in {other.component_id for other in (*told, *CONSTANTS)}


def told_by_station(session: Session, here: dict[int, Place]) -> dict[Variable, Told]:
    """What is known without asking."""
    boot: Payload = session.memory.get("station/boot", {}).get("call", {})
    serial = boot.get("chargePointSerialNumber") or boot.get("chargeBoxSerialNumber")
    texts = {
        "ChargingStation.Model": boot.get("chargePointModel"),
        "ChargingStation.VendorName": boot.get("chargePointVendor"),
        "ChargingStation.SerialNumber": serial,
        "ChargingStation.FirmwareVersion": boot.get("firmwareVersion"),
        "Controller.SerialNumber": boot.get("chargeBoxSerialNumber"),
        "FiscalMetering.Model": boot.get("meterType"),
        "FiscalMetering.SerialNumber": boot.get("meterSerialNumber"),
    }
    states: dict[Variable, str | None] = (
        {variable("ChargingStation.AvailabilityState"): state} if (state := _state(session, [0])) else {}
    )
    for evse in sorted({place[0] for place in here.values()}):
        numbers = [number for number, place in here.items() if place[0] == evse]
        states[Variable("EVSE", "AvailabilityState", evse=evse)] = _state(session, numbers)
    for number, (evse, connector) in here.items():
        states[Variable("Connector", "AvailabilityState", evse=evse, connector=connector)] = _state(session, [number])
    profiles = sum(1 for _ in session.remembered("station/profile/"))
    smart = profiles > 0 or learned(session, "MaxChargingProfilesInstalled") is not None
    listed = "Available,Occupied,Reserved,Unavailable,Faulted"
    return {
        **{one: Told(state, "OptionList", listed) for one, state in states.items()},
        **({_PROFILES: Told(str(profiles), "integer")} if smart else {}),
        **{variable(name): Told(text.strip()) for name, text in texts.items() if text and text.strip()},
    }


def _state(session: Session, numbers: list[int]) -> str | None:
    told = [session.memory.get(f"station/status/{number}", {}).get("status") for number in numbers]
    states = [CONNECTOR_STATUS.to_201[status] for status in told if status in CONNECTOR_STATUS.to_201]
    return min(states, key=_STATES.index, default=None)
