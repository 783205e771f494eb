"""Reports of a device model that a 1.6 station does not have (2.0.1 B07 and B08).

Made of every key the station tells at once, of what its boot and its status messages told, and of constants. One report
at a time: memory `report` {"requestId", "connection"} while one is made. One that a lost connection interrupts is not
gone on with; a CSMS asks again.
"""

from collections.abc import Generator, Iterator
from typing import Any

import msgspec

from translators import keys
from translators.effects import Answer, Ask, Forget, Note, PeerError, PeerSilent, Remember, Step
from translators.frames import Payload
from translators.keys import CONSTANTS, LEGACY, LIMITS, Key, Place, Variable
from translators.losses import loses, lost
from translators.session import Session
from translators.tables import Conversation
from translators.v16_to_v201 import device
from translators.v16_to_v201.answers import lean, refusal
from translators.v16_to_v201.configuration import LOST_OF_VALUES, fitting

RUNNING = "report"
MOST_ROWS, MOST_BYTES = 50, 60_000
"""Of a page: what a CSMS takes in one message is not known, and 64 KiB is a usual limit."""
_LONGEST_NAME, _LONGEST_LIST = 50, 1000
_LOST = {
    **keys.STRANGERS,
    **LOST_OF_VALUES,
    "key": f"left out of the report: no name, or one of more than {_LONGEST_NAME} characters",
}

Rows = dict[Variable, Payload]


@loses(answer=_LOST)
def get_base_report(call: Payload, session: Session) -> Conversation:
    """GetBaseReport -> GetConfiguration of every key, and NotifyReport in pages once it is accepted. 2.0.1 B07, 1.6
    section 5.8."""
    if _is_running(session):
        return refusal("Rejected", "Unspecified", "another report is being made")
    yield _running(call, session)
    yield Answer({"status": "Accepted"})
    try:
        rows = yield from _rows(session)
        yield from _notify(session, call["requestId"], _of_base(rows, call["reportBase"]))
    except Exception:
        yield Forget(RUNNING)
        raise
    yield Forget(RUNNING)
    return None


@loses(answer=_LOST)
def get_report(call: Payload, session: Session) -> Conversation:
    """GetReport -> GetConfiguration of every key, and NotifyReport in pages of what fits the filter; EmptyResultSet when
    nothing does. 2.0.1 B08, 1.6 section 5.8."""
    if _is_running(session):
        return refusal("Rejected", "Unspecified", "another report is being made")
    yield _running(call, session)
    try:
        # Before the answer: whether anything is left decides what the answer is.
        found = _filtered((yield from _rows(session)), call)
        yield Answer({"status": "Accepted"} if found else refusal("EmptyResultSet", "NotFound"))
        if found:
            yield from _notify(session, call["requestId"], found)
    except Exception:
        yield Forget(RUNNING)
        raise
    yield Forget(RUNNING)
    return None


def _running(call: Payload, session: Session) -> Remember:
    return Remember(RUNNING, {"requestId": call["requestId"], "connection": session.connected_at})


def _is_running(session: Session) -> bool:
    return bool(session.memory.get(RUNNING, {}).get("connection") == session.connected_at)


def _notify(session: Session, request_id: int, rows: list[Payload]) -> Generator[Step, Any, None]:
    at = session.time
    pages = list(_pages(rows)) or [[]]
    for number, page in enumerate(pages):
        told = {
            "requestId": request_id,
            "generatedAt": at,
            "seqNo": number,
            "tbc": number + 1 < len(pages),
            **({"reportData": page} if page else {}),
        }
        yield Ask("NotifyReport", told, back=True)


def _pages(rows: list[Payload]) -> Iterator[list[Payload]]:
    page: list[Payload] = []
    size = 0
    for row in rows:
        length = len(msgspec.json.encode(row)) + 1
        if page and (len(page) == MOST_ROWS or size + length > MOST_BYTES):
            yield page
            page, size = [], 0
        page.append(row)
        size += length
    if page:
        yield page


def _rows(session: Session) -> Generator[Step, Any, Rows]:
    """The whole model: what the station tells, what is known of it, its own keys last."""
    try:
        entries = yield from device.read_all(session)
    except (PeerError, PeerSilent) as failure:
        # The report was promised, and what is known without asking is true.
        yield Note("configuration_not_read", {"why": str(failure)})
        entries = {}
    here = device.places(session)
    rows: Rows = {}
    own: Rows = {}
    for name, entry in entries.items():
        key = keys.key_named(name)
        if key is not None and key.variables and key.characteristic is None:
            yield from _key_rows(key, entry, here, rows)
        elif key is None or (not key.variables and key.access == "RW"):
            yield from _legacy_row(entry, own)
    for one, told in device.told_by_station(session, here).items():
        if one not in rows:
            rows[one] = _row(one, told.value, "ReadOnly", {"dataType": told.data_type, "valuesList": told.values})
    for one, constant in CONSTANTS.items():
        value = constant.value(session.options.identity, session.time, frozenset(entries))
        if one not in rows:
            rows[one] = _row(one, value, "ReadOnly", {"dataType": constant.data_type})
    _add_limits(rows, entries)
    return {**rows, **own}


