"""`ocpp-gateway mapping`: what becomes of every action between two versions, from the translators themselves."""

import json
import sys
from typing import Any

import click


def rows(action: str | None) -> list[dict[str, Any]]:
    """One row an action, direction and link. Keys: station, csms (versions), caller, action, outcome, becomes, summary."""
    from translators.links import LINKS

    found = []
    for link in LINKS.values():
        for caller, table in (("station", link.from_station), ("csms", link.from_csms)):
            for name, row in sorted(table.items()):
                if action is None or action.casefold() in (name.casefold(), *(one.casefold() for one in row.becomes)):
                    found.append(
                        {
                            "station": link.station_version,
                            "csms": link.csms_version,
                            "caller": caller,
                            "action": name,
                            "outcome": row.outcome,
                            "becomes": list(row.becomes),
                            "summary": row.summary,
                        }
                    )
    return found


@click.command()
@click.argument("action", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(action: str | None, as_json: bool) -> None:
    """What becomes of ACTION (default: of all actions) between two OCPP versions."""
    found = rows(action)
    if not found:
        click.echo(f"no OCPP version with a translation knows the action {action}", err=True)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for station, csms in dict.fromkeys((row["station"], row["csms"]) for row in found):
        table = Table(title=f"{station} station on a {csms} CSMS", title_justify="left", expand=True)
        for heading in ("caller", "action", "outcome", "what becomes of it"):
            table.add_column(heading, overflow="fold")
        for row in found:
            if (row["station"], row["csms"]) == (station, csms):
                table.add_row(row["caller"], row["action"], row["outcome"], row["summary"])
        console.print(table)
