"""Rounds in, figures out."""

from tests.bench.figures import Figure, Figures, percentiles


def test_percentiles_are_values_that_were_seen() -> None:
    seen = percentiles(range(1000))
    assert (seen["50"], seen["99"], seen["99.9"]) == (500, 990, 999)
    assert percentiles([7.0]) == dict.fromkeys(seen, 7.0)
    assert percentiles([]) == {}


def test_a_figure_is_the_median_of_its_rounds_and_knows_its_spread() -> None:
    figures = Figures()
    for value in (3.0, 1.0, 8.0):
        figures.add("full/x", value, "RT/s", "more")
    figure = figures.get("full/x")
    assert figure == Figure("full/x", "RT/s", "more", [3.0, 1.0, 8.0])
    assert (figure.middle, figure.least, figure.most) == (3.0, 1.0, 8.0)
    assert figures.middle("full/x") == 3.0
    assert figures.middle("full/y") is None


def test_json_and_back_is_the_same() -> None:
    figures = Figures()
    figures.add("a/b", 1.5, "us", "less")
    figures.add("a/c", 2.5, "s")
    again = Figures.of(figures.plain())
    assert again.plain() == figures.plain()
    assert [figure.name for figure in again.below("a/")] == ["a/b", "a/c"]
    assert again.below("b") == []
