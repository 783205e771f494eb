"""`route`: gives one station another backend, or back to the rules, through the admin API."""

import json
from urllib.parse import quote

import click

from gateway.cli import Failed
from gateway.cli.api import AdminApi, admin_options


@click.command("route")
@click.argument("station", metavar="ID")
@click.argument("backend", required=False)
@click.option("--clear", is_flag=True, help="Give the station back to the routing rules.")
@click.option(
    "--when",
    type=click.Choice(["idle", "now"]),
    default="idle",
    show_default=True,
    help="Only while nothing is charged, or with the transactions that go on.",
)
@click.option("--wait", type=click.FloatRange(0, 60), default=0, metavar="SECONDS", help="How long to wait for idle.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@admin_options
def command(
    api: AdminApi, station: str, backend: str | None, clear: bool, when: str, wait: float, as_json: bool
) -> None:
    """Move one station to BACKEND without touching its connection.

    It stays there over reconnects and restarts, until --clear. The exit code is 1 when it stays where it is.
    """
    if clear == (backend is not None):
        raise Failed("ocpp-gateway: name a BACKEND, or --clear", 2)
    path = f"/stations/{quote(station, safe='')}/route"
    told = api.delete(path) if clear else api.put(path, {"backend": backend, "when": when, "wait_seconds": wait})
    if as_json:
        return click.echo(json.dumps(told, indent=2))
    where = told["backend"] or "where the rules send it"
    click.echo(f"{told['identity']}: {where}" + ("" if told["connected"] else ", from its next connection on"))
