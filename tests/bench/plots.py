"""Pictures of a result: throughput against connections, and how latencies are distributed. Readable on light and on dark
pages: no background, colours and greys of middle brightness."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from tests.bench import targets
from tests.bench.figures import Figures

_GREY = "#808890"
_STYLES = {
    "direct": (_GREY, ":"),
    "haproxy": ("#d07020", "-"),
    "nginx": ("#3a9a50", "-"),
    "naive": ("#c04a5a", "-"),
    targets.PASS: ("#3b82d0", "-"),
    targets.FORTH: ("#8a63d2", "-"),
    targets.BACK: ("#8a63d2", "--"),
}


def draw(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write the pictures; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = Figures.of(result["figures"])
    throughput, latency = folder / "bench-throughput.svg", folder / "bench-latency.svg"
    with _picture(throughput, "connections", "round trips per second and core") as axes:
        _throughput(axes, figures, result["scale"]["connections"])
    with _picture(latency, "percentile", "µs") as axes:
        _latency(axes, result["distributions"])
    return [throughput, latency]


@contextmanager
def _picture(path: Path, x: str, y: str) -> Iterator[Axes]:
    settings: dict[str, Any] = {"svg.hashsalt": "ocpp-gateway", "font.size": 9, "svg.fonttype": "none"}
    settings |= dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.edgecolor"), _GREY)
    with mpl.rc_context(settings):
        figure, axes = plt.subplots(figsize=(7.2, 3.8), layout="constrained")
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.grid(visible=True, color=_GREY, alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        yield axes
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        figure.savefig(path, transparent=True, metadata={"Date": None})
        plt.close(figure)


def _throughput(axes: Axes, figures: Figures, sizes: list[int]) -> None:
    for proxy, (colour, line) in _STYLES.items():
        found = [(size, figures.get(f"full/{size}/{proxy}/per core")) for size in sizes]
        points = [(size, figure) for size, figure in found if figure is not None]
        if points:
            x, y = [size for size, _ in points], [figure.middle for _, figure in points]
            below = [figure.middle - figure.least for _, figure in points]
            above = [figure.most - figure.middle for _, figure in points]
            axes.errorbar(x, y, yerr=[below, above], label=proxy, color=colour, linestyle=line, marker="o", capsize=3)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)


def _latency(axes: Axes, distributions: dict[str, list[dict[str, float]]]) -> None:
    names = ["5", "25", "50", "75", "90", "95", "99", "99.9"]
    for proxy, (colour, line) in _STYLES.items():
        rounds = distributions.get(f"light/{proxy}")
        if rounds:
            values = [median(one[name] for one in rounds) for name in names]
            axes.plot(range(len(names)), values, label=proxy, color=colour, linestyle=line, marker="o", markersize=3)
    axes.set_xticks(range(len(names)), names)
    axes.set_yscale("log")
