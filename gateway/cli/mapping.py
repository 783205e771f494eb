"""`ocpp-gateway mapping`: what becomes of every action between two versions, from the translators themselves."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click


def rows(action: str | None) -> list[dict[str, Any]]:
    """One row an action, direction and link. Keys: station, csms (versions), caller, action, outcome, becomes, summary,
    losses. A loss has the keys field (as the metric `ocpp_gateway_translation_losses_total` names it), part (call,
    answer) and why."""
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
                            "losses": [asdict(loss) for loss in row.losses()],
                        }
                    )
    return found


def fields_lost(row: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """What a row loses, together what is lost in one way: the part, why, and the fields."""
    ways: dict[tuple[str, str], list[str]] = {}
    for loss in row["losses"]:
        ways.setdefault((loss["part"], loss["why"]), []).append(loss["field"])
    return [(part, why, fields) for (part, why), fields in ways.items()]


@click.command()
@click.argument("action", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(action: str | None, as_json: bool) -> None:
    """What becomes of ACTION (default: of all actions) between two OCPP versions, and what of it may be lost."""
    found = rows(action)
    if not found:
        from gateway.config.wording import suggestion

        known = sorted({row["action"] for row in rows(None)})
        near = suggestion(str(action), known)
        click.echo(f"ocpp-gateway: no OCPP version with a translation knows the action {action}{near}", err=True)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()

    def show(title: str, headings: tuple[str, ...], lines: Sequence[tuple[str, ...]]) -> None:
        table = Table(title=title, title_justify="left", expand=True)
        for heading in headings:
            table.add_column(heading, overflow="fold")
        for line in lines:
            table.add_row(*line)
        console.print(table)

    for station, csms in dict.fromkeys((row["station"], row["csms"]) for row in found):
        here = [row for row in found if (row["station"], row["csms"]) == (station, csms)]
        show(
            f"{station} station on an {csms} CSMS",
            ("caller", "action", "outcome", "what becomes of it"),
            [(row["caller"], row["action"], row["outcome"], row["summary"]) for row in here],
        )
        losses = [
            (row["caller"], row["action"], part, ", ".join(fields), why)
            for row in here
            for part, why, fields in fields_lost(row)
        ]
        if losses:
            show(
                f"lost between {station} and {csms}",
                ("caller", "action", "of the", "what may be lost", "when, and what becomes of it"),
                losses,
            )
