"""`stations`: who is connected, through the admin API."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import click

from gateway.cli.api import AdminApi, admin_options, print_table

_PAGE = 1000


@click.command("stations")
@click.argument("station", metavar="[ID]", required=False)
@click.option("--backend", help="Only stations on this backend.")
@click.option("--identity", metavar="GLOB", help="Only stations whose identity matches, such as 'BER-*'.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@admin_options
def command(api: AdminApi, station: str | None, backend: str | None, identity: str | None, as_json: bool) -> None:
    """The stations that are connected to any node, or what is known of one."""
    if station is not None:
        one = api.get(f"/stations/{quote(station, safe='')}")
        return click.echo(json.dumps(one, indent=2)) if as_json else _describe(one)
    asked = {name: value for name, value in (("backend", backend), ("identity", identity)) if value}
    found, silent = _all(api, asked)
    if as_json:
        return click.echo(json.dumps({"stations": found, "unreachable_nodes": silent}, indent=2))
    print_table(
        ["STATION", "VERSION", "BACKEND", "ITS VERSION", "NODE", "FROM", "SINCE"],
        [
            [
                *(one["identity"], one["subprotocol"], one["backend"], one["upstream_subprotocol"], one["node"]),
                *(one["remote"], _time(one["connected_since"])),
            ]
            for one in found
        ],
    )
    for node in silent:
        click.echo(f"ocpp-gateway: {node}: no answer; its stations are not in the list", err=True)


def _all(api: AdminApi, asked: dict[str, str]) -> tuple[list[dict[str, Any]], list[str]]:
    found: list[dict[str, Any]] = []
    silent: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        page = api.get(f"/stations?{urlencode({**asked, 'limit': _PAGE, 'cursor': cursor})}")
        found += page["stations"]
        silent |= set(page["unreachable_nodes"])
        cursor = page["next_cursor"]
    return found, sorted(silent)


def _describe(one: dict[str, Any]) -> None:
    facts = {name: value for name, value in one.items() if not isinstance(value, list | dict)}
    if "connected_since" in facts:
        facts["connected_since"] = _time(facts["connected_since"])
    print_table(["FIELD", "VALUE"], [[name, value] for name, value in facts.items()])
    if one.get("connectors"):
        click.echo()
        rows = [[each["evse"], each["connector"], each["status"], each["at"]] for each in one["connectors"]]
        print_table(["EVSE", "CONNECTOR", "STATUS", "AT"], rows)
    if one.get("transactions"):
        click.echo()
        rows = [[each["station"], each["csms"], each["started"]] for each in one["transactions"]]
        print_table(["TRANSACTION", "AT THE CSMS", "STARTED"], rows)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
