"""`call`: one call to a station, through the admin API."""

import json
from urllib.parse import quote

import click

from gateway.cli import Failed
from gateway.cli.api import AdminApi, admin_options


@click.command("call")
@click.argument("station", metavar="ID")
@click.argument("action")
@click.argument("payload", metavar="JSON", default="{}")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer, a CALLERROR too.")
@admin_options
def command(api: AdminApi, station: str, action: str, payload: str, as_json: bool) -> None:
    """Send one call to a station, in the station's own version, and print its answer.

    The exit code is 1 when the station answers with an error, or not at all.
    """
    try:
        told = json.loads(payload)
    except ValueError as error:
        raise Failed(f"ocpp-gateway: the payload is not JSON: {error}", 2) from None
    if not isinstance(told, dict):
        raise Failed("ocpp-gateway: the payload should be an object such as {}", 2)
    answer = api.post(f"/stations/{quote(station, safe='')}/call", {"action": action, "payload": told})
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    refusal = answer["error"]
    if refusal is not None:
        raise Failed([] if as_json else f"ocpp-gateway: {refusal['code']}: {refusal['description']}")
    if not as_json:
        click.echo(json.dumps(answer["payload"], indent=2))
