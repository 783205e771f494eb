"""`tail`: the frames of both sides as they go by, through the admin API."""

import json
import os
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote, urlencode

import click
from rich.text import Text

from gateway.cli import Failed
from gateway.cli.api import AdminApi, admin_options
from gateway.cli.records import Record, Rows
from gateway.demo.lanes import Painter, console
from gateway.demo.pairs import Row

_QUIET_SECONDS = 0.3
_AGAIN_SECONDS = 1.0
_TIME, _NAME = 14, 14

Event = tuple[str, str]


@click.command("tail")
@click.argument("station", metavar="[ID]", required=False)
@click.option("--identity", metavar="GLOB", help="Only stations whose identity matches, such as 'BER-*'.")
@click.option("--action", help="Only this action, and what it becomes on the other side.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@click.option(
    "--jsonl",
    "capture",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Also add the lines to this file, which `replay` reads.",
)
@admin_options
def command(
    api: AdminApi, station: str | None, identity: str | None, action: str | None, as_json: bool, capture: Path | None
) -> None:
    """What goes over the wires of one station, or of all: the station's side left, the CSMS's right, the translation in
    between. Without id tags and passwords. Until it is interrupted."""
    asked = urlencode({name: value for name, value in (("identity", identity), ("action", action)) if value})
    base = f"/stations/{quote(station, safe='')}/frames" if station else "/frames"
    with ExitStack() as stack:
        file = stack.enter_context(_opened(capture)) if capture is not None else None
        show = _Lines() if as_json else _Lanes(many=station is None)
        for name, data in _events(api, f"{base}?{asked}"):
            if file is not None and name in ("frame", "lost"):
                file.write((data if name == "frame" else json.dumps({"type": "lost", **json.loads(data)})) + "\n")
                file.flush()
            show.event(name, data)


def _opened(path: Path) -> TextIO:
    """For its owner only: payloads are nobody else's business."""
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")
    except OSError as error:
        raise Failed(f"ocpp-gateway: {path}: {error.strerror}", 2) from None


def _events(api: AdminApi, path: str) -> Iterator[Event]:
    """For ever: a stream that ends, as at a restart, is asked for again. An empty name when nothing comes."""
    came: queue.SimpleQueue[Event | Failed] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(api, path, came), daemon=True).start()
    while True:
        try:
            event = came.get(timeout=_QUIET_SECONDS)
        except queue.Empty:
            event = ("", "")
        if isinstance(event, Failed):
            raise event
        yield event


def _read(api: AdminApi, path: str, came: "queue.SimpleQueue[Event | Failed]") -> None:
    began = False
    while True:
        try:
            for event in api.events(path):
                began = True
                came.put(event)
            came.put(("ended", "{}"))
        except Failed as failed:
            if not began:
                return came.put(failed)
        except Exception as defect:
            return came.put(Failed(f"ocpp-gateway: internal error: {defect!r}"))
        time.sleep(_AGAIN_SECONDS)


class _Lines:
    """For programs."""

    def event(self, name: str, data: str) -> None:
        if name == "frame":
            click.echo(data)
        elif name == "lost":
            click.echo(f"ocpp-gateway: {json.loads(data)['frames']} frames were lost", err=True)
        elif name == "ended":
            click.echo("ocpp-gateway: the stream ended; asking again", err=True)


class _Lanes:
    """For people. `many`: of several stations."""

    def __init__(self, *, many: bool) -> None:
        self._many = many
        self._painter = Painter(console(), _TIME + (_NAME if many else 0))
        self._rows: dict[str, Rows] = {}
        self._headed = False

    def event(self, name: str, data: str) -> None:
        told: Record = json.loads(data) if data else {}
        if name == "frame":
            self._frame(told)
            return
        for rows in self._rows.values():
            rows.flush()
        if name == "listening":
            self._listening(told)
        elif name == "lost":
            self._say(f"{told['frames']} frames were lost", "bold red")
        elif name == "ended":
            self._say("the stream ended; asking again", "red")

    def _frame(self, record: Record) -> None:
        station = record["station"]
        if station not in self._rows:
            self._rows[station] = Rows(lambda row: self._row(station, row))
        if record["type"] == "note":
            self._rows[station].flush()
            facts = " ".join(f"{name} {_plain(value)}" for name, value in (record["facts"] or {}).items())
            self._say(f"{self._first(record['at'], station)}{record['what']}: {facts}", "yellow")
        elif record["type"] == "unreadable":
            self._rows[station].flush()
            self._say(
                f"{self._first(record['at'], station)}unreadable, of the {record['side']}: {record['why']}", "red"
            )
        else:
            self._rows[station].feed(record)

    def _row(self, station: str, row: Row) -> None:
        self._painter.row(self._first(row.at, station), row)

    def _first(self, at: float, station: str) -> str:
        clock = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:12].ljust(_TIME)
        return clock + (station[: _NAME - 2].ljust(_NAME) if self._many else "")

    def _listening(self, told: Record) -> None:
        if not self._headed:
            self._headed = True
            self._painter.heading("station", "CSMS")
        for node in told["unreachable_nodes"]:
            self._say(f"{node}: no answer; its stations are not heard", "red")

    def _say(self, text: str, style: str) -> None:
        safe = "".join(sign if sign.isprintable() else "?" for sign in text)
        self._painter.console.print(Text(safe, style))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
