"""Targets are judged by what was measured, and by nothing else."""

import pytest

from tests.bench.figures import Figures
from tests.bench.rows import ROWS
from tests.bench.targets import FORTH, PASS, TARGETS, ratios, results


def figures_with(**values: float) -> Figures:
    figures = Figures()
    for name, value in values.items():
        figures.add(name.replace("__", "/"), value, "s", "less")
    return figures


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.5, "aim reached"), (0.7, "aim reached"), (1.5, "reached"), (1.51, "not reached")]
)
def test_a_value_is_judged_against_both_bounds(value: float, verdict: str) -> None:
    found = {one.target.figure: one for one in results(figures_with(starts__seconds=value), {})}
    assert found["starts/seconds"].verdict == verdict
    assert found["starts/seconds"].measured == value
    assert found["starts/memory"].verdict == "not measured"


def test_more_can_be_better() -> None:
    figures = Figures()
    figures.add("crowd/20000/connected", 19_999, "stations", "more")
    (one,) = (one for one in results(figures, {}) if one.target.figure == "crowd/20000/connected")
    assert one.verdict == "not reached"


def test_what_failed_is_never_reached_whatever_was_measured_before_it_failed() -> None:
    found = {
        one.target.figure: one for one in results(figures_with(starts__seconds=0.1), {"starts": "it did not start"})
    }
    assert found["starts/seconds"].verdict == "failed"
    assert found["starts/seconds"].measured is None
    assert found["starts/seconds"].why == "it did not start"


def test_a_name_that_begins_alike_is_not_meant() -> None:
    (one,) = (
        one
        for one in results(figures_with(starts__seconds=0.1), {"start": "x"})
        if "seconds" in one.target.figure and one.measured
    )
    assert one.verdict == "aim reached"


def test_ratios_are_taken_round_by_round() -> None:
    figures = Figures()
    for haproxy, own in ((100, 50), (200, 50), (50, 50)):
        figures.add("full/500/haproxy/per core", haproxy, "RT/s", "more")
        figures.add(f"full/500/{PASS}/per core", own, "RT/s", "more")
    for haproxy, own in ((10, 30), (20, 80)):
        figures.add("light/haproxy/added p50", haproxy, "us", "less")
        figures.add(f"light/{FORTH}/added p50", own, "us", "less")
    figures.add("full/500/naive/per core", 2, "RT/s", "more")
    ratios(figures)
    ratio = figures.get(f"full/500/{PASS}/of haproxy")
    assert ratio is not None
    assert ratio.values == [0.5, 0.25, 1.0]
    assert figures.get(f"full/500/{PASS}/of naive") is None, "naive lost rounds: there is nothing to pair"
    above = figures.get(f"light/{FORTH}/above haproxy")
    assert above is not None
    assert above.values == [20, 60]
    assert figures.get("full/500/haproxy/of haproxy") is None


def test_every_target_names_a_row_and_a_reachable_aim() -> None:
    rows = {row.name for row in ROWS}
    for target in TARGETS:
        assert target.command.split()[-1] in rows
        assert target.aim >= target.least if target.more else target.aim <= target.least
