"""Writes the dashboards as the JSON that Grafana reads: `make dashboards`. What is on them is in `boards/`.

Grafana's classic schema, version 39 (Grafana 10.1 and newer). Every board has the variables `datasource`, `job` and
`instance`, and links to its sisters.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_TAG = "ocpp-gateway"
_WIDTH = 24


@dataclass(frozen=True)
class Query:
    """`text` is PromQL with Grafana's variables; `legend` names a line by its labels. `instant`: the last value only."""

    text: str
    legend: str
    instant: bool = False


@dataclass(frozen=True)
class Panel:
    """`unit` is Grafana's name of it. `kind`: timeseries, stat, table or heatmap; `more` goes into the field defaults."""

    title: str
    description: str
    unit: str
    queries: Sequence[Query]
    kind: str = "timeseries"
    width: int = 8
    height: int = 8
    stacked: bool = False
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A heading over panels."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Board:
    """One dashboard. `variables`: names of labels beside job and instance, with the series that has them."""

    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.uid.removeprefix('ocpp-gateway-')}.json"

    def json(self) -> str:
        return json.dumps(_board(self), indent=2, ensure_ascii=False) + "\n"


def _board(board: Board) -> dict[str, Any]:
    return {
        "uid": board.uid,
        "title": f"OCPP gateway: {board.title}",
        "description": board.description,
        "tags": [_TAG],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "links": [
            {
                "type": "dashboards",
                "tags": [_TAG],
                "title": "OCPP gateway",
                "asDropdown": True,
                "includeVars": True,
                "keepTime": True,
            }
        ],
        "annotations": {"list": [_restarts()]},
        "templating": {"list": _variables(board)},
        "panels": _panels(board.rows),
    }


def _restarts() -> dict[str, Any]:
    return {
        "name": "Starts",
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": "orange",
        "expr": 'changes(process_start_time_seconds{job=~"$job", instance=~"$instance"}[$__rate_interval]) > 0',
        "titleFormat": "{{instance}} started",
    }


def _variables(board: Board) -> list[dict[str, Any]]:
    source = {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "current": {},
        "hide": 0,
    }
    asked = {
        "job": 'label_values(ocpp_gateway_build_info{job=~"ocpp-gateway.*"}, job)',
        "instance": 'label_values(ocpp_gateway_build_info{job=~"$job"}, instance)',
        **{name: f'label_values({series}{{job=~"$job"}}, {name})' for name, series in board.variables.items()},
    }
    return [source, *(_variable(name, query) for name, query in asked.items())]


def _variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _panels(rows: Sequence[Row]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        place = {"x": 0, "y": y, "w": _WIDTH, "h": 1}
        found.append({"id": len(found) + 1, "type": "row", "title": row.title, "collapsed": False, "gridPos": place})
        y, x, lowest = y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > _WIDTH:
                y, x, lowest = y + lowest, 0, 0
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            found.append({"id": len(found) + 1, "gridPos": place, **_panel(panel)})
            x, lowest = x + panel.width, max(lowest, panel.height)
        y += lowest
    return found


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "targets": [_target(place, query, panel.kind) for place, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel.kind),
        **({"transformations": [_without_time()]} if panel.kind == "table" else {}),
    }


def _target(place: int, query: Query, kind: str) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + place),
        "datasource": _SOURCE,
        "expr": query.text,
        "legendFormat": query.legend,
        "format": {"table": "table", "heatmap": "heatmap"}.get(kind, "time_series"),
        "instant": query.instant,
        "range": not query.instant,
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, **panel.more}
    if panel.kind == "timeseries":
        stacking = {"mode": "normal", "group": "A"} if panel.stacked else {"mode": "none"}
        fill = 30 if panel.stacked else 5
        # A limit of a unit is no reason to begin a line anywhere but at zero.
        defaults = {"min": 0, "custom": {"fillOpacity": fill, "showPoints": "never", "stacking": stacking}, **defaults}
    return defaults


def _options(kind: str) -> dict[str, Any]:
    by_kind: dict[str, dict[str, Any]] = {
        "timeseries": {
            "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "area"},
        "table": {"showHeader": True, "sortBy": [{"displayName": "Value", "desc": True}]},
        "heatmap": {"calculate": False, "yAxis": {"unit": "s"}, "color": {"scheme": "Blues"}, "legend": {"show": True}},
    }
    return by_kind[kind]


def _without_time() -> dict[str, Any]:
    return {"id": "organize", "options": {"excludeByName": {"Time": True, "__name__": True}}}


def main() -> None:
    """`python -m deploy.grafana.build`"""
    from deploy.grafana.boards import BOARDS

    FOLDER.mkdir(exist_ok=True)
    for board in BOARDS:
        board.path.write_text(board.json(), encoding="utf-8")


if __name__ == "__main__":
    main()