def _key_rows(key: Key, entry: Payload, here: dict[int, Place], rows: Rows) -> Generator[Step, Any, None]:
    text = entry.get("value")
    values, strangers = keys.seen(key, text or "", here)
    if strangers:
        yield from lost(key.kind.what)
    writable = key.access == "RW" and not entry["readonly"] and keys.guarded_key(key.name) is None
    for one in keys.variables_of(key, here) if not key.in_parts else values:
        value = values.get(one) if text is not None and key.access != "W" else None
        if value is not None:
            value = yield from fitting(value)
        mutability = "WriteOnly" if key.access == "W" else "ReadWrite" if writable else "ReadOnly"
        characteristics = {
            "dataType": "decimal" if one.name == "OfflineChargingPrice" else key.kind.data_type,
            "unit": key.kind.unit,
            "minLimit": key.kind.least,
            "maxLimit": key.kind.most,
            "valuesList": keys.values_list(key.kind),
        }
        rows[one] = _row(one, value, mutability, characteristics)


def _legacy_row(entry: Payload, own: Rows) -> Generator[Step, Any, None]:
    name = entry["key"].strip()
    if not name or len(name) > _LONGEST_NAME:
        yield from lost("key")
        return
    value = entry.get("value")
    if value is not None:
        value = yield from fitting(value)
    one = Variable(LEGACY, name)
    writable = not entry["readonly"] and keys.guarded_key(name) is None
    own[one] = _row(one, value, "ReadWrite" if writable else "ReadOnly", {"dataType": "string"})


def _add_limits(rows: Rows, entries: device.Entries) -> None:
    """The keys that are characteristics of a variable rather than its value."""
    for one, limits in LIMITS.items():
        for key in limits:
            text = entries.get(key.name.casefold(), {}).get("value", "").strip()
            limit: int | str | None = keys.cut(text, _LONGEST_LIST)
            if key.characteristic == "maxLimit":
                limit = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
            if limit is None or limit == "":
                continue
            if one not in rows:
                rows[one] = _row(one, None, "ReadOnly", {"dataType": "integer"})
            traits = rows[one]["variableCharacteristics"]
            rows[one]["variableCharacteristics"] = _characteristics({**traits, str(key.characteristic): limit})


def _row(one: Variable, value: str | None, mutability: str, characteristics: Payload) -> Payload:
    attribute = {
        "type": "Actual",
        "value": value,
        "mutability": mutability,
        "persistent": True if mutability != "ReadOnly" else None,
    }
    return {
        **one.written(),
        "variableAttribute": [lean(attribute)],
        "variableCharacteristics": _characteristics(characteristics),
    }


def _characteristics(given: Payload) -> Payload:
    order = ("dataType", "unit", "minLimit", "maxLimit", "valuesList")
    return {**lean({name: given.get(name) for name in order}), "supportsMonitoring": False}


def _of_base(rows: Rows, base: str) -> list[Payload]:
    """2.0.1 B07: what can be set, everything, or what shows the state of the station."""
    match base:
        case "ConfigurationInventory":
            return [row for row in rows.values() if row["variableAttribute"][0]["mutability"] == "ReadWrite"]
        case "SummaryInventory":
            return [row for one, row in rows.items() if one.name == "AvailabilityState"]
    return list(rows.values())


def _filtered(rows: Rows, call: Payload) -> list[Payload]:
    """2.0.1 B08: what is named, of components that fulfil a criterion."""
    named = call.get("componentVariable")
    criteria = call.get("componentCriteria")
    flags = {(one.component_id, one.name): row["variableAttribute"][0].get("value") for one, row in rows.items()}

    def fulfils(one: Variable, criterion: str) -> bool:
        # A component without the variable is active, available and enabled, and has no problem.
        return bool(flags.get((one.component_id, criterion), str(criterion != "Problem").lower()) == "true")

    return [
        row
        for one, row in rows.items()
        if (not named or any(_is_named(one, item) for item in named))
        and (not criteria or any(fulfils(one, criterion) for criterion in criteria))
    ]


def _is_named(one: Variable, item: Payload) -> bool:
    """What a filter leaves out (variable, instance, EVSE, connector) may be anything."""
    wanted = Variable.read(item)
    pairs: tuple[tuple[object, object], ...] = (
        (wanted.component.casefold(), one.component.casefold()),
        (wanted.name.casefold() or None, one.name.casefold()),
        (wanted.instance and wanted.instance.casefold(), (one.instance or "").casefold()),
        (wanted.component_instance and wanted.component_instance.casefold(), (one.component_instance or "").casefold()),
        (wanted.evse, one.evse),
        (wanted.connector, one.connector),
    )
    return all(asked in (None, given) for asked, given in pairs)
