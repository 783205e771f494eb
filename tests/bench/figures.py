"""Figures: a name, what was measured round after round, and which way is better. PURE."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

PERCENTILES = (1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.9)


def percentiles(values: Iterable[float]) -> dict[str, float]:
    """The nearest-rank percentiles by name (`"50"`, `"99.9"`), empty for no values."""
    ordered = sorted(values)
    n = len(ordered)
    return {f"{percent:g}": ordered[min(n - 1, int(n * percent / 100))] for percent in PERCENTILES} if n else {}


@dataclass(slots=True)
class Figure:
    """`name`: parts with slashes, the row first. `better`: `more`, `less`, or `""` where neither is. `values`: one a
    round, in `unit`."""

    name: str
    unit: str
    better: str
    values: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return median(self.values)

    @property
    def least(self) -> float:
        return min(self.values)

    @property
    def most(self) -> float:
        return max(self.values)


class Figures:
    """All of a run, by name."""

    def __init__(self, figures: Iterable[Figure] = ()) -> None:
        self._figures = {figure.name: figure for figure in figures}

    def add(self, name: str, value: float, unit: str, better: str = "") -> None:
        """A further round of this figure, or its first."""
        self._figures.setdefault(name, Figure(name, unit, better)).values.append(value)

    def get(self, name: str) -> Figure | None:
        return self._figures.get(name)

    def middle(self, name: str) -> float | None:
        """The median of the rounds; None if it was not measured."""
        figure = self._figures.get(name)
        return figure.middle if figure else None

    def below(self, prefix: str) -> list[Figure]:
        """Those whose names begin so, in the order they came."""
        return [figure for name, figure in self._figures.items() if name.startswith(prefix)]

    def plain(self) -> list[dict[str, Any]]:
        """For JSON."""
        return [asdict(figure) for figure in self._figures.values()]

    @classmethod
    def of(cls, plain: Sequence[dict[str, Any]]) -> "Figures":
        """From what `plain` gave."""
        return cls(Figure(**one) for one in plain)
