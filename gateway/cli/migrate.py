"""`migrate`: moves a fleet to another backend, through the admin API."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import click

from gateway.cli import Failed
from gateway.cli.api import NOT_REACHABLE, AdminApi, admin_options, print_table

PARTLY = 3
_OVER = ("done", "aborted", "rolled_back", "paused")
_LOOK_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0
_STATES = ("pending", "waiting_idle", "switching", "done", "failed", "offline", "returned")
_SETTLED = ("done", "failed", "offline", "returned")


@click.group("migrate")
def command() -> None:
    """Move many stations to another backend, in waves, without closing a connection."""


def _selection(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--subprotocol", help="Only stations that speak this version."),
        click.option("--backend", help="Only stations on this backend."),
        click.option("--tag", help="Only stations with this tag in the stations file."),
        click.option("--identity", metavar="GLOB", help="Only stations whose identity matches, such as 'BER-*'."),
        click.option(
            "--when",
            type=click.Choice(["idle", "now"]),
            default="idle",
            show_default=True,
            help="Wait for transactions to end, or take them along.",
        ),
        click.option("--to", required=True, metavar="BACKEND", help="Where they go."),
    ):
        function = option(function)
    return function


def _body(name: str, to: str, when: str, select: dict[str, str | None], **more: Any) -> dict[str, Any]:
    chosen = {key: value for key, value in select.items() if value is not None}
    return {"name": name, "to": to, "when": when, "select": chosen, **more}


@command.command("plan")
@_selection
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@admin_options
def plan(api: AdminApi, to: str, when: str, as_json: bool, **select: str | None) -> None:
    """What would become of every station. Nothing is changed."""
    told = api.post("/migrations", _body("plan", to, when, select, dry_run=True))
    if as_json:
        return click.echo(json.dumps(told, indent=2))
    print_table(
        ["STATION", "BACKEND", "VERSION", "BECOMES", "ACTION", "WHY"],
        [
            [
                *(one["identity"], one["backend"], one["speaks"], one["will_speak"], one["action"]),
                "; ".join([one["why"], *one["warnings"]]).strip("; ") or None,
            ]
            for one in told["stations"]
        ],
    )
    for pair, losses in told["losses"].items():
        click.echo(f"\nWhat may be lost between {pair.replace('>', ' and ')}:")
        rows = [[one["caller"], one["action"], one["part"], one["field"], one["why"]] for one in losses]
        print_table(["CALLER", "ACTION", "OF THE", "FIELD", "WHEN, AND WHAT BECOMES OF IT"], rows)
    click.echo("\n" + (", ".join(f"{count} {action}" for action, count in told["summary"].items()) or "no station"))
    for node in told["unreachable_nodes"]:
        click.echo(f"ocpp-gateway: {node}: no answer; its stations are not in the plan", err=True)


@command.command("start")
@click.argument("name")
@_selection
@click.option(
    "--wave-size",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Stations in a wave, after the canary.",
)
@click.option(
    "--wave-interval", type=click.FloatRange(0), default=60, show_default=True, help="Seconds from wave to wave."
)
@click.option("--idle-timeout", type=click.FloatRange(0), help="Seconds after which a charging station is given up.")
@click.option(
    "--abort-failed",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="Share of failures that stops it.",
)
@click.option("--no-canary", is_flag=True, help="Begin with a whole wave.")
@click.option("--wait", is_flag=True, help="Stay until it is over; exit code 3 when it is partly done.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@admin_options
def start(
    api: AdminApi,
    name: str,
    to: str,
    when: str,
    wave_size: int,
    wave_interval: float,
    idle_timeout: float | None,
    abort_failed: float,
    no_canary: bool,
    wait: bool,
    as_json: bool,
    **select: str | None,
) -> int:
    """Begin a migration. It goes on by itself, whatever becomes of this command."""
    more = {
        "wave_size": wave_size,
        "wave_interval_seconds": wave_interval,
        "idle_timeout_seconds": idle_timeout,
        "abort_failed_ratio": abort_failed,
        "canary": not no_canary,
    }
    told = api.post("/migrations", _body(name, to, when, select, **more))
    if wait:
        return _watched(api, name, as_json)
    click.echo(json.dumps(told, indent=2) if as_json else f"{name}: {told['state']}")
    return 0


@command.command("status")
@click.argument("name", required=False)
@click.option("--wait", is_flag=True, help="Stay until it is over; exit code 3 when it is partly done.")
@click.option("--stations", "with_stations", is_flag=True, help="Every station as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@admin_options
def status(api: AdminApi, name: str | None, wait: bool, with_stations: bool, as_json: bool) -> int:
    """How a migration stands, or all of them."""
    if name is None:
        told = api.get("/migrations")
        if as_json:
            click.echo(json.dumps(told, indent=2))
        else:
            rows = [[one["name"], one["to"], one["state"], _said(one["counts"])] for one in told["migrations"]]
            print_table(["MIGRATION", "TO", "STATE", "STATIONS"], rows)
        return 0
    if wait:
        return _watched(api, name, as_json)
    told = api.get(f"/migrations/{quote(name, safe='')}")
    _show(told, with_stations, as_json)
    return _code(told)


def _commanded(verb: str, what: str) -> None:
    @command.command(verb, help=what)
    @click.argument("name")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @admin_options
    def run(api: AdminApi, name: str, as_json: bool) -> None:
        _show(api.post(f"/migrations/{quote(name, safe='')}/{verb}"), False, as_json)


_commanded("pause", "Begin nothing more; what is being moved is moved.")
_commanded("resume", "Go on, after a guard too.")
_commanded("rollback", "Bring home what has moved.")


def _watched(api: AdminApi, name: str, as_json: bool) -> int:
    """A bar on a terminal until it is over."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    path = f"/migrations/{quote(name, safe='')}"
    told = api.get(path)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    counts = TextColumn("{task.fields[counts]}")
    with Progress(*columns, counts, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(name, total=sum(told["counts"].values()), counts="")
        while told["state"] not in _OVER:
            settled = sum(told["counts"].get(state, 0) for state in _SETTLED)
            said = f"{name}: {told['state']}, wave {told['wave'] + 1}"
            progress.update(bar, completed=settled, description=said, counts=_said(told["counts"]))
            time.sleep(_LOOK_SECONDS)
            told = _patiently(lambda: api.get(path))
    _show(told, False, as_json)
    return _code(told)


def _patiently(ask: Callable[[], Any]) -> Any:
    """A migration outlasts the gateway that is asked about it, which may be restarted meanwhile."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except Failed as failed:
            if failed.code != NOT_REACHABLE or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_SECONDS)


def _show(told: dict[str, Any], with_stations: bool, as_json: bool) -> None:
    if as_json:
        return click.echo(json.dumps(told, indent=2))
    why = f" ({told['why']})" if told["why"] else ""
    click.echo(f"{told['name']}: {told['state']}{why}, {_said(told['counts'])}")
    shown = [one for one in told["stations"] if with_stations or one["state"] == "failed"]
    if shown:
        rows = [[one["identity"], one["wave"], one["state"], one["why"] or None] for one in shown]
        print_table(["STATION", "WAVE", "STATE", "WHY"], rows)
    return None


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[state]} {state}" for state in _STATES if counts.get(state)) or "no station"


def _code(told: dict[str, Any]) -> int:
    """3 when it is over, or stopped, and some are not where they should be."""
    if told["state"] not in _OVER:
        return 0
    if told["state"] == "rolled_back":
        # Who could not be moved has stayed at home.
        partly = any(one["state"] != "returned" and one.get("homeward") for one in told["stations"])
    else:
        counts = told["counts"]
        partly = any(counts.get(state) for state in ("pending", "waiting_idle", "switching", "failed", "offline"))
    return PARTLY if partly else 0
