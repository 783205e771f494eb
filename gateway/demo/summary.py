"""What the demo found, as text for people and as JSON for programs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.demo.act import Result
from gateway.demo.measure import Inside, Measured

_DIRECTIONS = {"from_station": "from the station", "from_csms": "from the CSMS"}
_LOSSES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """The acts, what the gateway measured, and the warnings and errors it logged."""

    results: Sequence[Result]
    measured: Measured
    complaints: Sequence[str]
    seconds: float

    @property
    def ok(self) -> bool:
        return bool(self.results) and all(result.ok for result in self.results)


def show(outcome: Outcome, console: Console) -> None:
    """A line a number, the verdict last."""
    console.print()
    console.print(Text("Summary", "bold"))
    acts = _table("station / CSMS", "checks", "frames", "kWh", "seconds")
    for result in outcome.results:
        acts.add_row(
            f"  {result.station_version} / {result.csms_version}",
            f"{sum(check.ok for check in result.checks)} of {len(result.checks)}",
            f"{result.station_messages} / {result.csms_messages}",
            f"{_kwh(result.station_kwh)} / {_kwh(result.csms_kwh)}",
            f"{result.seconds:.1f}",
        )
    console.print(acts)
    inside = _table("time inside, by its /metrics", "frames", "p50", "p99")
    for direction, times in sorted(outcome.measured.inside.items(), reverse=True):
        inside.add_row(f"  {_DIRECTIONS.get(direction, direction)}", str(times.frames), _ms(times.p50), _ms(times.p99))
    console.print(inside)
    _show_losses(outcome.measured, console)
    console.print()
    if outcome.ok:
        text = f"OK: every expected message arrived, {outcome.seconds:.1f} s"
        console.print(Text(text, "bold green"))
    else:
        missing = [line for result in outcome.results for line in result.missing]
        console.print(Text(f"FAILED: {len(missing)} not as expected", "bold red"))
        for line in missing:
            console.print(Text(f"  {line}", "red"))
        if outcome.complaints:
            console.print("The gateway's last warnings and errors:")
        for line in outcome.complaints:
            console.print(Text(f"  {line}", "dim"))


def as_json(outcome: Outcome) -> dict[str, Any]:
    """`ok`, `seconds`, `acts` with their checks, `gateway` with milliseconds by direction, losses and complaints."""
    measured = outcome.measured
    return {
        "ok": outcome.ok,
        "seconds": round(outcome.seconds, 3),
        "acts": [_act(result) for result in outcome.results],
        "gateway": {
            "inside_ms": {direction: _inside(inside) for direction, inside in sorted(measured.inside.items())},
            "losses": [
                {"way": loss.way, "action": loss.action, "field": loss.field, "count": loss.count}
                for loss in measured.losses
            ],
            "complaints": list(outcome.complaints),
        },
    }


def _act(result: Result) -> dict[str, Any]:
    return {
        "title": result.title,
        "ok": result.ok,
        "station": {
            "identity": result.identity,
            "subprotocol": result.station_version,
            "messages": result.station_messages,
            "kwh": result.station_kwh,
        },
        "csms": {
            "subprotocol": result.csms_version,
            "messages": result.csms_messages,
            "kwh": result.csms_kwh,
        },
        "seconds": round(result.seconds, 3),
        "checks": [
            {"what": check.what, "ok": check.ok, **({"why": check.why} if check.why else {})} for check in result.checks
        ],
        "error": result.error,
    }


def _show_losses(measured: Measured, console: Console) -> None:
    total = sum(loss.count for loss in measured.losses)
    console.print(f"  lost in translation, by its /metrics: {total or 'nothing'}")
    for loss in measured.losses[:_LOSSES_SHOWN]:
        console.print(Text(f"    {loss.way}  {loss.action}.{loss.field}  × {loss.count}", "dim"))
    if len(measured.losses) > _LOSSES_SHOWN:
        console.print(Text(f"    and {len(measured.losses) - _LOSSES_SHOWN} other fields", "dim"))


def _table(*titles: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column, title in enumerate(titles):
        first = column == 0
        table.add_column(
            f"  {title}" if first else title, justify="left" if first else "right", no_wrap=True, min_width=32 * first
        )
    return table


def _inside(inside: Inside) -> dict[str, Any]:
    return {"frames": inside.frames, "p50": _rounded_ms(inside.p50), "p99": _rounded_ms(inside.p99)}


def _rounded_ms(seconds: float) -> float | None:
    return None if math.isnan(seconds) else round(seconds * 1000, 3)


def _ms(seconds: float) -> str:
    return "–" if math.isnan(seconds) else f"{seconds * 1000:.2f} ms"


def _kwh(value: float | None) -> str:
    return "no" if value is None else f"{value:.3f}"
