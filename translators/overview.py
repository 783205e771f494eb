"""What a session knows of its station, for people: read from the session's memory, never from the wire."""

from collections.abc import Mapping
from typing import Any

from translators.quirked import MAKER, maker_of
from translators.story import STATUS, Open, Story
from translators.times import parse as parse_time
from translators.v16_to_v201 import records as records16

_BOOTS = (("station/boot", "call"), ("passthrough/boot", ""), ("v21/station/boot", ""))


def maker(memory: Mapping[str, Any]) -> dict[str, str | None]:
    """`vendor`, `model` and `firmware` as the station said when it booted; None for what is not known."""
    said: Mapping[str, Any] = memory.get(MAKER) or {}
    for key, inside in _BOOTS:
        if not said and isinstance(boot := memory.get(key), dict):
            said = maker_of(boot.get(inside, {}) if inside else boot)
    return {name: said.get(name) or None for name in ("vendor", "model", "firmware")}


def connectors(memory: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every connector with the status its station reported last: `evse` (None in 1.6), `connector`, `status`,
    `errorCode` (1.6), `at` (the station's time, RFC 3339, or None). Number 0 is the station as a whole."""
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for key, one in memory.items():
        if key.startswith("station/status/"):
            number = int(key.rpartition("/")[2])
            _tell(found, _connector(None, number, one["status"], one.get("at"), one["errorCode"]))
        elif key.startswith("station/reported/"):
            evse, _, place = key.rpartition("/")[2].partition(".")
            _tell(found, _connector(int(evse), int(place), one["status"], one["timestamp"]))
    # What it said itself, whatever stood between it and its CSMS then. Only an event can be news after it.
    for key, one in memory.items():
        if key.startswith(STATUS):
            status = one.get("status", one.get("connectorStatus"))
            at, code = one.get("timestamp"), one.get("errorCode")
            _tell(found, _connector(one.get("evseId"), one.get("connectorId"), status, at, code))
    return sorted(found.values(), key=lambda one: (str(one["evse"]), str(one["connector"])))


def transactions(subprotocol: str, version: str, memory: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The transactions that go on, each under the `station`'s id and the `csms`'s (None while it has none), with
    `connector` and `started`; both None where the beginning was not heard. `evse` too where both sides speak 2.x."""
    records = [(key.removeprefix("tx/"), one) for key, one in memory.items() if key.startswith("tx/")]
    if subprotocol == "ocpp1.6" and version != "ocpp1.6":
        return [
            {"station": one["int"], "csms": one["uuid"], "connector": one["connector"], "started": one["started"]}
            for _, one in records
            if records16.is_open(one)
        ]
    if subprotocol != "ocpp1.6" and version == "ocpp1.6":
        return [
            {
                "station": name,
                "csms": one.get("transactionId"),
                "connector": one.get("connector"),
                "started": one.get("at"),
            }
            for name, one in records
            if "ended" not in one
        ]
    return [_heard(one, memory) for one in Story(subprotocol, dict(memory)).open()]


def _heard(one: Open, memory: Mapping[str, Any]) -> dict[str, Any]:
    """A transaction that has one id on both sides, unless another CSMS gave it the station's."""
    began = one.calls[0][1] if one.calls else {}
    place = began.get("evse", began)
    return {
        "station": one.id,
        "csms": memory.get(f"number/transactionId/{one.id}", {}).get("csms", one.id),
        **({"evse": place.get("id")} if "evse" in began else {}),
        "connector": place.get("connectorId"),
        "started": began.get("timestamp"),
    }


def _tell(found: dict[tuple[Any, Any], dict[str, Any]], news: dict[str, Any]) -> None:
    """A later word on a connector, unless that is older by the station's clock."""
    place = news["evse"], news["connector"]
    known = found.get(place)
    if known is not None and known["at"] is not None:
        if news["at"] is None and news["status"] == known["status"]:
            return
        before, now = parse_time(known["at"]), parse_time(news["at"] or "")
        if before is not None and now is not None and now < before:
            return
    found[place] = news


def _connector(evse: Any, number: Any, status: Any, at: Any, code: Any = None) -> dict[str, Any]:
    error = {"errorCode": code} if code is not None else {}
    return {"evse": evse, "connector": number, "status": status, **error, "at": at}
