"""What a session knows of its station, for people: read from the session's memory, never from the wire."""

from collections.abc import Mapping
from typing import Any

from translators.chain import Chain
from translators.passthrough import Passthrough
from translators.quirked import MAKER, Quirked, maker_of
from translators.stage import Stage
from translators.v16_to_v201 import records as records16
from translators.warden import Warden

_BOOTS = (("station/boot", "call"), ("passthrough/boot", ""), ("v21/station/boot", ""))


def maker(memory: Mapping[str, Any]) -> dict[str, str | None]:
    """`vendor`, `model` and `firmware` as the station said when it booted; None for what is not known."""
    said: Mapping[str, Any] = memory.get(MAKER) or {}
    for key, inside in _BOOTS:
        if not said and isinstance(boot := memory.get(key), dict):
            said = maker_of(boot.get(inside, {}) if inside else boot)
    return {name: said.get(name) or None for name in ("vendor", "model", "firmware")}


def connectors(memory: Mapping[str, Any], stage: Stage) -> list[dict[str, Any]]:
    """Every connector with the status its station reported last: `evse` (None in 1.6), `connector`, `status`,
    `errorCode` (1.6), `at` (the station's time, RFC 3339, or None). Number 0 is the station as a whole."""
    found: list[dict[str, Any]] = []
    for key, one in memory.items():
        if key.startswith("station/status/"):
            found.append(_connector(None, int(key.rpartition("/")[2]), one["status"], one.get("at"), one["errorCode"]))
        elif key.startswith("station/reported/"):
            evse, _, number = key.rpartition("/")[2].partition(".")
            found.append(_connector(int(evse), int(number), one["status"], one["timestamp"]))
        elif key.startswith("v21/station/status/"):
            found.append(_connector(one["evseId"], one["connectorId"], one["connectorStatus"], one["timestamp"]))
    for one in _statuses(stage):
        status = one.get("status", one.get("connectorStatus"))
        code = one.get("errorCode")
        found.append(_connector(one.get("evseId"), one.get("connectorId"), status, one.get("timestamp"), code))
    return sorted(found, key=lambda one: (str(one["evse"]), str(one["connector"])))


def transactions(subprotocol: str, version: str, memory: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The transactions that go on, each under the `station`'s id and the `csms`'s (None while it has none), with
    `connector` and `started`. None where nothing is kept of them, because both sides speak alike."""
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
    return None


def _connector(evse: Any, number: Any, status: Any, at: Any, code: Any = None) -> dict[str, Any]:
    error = {"errorCode": code} if code is not None else {}
    return {"evse": evse, "connector": number, "status": status, **error, "at": at}


def _statuses(stage: Stage) -> list[dict[str, Any]]:
    """What a stage that changes nothing keeps for a backend that comes back."""
    if isinstance(stage, Quirked | Warden):
        return _statuses(stage.inner)
    if isinstance(stage, Chain):
        return [one for inner in stage.stages for one in _statuses(inner)]
    return stage.statuses if isinstance(stage, Passthrough) else []
