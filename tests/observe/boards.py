"""The dashboards as Grafana gets them: the checked-in JSON, and what it asks of Prometheus."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from deploy.grafana.build import FOLDER

GRAFANA = FOLDER.parent


class Asked(NamedTuple):
    """One query of one panel."""

    board: str
    panel: str
    expr: str
    legend: str
    instant: bool

    @property
    def place(self) -> str:
        return f"{self.board}: {self.panel}"


def files() -> list[Path]:
    return sorted(FOLDER.glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    board: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return board


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that show something: all but the headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets(board: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every panel with each of its queries."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel, target


def queries() -> list[Asked]:
    found = []
    for path in files():
        for panel, target in targets(load(path)):
            found.append(Asked(path.stem, panel["title"], target["expr"], target["legendFormat"], target["instant"]))
    return found


def filled(text: str, job: str, interval: str, range_: str) -> str:
    """What Grafana sends: variables in their place, *All* where a choice is possible."""
    values = {"__rate_interval": interval, "__range": range_, "job": job, "instance": ".+", "backend": ".+"}
    for name, value in values.items():
        text = text.replace(f"${name}", value)
    return text
