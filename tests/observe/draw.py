"""Draws the dashboards from what a real Prometheus answers about a real gateway under a fleet: `make pictures`.

Not Grafana's own rendering: the same queries at the same places on the page, drawn plainly.
"""

import asyncio
import re
import sys
import tempfile
from pathlib import Path
from time import time
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from tests.observe.boards import Asked, files, load, panels
from tests.observe.fleet import fleet
from tests.observe.prometheus import JOB, Prometheus, prometheus
from tests.observe.test_live import answer

PICTURES = Path(__file__).parents[2] / "docs/pictures"
_SECONDS = 60
_LINES = 8


def picture_of(board: Path) -> Path:
    return PICTURES / f"dashboard-{board.stem}.png"


async def collect(seconds: float) -> dict[tuple[str, str], list[tuple[str, list[dict[str, Any]]]]]:
    """Board and panel -> legend and answer of each query, over this many seconds of a fleet's life."""
    found: dict[tuple[str, str], list[tuple[str, list[dict[str, Any]]]]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with fleet(folder) as gateway, prometheus(folder, gateway) as server:
            start = time()
            await asyncio.sleep(seconds)
            end = time()
            for path in files():
                for panel in panels(load(path)):
                    found[path.stem, panel["title"]] = [
                        (target["legendFormat"], await _ask(server, path.stem, panel["title"], target, start, end))
                        for target in panel["targets"]
                    ]
    return found


async def _ask(
    server: Prometheus, board: str, panel: str, target: dict[str, Any], start: float, end: float
) -> list[dict[str, Any]]:
    asked = Asked(board, panel, target["expr"], target["legendFormat"], target["instant"])
    return await answer(server, asked, start, end)


def draw(path: Path, answers: dict[tuple[str, str], list[tuple[str, list[dict[str, Any]]]]]) -> Figure:
    """One board as one figure, panels where they stand in Grafana."""
    board = load(path)
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])
    figure = Figure(figsize=(17, rows * 0.37 + 0.6), dpi=72, layout=None, facecolor="#f4f5f5")
    figure.suptitle(f"{board['title']}   job={JOB}", x=0.02, y=1 - 0.15 / (rows * 0.37), ha="left", va="top", size=13)
    height = 1 - 0.6 / (rows * 0.37 + 0.6)
    for panel in board["panels"]:
        place = panel["gridPos"]
        bottom = height * (1 - (place["y"] + place["h"]) / rows)
        if panel["type"] == "row":
            figure.text(0.02, bottom + 0.002, panel["title"], size=11, weight="bold")
            continue
        room = height / rows
        box = (place["x"] / 24 + 0.03, bottom + 1.6 * room, place["w"] / 24 - 0.045, (place["h"] - 2.9) * room)
        axes = figure.add_axes(box)
        axes.set_title(panel["title"], loc="left", size=9, weight="bold")
        _panel(axes, panel, answers[path.stem, panel["title"]])
    return figure


def _panel(axes: Axes, panel: dict[str, Any], answers: list[tuple[str, list[dict[str, Any]]]]) -> None:
    series = [(_named(legend, one["metric"]), one["values"]) for legend, found in answers for one in found]
    unit = panel["fieldConfig"]["defaults"]["unit"]
    if not series:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no data", ha="center", va="center", color="#999999", transform=axes.transAxes)
    elif panel["type"] == "stat":
        axes.set_axis_off()
        value = _spelt(float(series[0][1][-1][1]), unit)
        axes.text(0.5, 0.4, value, ha="center", va="center", size=20, transform=axes.transAxes)
    elif panel["type"] == "table":
        _table(axes, series, unit)
    elif panel["type"] == "heatmap":
        _heatmap(axes, series)
    else:
        _lines(axes, series, unit)


def _lines(axes: Axes, series: list[tuple[str, list[Any]]], unit: str) -> None:
    begin = min(float(when) for _, values in series for when, _ in values)
    largest = sorted(series, key=lambda one: -max(float(value) for _, value in one[1]))
    for name, values in largest[:_LINES]:
        axes.plot(
            [float(when) - begin for when, _ in values], [float(value) for _, value in values], label=name, lw=1.2
        )
    # Room for the legend above the lines.
    axes.set_ylim(0, 1.7 * max(float(value) for _, values in series for _, value in values) or 1)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _spelt(value, unit)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f} s"))
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.3)
    more = [f"and {len(series) - _LINES} more"] if len(series) > _LINES else []
    legend = axes.legend(
        fontsize=6.5, loc="upper left", framealpha=0.75, ncols=1 + (len(series) > 4), title=" ".join(more)
    )
    legend.get_title().set_fontsize(6.5)


def _table(axes: Axes, series: list[tuple[str, list[Any]]], unit: str) -> None:
    axes.set_axis_off()
    rows = sorted(((name, float(values[-1][1])) for name, values in series), key=lambda row: -row[1])[:_LINES]
    told = "\n".join(f"{_spelt(value, unit):>8}  {name}" for name, value in rows)
    axes.text(0.0, 0.95, told, family="monospace", size=7, va="top", transform=axes.transAxes)


def _heatmap(axes: Axes, series: list[tuple[str, list[Any]]]) -> None:
    """Cumulative buckets -> messages a second in each."""
    ordered = sorted(series, key=lambda one: float(one[0].replace("+Inf", "inf")))
    times = sorted({float(when) for _, values in ordered for when, _ in values})
    below = dict.fromkeys(times, 0.0)
    grid = []
    for _, values in ordered:
        now = {float(when): float(value) for when, value in values}
        grid.append([max(0.0, now.get(when, 0.0) - below[when]) for when in times])
        below = {when: now.get(when, 0.0) for when in times}
    axes.imshow(grid, aspect="auto", origin="lower", cmap="Blues", extent=(0, times[-1] - times[0], 0, len(ordered)))
    axes.set_yticks(
        range(1, len(ordered) + 1), [_spelt(float(name.replace("+Inf", "inf")), "s") for name, _ in ordered]
    )
    axes.tick_params(labelsize=6)


def _named(legend: str, metric: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: metric.get(match[1], "-"), legend).replace("127.0.0.1", "gateway")


def _spelt(value: float, unit: str) -> str:
    if value == float("inf"):
        return "more"
    if unit == "s" and value < 1:
        return f"{value * 1000:.3g} ms"
    if unit == "s" and value >= 86400:
        return f"{value / 86400:.0f} d"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    return f"{value:.3g}{' s' if unit == 's' else '/s' if unit in ('reqps', 'cps', 'mps', 'ops') else ''}"


def main(seconds: float = _SECONDS) -> None:
    """`python -m tests.observe.draw [SECONDS]`"""
    PICTURES.mkdir(exist_ok=True)
    answers = asyncio.run(collect(seconds))
    for path in files():
        draw(path, answers).savefig(picture_of(path))
        sys.stdout.write(f"{picture_of(path)}\n")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
