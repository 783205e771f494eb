"""What a capture holds of each station: its calls, and its answers to the CSMS's calls. PURE."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from gateway.logs import REDACTED

Payload = dict[str, Any]


class CaptureError(Exception):
    """A line that is none of a capture; the text says which and why."""


@dataclass(slots=True)
class Answer:
    """`payload` of a CALLERROR is `{"errorCode", "errorDescription", "errorDetails"}`."""

    is_error: bool
    payload: Payload


@dataclass(slots=True)
class Exchange:
    """A call and its answer, None where the capture has none. `at` in Unix seconds, `line` in the file; `is_send`: a SEND
    (2.1), which has no answer."""

    line: int
    at: float
    action: str
    payload: Payload
    is_send: bool = False
    answer: Answer | None = None


@dataclass(slots=True)
class Script:
    """One station: `calls` it made, in order, and `asked`: calls that it answered. `version` is its subprotocol."""

    station: str
    version: str
    calls: list[Exchange] = field(default_factory=list)
    asked: list[Exchange] = field(default_factory=list)


@dataclass(slots=True)
class Capture:
    """`lost`: frames that the capture missed and knows of; `hidden`: payloads of stations with something redacted."""

    scripts: list[Script] = field(default_factory=list)
    lost: int = 0
    hidden: int = 0


def read(lines: Iterable[str]) -> Capture:
    """The stations of a capture in the order they appear. Of the CSMS's side nothing is wanted. Raises CaptureError."""
    capture, scripts = Capture(), dict[str, Script]()
    open_calls: dict[tuple[str, str, str], Exchange] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if record["type"] == "lost":
                capture.lost += int(record["frames"])
            elif record.get("side") == "station" and record["type"] != "unreadable":
                _take(record, number, capture, scripts, open_calls)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CaptureError(f"line {number}: no record of a frame ({type(error).__name__}: {error})") from None
    capture.scripts = list(scripts.values())
    return capture


def _take(
    record: dict[str, Any],
    number: int,
    capture: Capture,
    scripts: dict[str, Script],
    open_calls: dict[tuple[str, str, str], Exchange],
) -> None:
    station, direction, kind = record["station"], record["direction"], record["type"]
    script = scripts.setdefault(station, Script(station, record["version"]))
    payload = record["payload"]
    if direction == "in" and REDACTED in json.dumps(payload):
        capture.hidden += 1
    key = (station, direction, str(record["id"]))
    if kind in ("call", "send"):
        if not isinstance(payload, dict):
            raise ValueError("the payload is not an object")
        exchange = Exchange(number, float(record["at"]), record["action"], payload, kind == "send")
        open_calls[key] = exchange
        (script.calls if direction == "in" else script.asked).append(exchange)
    elif kind in ("result", "error"):
        call = open_calls.pop((station, "out" if direction == "in" else "in", key[2]), None)
        if call is not None and isinstance(payload, dict):
            call.answer = Answer(kind == "error", payload)


def filled(value: Any, tag: str) -> Any:
    """With this id tag where one was hidden."""
    if isinstance(value, dict):
        return {
            name: tag if member == REDACTED and name.casefold().endswith(("idtag", "idtoken")) else filled(member, tag)
            for name, member in value.items()
        }
    return [filled(member, tag) for member in value] if isinstance(value, list) else value
