"""A comparison fails for what is worse beyond the spread, and for nothing else."""

import pytest

from tests.bench.compare import differences, missing, same_machine, told
from tests.bench.figures import Figure, Figures


def run(name: str, values: list[float], unit: str = "RT/s", better: str = "more") -> Figures:
    return Figures([Figure(name, unit, better, values)])


@pytest.mark.parametrize(
    ("before", "after", "worse", "better"),
    [
        ([100, 110, 120], [80, 85, 90], True, False),
        ([100, 110, 120], [95, 99, 101], False, False),
        ([100, 110, 120], [97, 98, 99], True, False),
        ([100, 101, 102], [97, 98, 99], False, False),
        ([100, 110, 120], [130, 140, 150], False, True),
        ([100], [81], False, False),
        ([100], [79], True, False),
    ],
    ids=["apart", "overlap", "just apart", "apart and small", "better", "one round", "one round and much"],
)
def test_worse_is_apart_and_more_than_noise(before: list[float], after: list[float], worse: bool, better: bool) -> None:
    (found,) = differences(run("full/500/x/per core", before), run("full/500/x/per core", after), portable_only=False)
    assert (found.worse, found.better) == (worse, better)


def test_less_can_be_better_and_a_little_is_nothing() -> None:
    a, b = run("light/x/p50", [1.0, 1.1], "us", "less"), run("light/x/p50", [3.0, 3.2], "us", "less")
    assert not differences(a, b, portable_only=False)[0].worse
    a, b = run("light/x/p50", [100.0, 110.0], "us", "less"), run("light/x/p50", [130.0, 132.0], "us", "less")
    assert differences(a, b, portable_only=False)[0].worse
    assert differences(b, a, portable_only=False)[0].better


def test_from_zero_on_something_is_worse() -> None:
    a, b = run("crowd/9/dropped", [0.0], "stations", "less"), run("crowd/9/dropped", [1.0], "stations", "less")
    (found,) = differences(a, b, portable_only=True)
    assert found.worse
    assert "crowd/9/dropped: 0 -> 1 stations" in told([found], [])


def test_another_machine_is_compared_in_ratios_only() -> None:
    machine = {"cpu": "a", "cores": 2, "kernel": "6"}
    assert same_machine({"machine": machine}, {"machine": {**machine, "python": "3.13"}})
    assert not same_machine({"machine": machine}, {"machine": {**machine, "cores": 4}})
    a, b = run("full/500/x/per core", [100.0]), run("full/500/x/per core", [10.0])
    assert differences(a, b, portable_only=True) == []
    a, b = run("full/500/x/of haproxy", [1.0]), run("full/500/x/of haproxy", [0.1])
    assert differences(a, b, portable_only=True)[0].worse


def test_a_figure_that_failed_later_counts_and_one_that_was_not_asked_for_does_not() -> None:
    before = Figures(
        [Figure("full/500/x/per core", "RT/s", "more", [1.0]), Figure("starts/seconds", "s", "less", [1.0])]
    )
    assert missing(before, Figures(), {"full/500/x": "died"}) == ["full/500/x/per core"]
    assert "failed  full/500/x/per core" in told([], ["full/500/x/per core"])


def test_figures_without_a_better_side_are_not_judged() -> None:
    assert differences(run("x/busy", [1.0], "core", ""), run("x/busy", [0.1], "core", ""), portable_only=False) == []
