"""One exposition made of those of all workers. PURE."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_LEAST = frozenset(
    {
        "ocpp_gateway_store_up",
        "ocpp_gateway_stations_file_valid",
        "ocpp_gateway_certificate_expiry_timestamp_seconds",
        "process_start_time_seconds",
        "process_max_fds",
    }
)
"""Gauges of which the worst worker counts."""
_MOST = frozenset(
    {
        "ocpp_gateway_build_info",
        "ocpp_gateway_backend_up",
        "ocpp_gateway_certificate_reload_failed",
        "ocpp_gateway_draining",
        "python_info",
    }
)
"""Gauges that say the same of all workers, or something of the whole."""


def merged(pages: Iterable[str], more: Iterable[Metric] = ()) -> bytes:
    """The text exposition of these pages together: counters, histograms and gauges are added up, but for those gauges of
    which the least or the greatest counts. `more` are metrics of the supervisor's own."""
    families: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for page in pages:
        for family in text_string_to_metric_families(page):
            families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            kept = values.setdefault(family.name, {})
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                kept[key] = sample.value if key not in kept else _together(family.name, kept[key], sample.value)
    for name, family in families.items():
        # Every worker has the same buckets, in the same order: what is added up stays in it.
        family.samples = [Sample(sample, dict(labels), value) for (sample, labels), value in values[name].items()]
    return generate_latest(_Page([*families.values(), *more]))


def _together(name: str, one: float, other: float) -> float:
    if name in _LEAST:
        return min(one, other)
    if name in _MOST:
        return max(one, other)
    return one + other


class _Page(CollectorRegistry):
    """Metrics as `generate_latest` wants them."""

    def __init__(self, metrics: list[Metric]) -> None:
        super().__init__()
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics
