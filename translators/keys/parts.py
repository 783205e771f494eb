"""The values of keys as the values of their variables, and back.

Most keys have a variable with the same value. Some are put together of several: the phase rotation of every connector,
a feature profile for every controller, the members of a price. `places` says which connector of which EVSE a 1.6
connector is.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from translators.keys import values
from translators.keys.table import Key
from translators.keys.values import UnfitValueError
from translators.keys.variable import Place, Variable, variable

Places = Mapping[int, Place]
Values = Mapping[Variable, str]

NO_ROTATION = ("unknown", "notapplicable")
_ROTATIONS = ("RST", "RTS", "SRT", "STR", "TRS", "TSR")
_ROTATION = re.compile(r"([0-9]{1,4})\.([A-Za-z]+)")

ALWAYS = ("Core", "FirmwareManagement", "RemoteTrigger")
"""What every 2.0.1 station can do, in the words of SupportedFeatureProfiles."""
PROFILES = {
    variable("LocalAuthListCtrlr.Available"): "LocalAuthListManagement",
    variable("ReservationCtrlr.Available"): "Reservation",
    variable("ReservationCtrlr.Enabled"): "Reservation",
    variable("SmartChargingCtrlr.Available"): "SmartCharging",
    variable("SmartChargingCtrlr.Enabled"): "SmartCharging",
}

_PRICE_MEMBERS = {
    ("TariffFallbackMessage", None): ("priceText",),
    ("OfflineTariffFallbackMessage", None): ("priceTextOffline",),
    ("OfflineChargingPrice", "kWhPrice"): ("chargingPrice", "kWhPrice"),
    ("OfflineChargingPrice", "hourPrice"): ("chargingPrice", "hourPrice"),
}


def variables_of(key: Key, places: Places) -> tuple[Variable, ...]:
    """The key's variables as this station has them."""
    if key.kind.name != "phases":
        return key.variables
    return (variable("ChargingStation.PhaseRotation"), *(rotation_of(places[number]) for number in sorted(places)))


def rotation_of(place: Place) -> Variable:
    return Variable("Connector", "PhaseRotation", evse=place[0], connector=place[1])


def split(key: Key, text: str, places: Places) -> dict[Variable, str]:
    """What to write into the variables for this value of the key. Raises UnfitValueError."""
    match key.kind.name:
        case "phases":
            return _rotations(text, places, strict=True)
        case "price":
            price = _object(text)
            found = {one: told for one in key.variables if (told := _member(price, one)) is not None}
            if not found:
                raise UnfitValueError("InvalidValue", "no member that 2.0.1 knows")
            return found
    return dict.fromkeys(key.variables, values.written(key.kind, text, "2.0.1"))


def seen(key: Key, text: str, places: Places) -> tuple[dict[Variable, str], list[str]]:
    """What the variables are while the key has this value, and the words that 2.0.1 has not."""
    match key.kind.name:
        case "phases":
            return _rotations(text, places, strict=False), []
        case "profiles":
            given = {word.casefold() for word in values.members(text)}
            return {one: str(PROFILES[one].casefold() in given).lower() for one in key.variables}, []
        case "price":
            try:
                return split(key, text, places), []
            except UnfitValueError:
                return {}, []
    value, strangers = values.read(key.kind, text, "2.0.1")
    return dict.fromkeys(key.variables, value), strangers


def joined(key: Key, known: Values, places: Places) -> tuple[str | None, list[str]]:
    """The key's value while the variables have these (None: nothing is known), and the words that 1.6 has not."""
    if key.kind.name == "profiles":
        offered = {name for one, name in PROFILES.items() if known.get(one, "").lower() == "true"}
        denied = {
            name
            for one, name in PROFILES.items()
            if one.name == "Available" and known.get(one, "true").lower() == "false"
        }
        return ",".join(sorted({*ALWAYS, *offered} - denied)), []
    here = {one: known[one] for one in variables_of(key, places) if one in known}
    if not here:
        return None, []
    if key.kind.name == "phases":
        numbers = {variable("ChargingStation.PhaseRotation"): 0} | {rotation_of(places[n]): n for n in places}
        return ",".join(f"{numbers[one]}.{_rotation(value) or 'Unknown'}" for one, value in here.items()), []
    if key.kind.name == "price":
        price: dict[str, Any] = {}
        for one, value in here.items():
            with suppress(UnfitValueError):  # what is no price is none that is set
                _put(price, one, value)
        return _json(price) if price else "", []
    return values.read(key.kind, next(iter(here.values())), "1.6")


def changed(key: Key, text: str, one: Variable, value: str, places: Places) -> str:
    """The key's value, which is now `text`, once the variable has this value. Raises UnfitValueError."""
    if key.kind.name == "phases":
        rotation = _rotation(value)
        if rotation is None:
            raise UnfitValueError("InvalidValue", "not a phase rotation")
        numbers = {rotation_of(place): number for number, place in places.items()}
        number = numbers.get(one, 0)
        kept = [word for word in values.members(text) if word.partition(".")[0] != str(number)]
        return ",".join(sorted([*kept, f"{number}.{rotation}"], key=_number))
    if key.kind.name == "price":
        try:
            price = _object(text)
        except UnfitValueError:
            price = {}
        _put(price, one, value)
        return _json(price)
    return values.written(key.kind, value, "1.6")


def _rotations(text: str, places: Places, *, strict: bool) -> dict[Variable, str]:
    found = {}
    for word in values.members(text):
        match = _ROTATION.fullmatch(word)
        number = int(match[1]) if match else -1
        rotation = _rotation(match[2]) if match else None
        if match and match[2].casefold() in NO_ROTATION and (number == 0 or number in places):
            continue
        if match is None or rotation is None or (number != 0 and number not in places):
            if strict:
                raise UnfitValueError("InvalidValue", "not the phase rotation of a connector")
            continue
        found[rotation_of(places[number]) if number else variable("ChargingStation.PhaseRotation")] = rotation
    return found


def _rotation(text: str) -> str | None:
    return text.strip().upper() if text.strip().upper() in _ROTATIONS else None


def _number(word: str) -> int:
    digits = word.partition(".")[0]
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text, parse_constant=_no_number) if text.strip() else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UnfitValueError("InvalidValue", "not a JSON object")
    return found


def _path(one: Variable) -> tuple[str, ...]:
    instance = one.instance if one.name == "OfflineChargingPrice" else None
    return _PRICE_MEMBERS[one.name, instance]


def _member(price: dict[str, Any], one: Variable) -> str | None:
    value: Any = price
    for name in _path(one):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None or isinstance(value, dict | list | bool):
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent on
    return json.dumps(value)


def _put(price: dict[str, Any], one: Variable, value: str) -> None:
    *outer, last = _path(one)
    if not outer:
        price[last] = value
        return
    try:
        number = json.loads(value.strip(), parse_constant=_no_number)
    except (ValueError, RecursionError):
        number = None
    if isinstance(number, bool) or not isinstance(number, int | float) or abs(number) > 1e15:
        raise UnfitValueError("InvalidValue", "not a price")
    for name in outer:
        if not isinstance(price.get(name), dict):
            price[name] = {}
        price = price[name]
    price[last] = number


def _json(price: dict[str, Any]) -> str:
    text = json.dumps(price, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()


def _no_number(name: str) -> None:
    raise ValueError(name)
