"""`mirror`: whether a follower is ready to take over, through the admin API."""

import json
from datetime import UTC, datetime
from urllib.parse import quote

import click

from gateway.cli.api import AdminApi, admin_options, print_table


@click.command("mirror")
@click.argument("follower")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@admin_options
def command(api: AdminApi, follower: str, as_json: bool) -> None:
    """How a follower's answers differ from those of the backends in charge, since the gateways started: counts and times
    by action, then the newest differences."""
    told = api.get(f"/mirror/{quote(follower, safe='')}")
    if as_json:
        return click.echo(json.dumps(told, indent=2))
    click.echo(
        f"{told['follower']}: {told['compared']} answers compared, {told['different']} differ ({_percent(told)}), "
        f"{told['missing']} missing; {told['dropped']} copies dropped"
    )
    if told["refused_calls"]:
        refused = ", ".join(f"{action} {count}" for action, count in sorted(told["refused_calls"].items()))
        click.echo(f"calls refused: {refused}")
    click.echo()
    print_table(
        ["ACTION", "COMPARED", "DIFFER", "RATE", "MISSING", "MEAN MS", "SLOWEST MS", "PRIMARY MS", "IN"],
        [
            [
                *(action, one["compared"], one["different"], _percent(one), one["missing"]),
                *(_ms(one["mean_seconds"]), _ms(one["slowest_seconds"]), _ms(one["primary_mean_seconds"])),
                ", ".join(one["fields"]) or None,
            ]
            for action, one in told["actions"].items()
        ],
    )
    if told["samples"]:
        click.echo()
        print_table(
            ["AT", "STATION", "ACTION", "IN", "PRIMARY", "FOLLOWER"],
            [
                [_time(one["at"]), one["station"], one["action"], one["field"], one["primary"], one["follower"]]
                for one in told["samples"]
            ],
        )
    for node in told["unreachable_nodes"]:
        click.echo(f"ocpp-gateway: {node}: no answer; what it has seen is not counted", err=True)


def _percent(counts: dict[str, float]) -> str:
    return "-" if counts["difference_rate"] is None else f"{100 * counts['difference_rate']:.2f} %"


def _ms(seconds: float | None) -> str | None:
    return None if seconds is None else f"{1000 * seconds:.1f}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
