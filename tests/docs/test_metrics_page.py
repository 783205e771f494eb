"""docs/metrics.md tells of every series with its kind and labels, and of nothing else."""

from prometheus_client import Counter, Gauge

from gateway.metrics import Metrics
from gateway.tallies import Spreads, Tallies
from gateway.workers.front import Front
from tests.docs.tables import rows


def test_every_series_is_on_the_page_and_nothing_else_is() -> None:
    expected = {}
    for series in (getattr(one, "metric", one) for one in vars(Metrics()).values()):
        if isinstance(series, Counter | Gauge | Tallies | Spreads):
            (family,) = series.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            expected[name] = [family.type, ", ".join(series._labelnames) or "-"]
    for own in Front(list, 2).own_metrics(2):
        expected[f"{own.name}_total" if own.type == "counter" else own.name] = [own.type, "-"]
    assert {row[0]: [row[1], row[2]] for row in rows("metrics.md")} == expected
