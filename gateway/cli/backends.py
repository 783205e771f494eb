"""`backends`: the backends, through the admin API."""

import json

import click

from gateway.cli.api import AdminApi, admin_options, print_table


@click.command("backends")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@admin_options
def command(api: AdminApi, as_json: bool) -> None:
    """The configured backends, how many stations each has, and which nodes find it down."""
    answer = api.get("/backends")
    if as_json:
        return click.echo(json.dumps(answer, indent=2))
    rows = [
        [
            *(one["name"], one.get("url"), " ".join(one.get("subprotocols", [])), one["stations"]),
            " ".join(one["down_for_nodes"]) or None,
        ]
        for one in answer["backends"]
    ]
    print_table(["BACKEND", "URL", "VERSIONS", "STATIONS", "DOWN FOR"], rows)
    for node in answer["unreachable_nodes"]:
        click.echo(f"ocpp-gateway: {node}: no answer; its stations are not counted", err=True)
