"""Counters and histograms for what is counted at every message.

Those of prometheus_client take a lock at each step, which costs 1 and 2 us: a tenth of a message. These are touched by the
loop's thread alone and give their samples to the same registry when they are asked for.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from math import inf
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector


class Tally:
    """One series of a counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def inc(self) -> None:
        self.value += 1


class Spread:
    """One series of a histogram. `bounds`: the greatest value of each bucket, ascending, infinity last."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self.counts = [0] * len(bounds)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value


_C = TypeVar("_C", Tally, Spread)


class _Family(Collector, Generic[_C]):
    def __init__(
        self, name: str, text: str, labels: Sequence[str], make: Callable[[], _C], registry: CollectorRegistry
    ) -> None:
        # Named as prometheus_client does, so that both kinds can be listed alike.
        self._name, self._text, self._labelnames = name, text, tuple(labels)
        self._labelvalues: tuple[str, ...] = ()
        self._make: Callable[[], _C] = make
        self._children: dict[tuple[str, ...], _C] = {}
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        return self.collect()

    def labels(self, *values: str) -> _C:
        """The series of these label values; to be kept by who counts often."""
        child = self._children.get(values)
        if child is None:
            if len(values) != len(self._labelnames):
                raise ValueError(f"{self._name} has the labels {', '.join(self._labelnames)}")
            child = self._children[values] = self._make()
        return child


class Tallies(_Family[Tally]):
    """A counter."""

    def __init__(self, name: str, text: str, labels: Sequence[str], registry: CollectorRegistry) -> None:
        super().__init__(name.removesuffix("_total"), text, labels, Tally, registry)

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(self._name, self._text, labels=self._labelnames)
        for values, child in list(self._children.items()):
            family.add_metric(values, child.value)
        yield family


class Spreads(_Family[Spread]):
    """A histogram with these buckets, and one for what is above them."""

    def __init__(
        self, name: str, text: str, buckets: Sequence[float], labels: Sequence[str], registry: CollectorRegistry
    ) -> None:
        bounds = (*buckets, inf)
        super().__init__(name, text, labels, lambda: Spread(bounds), registry)
        self._names = [repr(bound) if bound < inf else "+Inf" for bound in bounds]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        family = HistogramMetricFamily(self._name, self._text, labels=self._labelnames)
        for values, child in list(self._children.items()):
            family.add_metric(values, list(zip(self._names, accumulate(child.counts), strict=True)), child.total)
        yield family
