"""What the gateway is to reach, and whether a run shows that it does. PURE.

A target names a figure of a full run. One that was not measured, or failed, is never reached.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tests.bench.figures import Figures

Verdict = Literal["aim reached", "reached", "not reached", "failed", "not measured"]
_ROW = "python -m tests.bench --only-row {}"


@dataclass(frozen=True, slots=True)
class Target:
    """`figure` is the last part's name in words; `least` and `aim` in the figure's unit. `more`: whether more is better."""

    what: str
    figure: str
    unit: str
    least: float
    aim: float
    more: bool = False
    digits: int = 0

    @property
    def command(self) -> str:
        """That measures it."""
        row = self.figure.partition("/")[0]
        return _ROW.format("load" if row in ("full", "light") else row)

    def told(self, value: float) -> str:
        """A value in the digits that mean something."""
        return f"{value:,.{self.digits}f}{' ' + self.unit if self.unit else ''}"

    def bound(self, value: float) -> str:
        """The same with the direction."""
        return f"{'≥' if self.more else '≤'} {self.told(value)}"


@dataclass(frozen=True, slots=True)
class Result:
    """`measured` is the median of the rounds; `why` says what a row that failed failed of."""

    target: Target
    measured: float | None
    verdict: Verdict
    why: str = ""


def _at_least(what: str, figure: str, unit: str, least: float, aim: float, digits: int = 2) -> Target:
    return Target(what, figure, unit, least, aim, more=True, digits=digits)


PASS, FORTH, BACK = "gateway passthrough", "gateway 1.6 to 2.0.1", "gateway 2.0.1 to 1.6"
TARGETS = (
    _at_least("passthrough, 500 connections, of HAProxy's RT/s per core", f"full/500/{PASS}/of haproxy", "", 0.50, 0.9),
    _at_least("1.6 to 2.0.1, 500 connections, of HAProxy's", f"full/500/{FORTH}/of haproxy", "", 0.38, 0.7),
    _at_least("2.0.1 to 1.6, 500 connections, of HAProxy's", f"full/500/{BACK}/of haproxy", "", 0.38, 0.7),
    _at_least("1.6 to 2.0.1, 500 connections, times naive", f"full/500/{FORTH}/of naive", "x", 25, 50, 0),
    _at_least("1.6 to 2.0.1, 2,000 connections, of HAProxy's", f"full/2000/{FORTH}/of haproxy", "", 0.50, 0.9),
    _at_least("2.0.1 to 1.6, 2,000 connections, of HAProxy's", f"full/2000/{BACK}/of haproxy", "", 0.50, 0.9),
    Target("added p50 of 1.6 to 2.0.1, above HAProxy's", f"light/{FORTH}/above haproxy", "µs", 80, 20),
    Target("p99 at 500 RT/s, 5,000 nearly idle pairs in one worker", f"idle/5000/{FORTH}/p99", "ms", 5, 2, digits=1),
    Target("collector pauses above 10 ms there", f"idle/5000/{FORTH}/pauses", "", 0, 0),
    Target("memory of an idle wss pair after 20 rounds of 1,000, passthrough", f"churn/{PASS}/pair", "KiB", 60, 32),
    Target("its growth from round 5 to round 20", f"churn/{PASS}/growth", "%", 5, 1, digits=1),
    Target("memory of an idle wss pair after 20 rounds of 1,000, translated", f"churn/{FORTH}/pair", "KiB", 60, 32),
    Target("its growth from round 5 to round 20, translated", f"churn/{FORTH}/growth", "%", 5, 1, digits=1),
    _at_least("new wss connections, upstream dialled", f"connects/full/{PASS}/per core", "/s/core", 1000, 1800, 0),
    Target("10,000 stations at once: all back, passthrough", f"storm/10000/{PASS}/seconds", "s", 12, 5, digits=1),
    Target("p99 of 200 others meanwhile", f"storm/10000/{PASS}/live p99", "ms", 200, 50),
    Target("10,000 stations at once: all back, translated", f"storm/10000/{FORTH}/seconds", "s", 12, 5, digits=1),
    Target("p99 of 200 others meanwhile, translated", f"storm/10000/{FORTH}/live p99", "ms", 200, 50),
    _at_least("stations connected at once", "crowd/20000/connected", "", 20_000, 50_000, 0),
    Target("of these dropped", "crowd/20000/dropped", "", 0, 0),
    Target("a worker killed: stations of other workers lost", "crowd/20000/lost of others", "", 20, 0),
    Target("store commands per message, passthrough", f"store/{PASS}/other", "", 0.005, 0.005, digits=3),
    Target("store commands per message, translated", f"store/{FORTH}/other", "", 0.005, 0.005, digits=3),
    Target("start to readiness", "starts/seconds", "s", 1.5, 0.7, digits=2),
    Target("memory of a gateway without stations", "starts/memory", "MiB", 90, 60),
)


def ratios(figures: Figures) -> None:
    """Add what follows from figures of the same round: `of haproxy` and `of naive` at full load, `above haproxy` of the
    added p50 at light load."""
    for figure in figures.below("full/"):
        row, connections, proxy, what = figure.name.split("/")
        if what != "per core" or proxy in ("haproxy", "nginx", "naive"):
            continue
        for peer in ("haproxy", "naive"):
            other = figures.get(f"{row}/{connections}/{peer}/per core")
            if other is not None and len(other.values) == len(figure.values):
                for own, its in zip(figure.values, other.values, strict=True):
                    figures.add(f"{row}/{connections}/{proxy}/of {peer}", own / its, "x", "more")
    base = figures.get("light/haproxy/added p50")
    for figure in figures.below("light/gateway"):
        if figure.name.endswith("/added p50") and base is not None and len(base.values) == len(figure.values):
            name = figure.name.replace("added p50", "above haproxy")
            for own, its in zip(figure.values, base.values, strict=True):
                figures.add(name, own - its, "us", "less")


def results(figures: Figures, failures: Mapping[str, str]) -> list[Result]:
    """A row for every target."""
    return [_result(target, figures, failures) for target in TARGETS]


def _result(target: Target, figures: Figures, failures: Mapping[str, str]) -> Result:
    why = next(
        (why for name, why in failures.items() if target.figure == name or target.figure.startswith(f"{name}/")), ""
    )
    measured = figures.middle(target.figure)
    if why:
        return Result(target, None, "failed", why)
    if measured is None:
        return Result(target, None, "not measured")
    sign = 1 if target.more else -1
    if sign * measured >= sign * target.aim:
        return Result(target, measured, "aim reached")
    return Result(target, measured, "reached" if sign * measured >= sign * target.least else "not reached")
